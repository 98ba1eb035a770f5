"""Consents of the origin of a record to uses of it, asked and decided by envelopes.

Third-party rule: a use without consent is refused. Where the law forces a disclosure, the origin is
notified first and nothing is requested (CIFTA XII).
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, case, or_, select

from salsa_ext.access.audit import AuditEvent, append, find_case_traces
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import AuditEntry
from salsa_ext.access.permissions import Permission
from salsa_ext.access.release import FINDER_VISIBILITIES, GrantedUse
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.errors import CodeLabel, Conflict, IllegalTransition, Invalid, NotFound, message
from salsa_ext.core.field_checks import Problems, add_years
from salsa_ext.core.ids import new_id
from salsa_ext.database import locks
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.locks import check_version, lock
from salsa_ext.database.paging import Listing, Page
from salsa_ext.database.session import db
from salsa_ext.disclosure.models import Consent
from salsa_ext.exchange import outbox
from salsa_ext.exchange.envelopes import EnvelopeData
from salsa_ext.firearms.records.queries import find_records
from salsa_ext.firearms.search.mark_lookup import find_owner
from salsa_ext.reference import names
from salsa_ext.reference.calendars import today
from salsa_ext.trade.permits.values import StatusDecision

MAX_YEARS: Final = 10
DECISIONS: Final = {
    "granted": ("grant", ("asked", "refused"), Action.CONSENT_GRANTED),
    "refused": ("refuse", ("asked",), Action.CONSENT_REFUSED),
    "revoked": ("revoke", ("granted",), Action.CONSENT_REVOKED),
}
"""Verb, earlier statuses and audit action of each decision."""


@dataclass(frozen=True)
class ConsentData:
    """A use of a record in a case.

    Naming its private persons, in court, or onward to the state `to`. `compelled` is a notice that
    the law forces the disclosure (CIFTA XII).
    """

    record: UUID
    use: str
    case_number: str
    reason: str
    to: str | None = None


@dataclass(frozen=True)
class GrantData:
    """Last day of an allowed use, and a remark."""

    expires_on: date
    reason: str | None = None


def request_consent(*, actor: Actor, data: ConsentData) -> UUID:
    """Request consent from a record's origin, or give compelled notice.

    It is about the traces of its case that the actor sees now: agencies restricted from one of them
    do not see the consent. Raises Invalid, also for a record that the actor's state did not
    receive, and Conflict if the same request is open or its grant is valid.
    """
    require(actor, Permission.CONSENT_ASK)
    origin, own = _check_request(actor, data), actor.own_state()
    locks.lock_consents(own, data.record)
    _check_not_duplicate(actor, data, origin)
    actor = actor.for_purpose(Purpose("investigation", data.case_number))
    traces = find_case_traces(actor, data.case_number, unsent=True)
    is_notice = data.use == "compelled"
    row = Consent(
        id=new_id(),
        owner_state=own,
        version=1,
        origin_state=origin,
        asking_state=own,
        record_id=data.record,
        use=data.use,
        to_state=data.to,
        case_number=data.case_number,
        reason=data.reason,
        status="notified" if is_notice else "asked",
        asked_at=actor.now(),
        asking_agency=actor.agency,
        about=[UUID(trace) for trace in traces],
    )
    db.session.add(row)
    db.session.flush()
    _audit(actor, row, Action.CONSENT_COMPELLED if is_notice else Action.CONSENT_ASKED)
    body = {"record": str(row.record_id), "use": row.use, "to": row.to_state, "reason": row.reason}
    _send(actor, row, "consent.request", origin, body)
    return row.id


def grant(*, actor: Actor, consent_id: UUID, expected_version: int | None, data: GrantData) -> None:
    """Allow a use through a day; raises NotFound, Forbidden, StaleVersion, IllegalTransition, Invalid."""
    require(actor, Permission.CONSENT_DECIDE)
    day = today(actor)
    latest = add_years(day, MAX_YEARS)
    if data.expires_on < day:
        raise Invalid({"expires_on": [message("This day is past.")]})
    if data.expires_on > latest:
        problem = message(
            "A consent is valid for {years} years at most: until {latest}. Grant it again if"
            " it is needed then.",
            years=MAX_YEARS,
            latest=latest,
        )
        raise Invalid({"expires_on": [problem]})
    _decide_consent(actor, consent_id, expected_version, "granted", data.reason, data.expires_on)


def refuse(
    *, actor: Actor, consent_id: UUID, expected_version: int | None, data: StatusDecision
) -> None:
    """Refuse a use with a reason; raises as `grant`."""
    require(actor, Permission.CONSENT_DECIDE)
    _decide_consent(actor, consent_id, expected_version, "refused", data.reason)


def revoke(
    *, actor: Actor, consent_id: UUID, expected_version: int | None, data: StatusDecision
) -> None:
    """Revoke a consent with a reason; raises as `grant`."""
    require(actor, Permission.CONSENT_DECIDE)
    _decide_consent(actor, consent_id, expected_version, "revoked", data.reason)


def _decide_consent(
    actor: Actor,
    consent_id: UUID,
    expected_version: int | None,
    status: str,
    answer: str | None,
    expires_on: date | None = None,
) -> None:
    row = lock(Consent, (consent_id, actor.own_state()))
    require(actor, Permission.CONSENT_DECIDE, row.origin_state)
    check_version(row.version, expected_version)
    verb, earlier_statuses, action = DECISIONS[status]
    if row.status not in earlier_statuses:
        raise IllegalTransition("consent", row.status, verb)
    row.version, row.status, row.answered_at = row.version + 1, status, actor.now()
    row.answer = answer
    if expires_on is not None:
        row.expires_on = expires_on
    db.session.flush()
    _audit(actor, row, action)
    until = row.expires_on.isoformat() if row.expires_on else None
    body = {"status": status, "answer": answer, "expires_on": until}
    _send(actor, row, "consent.decision", row.asking_state, body)


def _audit(actor: Actor, row: Consent, action: Action) -> None:
    """Audit the request or decision, for both states."""
    data: dict[str, Any] = {"record": str(row.record_id), "use": row.use, "to": row.to_state}
    origin, states = row.origin_state, [row.origin_state, row.asking_state]
    append(actor, AuditEvent(action, "consent", row.id, origin, states, data))


def _send(actor: Actor, row: Consent, kind: str, to: str, body: dict[str, Any]) -> None:
    about = {"consent": str(row.id), "about": list(map(str, row.about))}
    outbox.send(actor, EnvelopeData(kind, row.case_number, to, about | body))


def notice_code(row: Consent) -> str:
    """Return the code of the notice that a consent has its status."""
    return f"consent_{'compelled' if row.status == 'notified' else row.status}"


def _check_request(actor: Actor, data: ConsentData) -> str:
    """Return the state that owns the record; raises Invalid."""
    problems = Problems()
    origin = _origin_state(actor, data.record)
    if origin is None:
        problems.add("record", message("Your state was given no such record."))
    elif origin == actor.state:
        problems.add(
            "record", message("This record is your own state's and needs nobody's consent.")
        )
    excluded = {origin, actor.state, *names.former_states()}
    if (data.use == "onward") != (data.to is not None):
        problems.add("to", message("Name the third state of an onward use, and of no other."))
    elif data.to is not None and (not names.is_state(data.to) or data.to in excluded):
        problems.add("to", message("This is no third state."))
    problems.raise_any()
    return str(origin)


def _check_not_duplicate(actor: Actor, data: ConsentData, origin: str) -> None:
    """Raise Conflict if the same use is already requested or allowed."""
    is_valid = and_(Consent.status == "granted", Consent.expires_on >= today(actor))
    same = select(Consent).where(
        Consent.owner_state == actor.own_state(),
        Consent.asking_state == actor.own_state(),
        Consent.record_id == data.record,
        Consent.use == data.use,
        Consent.to_state.is_not_distinct_from(data.to),
        Consent.case_number == data.case_number,
        or_(Consent.status == "asked", is_valid),
    )
    existing = db.session.scalar(same.order_by(Consent.id.desc()).limit(1))
    if existing is None:
        return
    state, case_number = CodeLabel("state", origin), data.case_number
    if existing.status == "granted":
        problem = message(
            "{state} allowed this in the case {case} through {until} already, by the consent"
            " {number}.",
            state=state,
            case=case_number,
            until=existing.expires_on,
            number=existing.id,
        )
    else:
        problem = message(
            "{state} was asked for this in the case {case} already, by the consent {number}. Go"
            " on with that one.",
            state=state,
            case=case_number,
            number=existing.id,
        )
    raise Conflict(problem, existing=existing.id)


def _origin_state(actor: Actor, record_id: UUID) -> str | None:
    """Return a record's owner if the actor's state knows it: concerned, open or disclosed."""
    if views := find_records([record_id]):
        return views[0].record.owner_state
    owner = find_owner(record_id)
    if owner is not None and owner[1] in FINDER_VISIBILITIES["firearm"]:
        return owner[0]
    disclosed = select(AuditEntry.subject_state).where(
        AuditEntry.subject_kind == "record",
        AuditEntry.subject_id == str(record_id),
        AuditEntry.action == Action.RECORD_DISCLOSED,
        AuditEntry.subject_state != actor.state,
    )
    return db.session.scalar(disclosed.limit(1))


@dataclass(frozen=True)
class ConsentView:
    """A consent with its status today: a grant may have expired."""

    consent: Consent
    status: str

    @property
    def version(self) -> int:
        """Return the version for If-Match."""
        return self.consent.version


LISTING: Final = Listing(Consent, "asked_at", ("asked_at",))


def list_consents(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[ConsentView]:
    """Return a page of the own state's consents, newest first."""
    require(actor, Permission.CONSENT_READ)
    columns = ("origin_state", "asking_state", "use", "case_number", "record_id")
    given = {name: filters[name] for name in columns if filters.get(name) is not None}
    query = select(Consent).filter_by(owner_state=actor.state, **given)
    day = today(actor)
    if (status := filters.get("status")) is not None:
        is_expired = and_(Consent.status == "granted", Consent.expires_on < day)
        query = query.where(case((is_expired, "expired"), else_=Consent.status) == status)
    page = LISTING.fetch(query, filters, limit, cursor)
    return page.with_items([_consent_view(row, day) for row in page.items])


def get_consent(actor: Actor, consent_id: UUID) -> ConsentView:
    """Return one consent; raises NotFound if it is another state's."""
    require(actor, Permission.CONSENT_READ)
    return load_consent(actor, consent_id)


def load_consent(actor: Actor, consent_id: UUID) -> ConsentView:
    """Return a consent for a command that just changed it."""
    consent = db.session.get(Consent, (consent_id, actor.own_state()), populate_existing=True)
    if consent is None:
        raise NotFound("consent", consent_id)
    return _consent_view(consent, today(actor))


def current_version(actor: Actor, consent_id: UUID) -> int:
    """Return the current version, for If-Match; raises NotFound."""
    return load_consent(actor, consent_id).version


def _consent_view(row: Consent, day: date) -> ConsentView:
    is_over = row.status == "granted" and row.expires_on is not None and row.expires_on < day
    return ConsentView(row, "expired" if is_over else row.status)


def granted_uses(actor: Actor, record_ids: Collection[UUID]) -> dict[UUID, list[GrantedUse]]:
    """Return the uses granted to the actor's state, by record. In one query; includes compelled notices."""
    query = select(Consent).where(
        Consent.owner_state == actor.state,
        Consent.asking_state == actor.state,
        is_any_of(Consent.record_id, record_ids),
        Consent.status.in_(("granted", "notified")),
    )
    uses: dict[UUID, list[GrantedUse]] = defaultdict(list)
    for row in db.session.scalars(query.order_by(Consent.id)):
        until = row.expires_on or date.max
        uses[row.record_id].append(GrantedUse(row.use, row.case_number, until, row.to_state))
    return uses
