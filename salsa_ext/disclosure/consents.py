"""Consents of the origin of a record to uses of it.

Third-party rule: a use without consent is refused. Where the law forces a disclosure, the origin is
notified first and nothing is requested (CIFTA XII).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, or_, select
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.access import release
from salsa_ext.access.audit import Action, AuditEvent, append, find_case_traces
from salsa_ext.access.models import AuditEntry
from salsa_ext.access.permissions import Permission
from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.errors import CodeLabel, Conflict, IllegalTransition, Invalid, NotFound, message
from salsa_ext.core.field_checks import Problems, add_years
from salsa_ext.core.ids import new_id
from salsa_ext.database import locks
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.locks import check_version, lock
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure.models import Consent
from salsa_ext.firearms.records.queries import find_records
from salsa_ext.firearms.search.index import find_owner
from salsa_ext.notifications.commands import notify
from salsa_ext.notifications.values import Subject
from salsa_ext.reference import names
from salsa_ext.reference.calendars import today
from salsa_ext.trade.permits.values import StatusDecision

MAX_YEARS: Final = 10
DECISION_COLUMNS: Final = ("version", "status", "answer", "expires_on", "answered_at")
DECIDABLE_STATUSES: Final = {
    "granted": ("asked", "refused"),
    "refused": ("asked",),
    "revoked": ("granted",),
}
DECISION_VERBS: Final = {"granted": "grant", "refused": "refuse", "revoked": "revoke"}
AUDIT_ACTIONS: Final = {
    "asked": Action.CONSENT_ASKED,
    "notified": Action.CONSENT_COMPELLED,
    "granted": Action.CONSENT_GRANTED,
    "refused": Action.CONSENT_REFUSED,
    "revoked": Action.CONSENT_REVOKED,
}
NOTICE_CODES: Final = {status: f"consent_{status}" for status in AUDIT_ACTIONS} | {
    "notified": "consent_compelled"
}


def request_consent(*, actor: Actor, data: ConsentData) -> UUID:
    """Request consent from a record's origin, or give compelled notice.

    It is about the traces of its case that the actor sees now: agencies restricted from one of them
    do not see the consent. Raises Invalid, also for a record that the actor's state did not
    receive, and Conflict if the same request is open or its grant is valid.
    """
    require(actor, Permission.CONSENT_ASK)
    origin = _check_request(actor, data)
    locks.lock_consents(actor.own_state(), data.record)
    _check_not_duplicate(actor, data, origin)
    actor = actor.for_purpose(Purpose("investigation", data.case_number))
    status = "notified" if data.use == "compelled" else "asked"
    row = {
        "id": new_id(),
        "version": 1,
        "origin_state": origin,
        "asking_state": actor.own_state(),
        "record_id": data.record,
        "use": data.use,
        "to_state": data.to,
        "case_number": data.case_number,
        "reason": data.reason,
        "status": status,
        "answer": None,
        "expires_on": None,
        "asked_at": actor.now(),
        "answered_at": None,
        "asking_agency": actor.agency,
        "about": [UUID(one) for one in find_case_traces(actor, data.case_number, unsent=True)],
    }
    _store_both_rows(actor, row)
    _audit_and_notify(actor, row, origin)
    return UUID(str(row["id"]))


def grant(*, actor: Actor, consent_id: UUID, expected_version: int | None, data: GrantData) -> None:
    """Allow a use through a day, even after a refusal.

    Raises NotFound, Forbidden, StaleVersion, IllegalTransition, Invalid for a past or too distant
    day.
    """
    require(actor, Permission.CONSENT_DECIDE)
    on = today(actor)
    if data.expires_on < on:
        raise Invalid({"expires_on": [message("This day is past.")]})
    if data.expires_on > (latest := add_years(on, MAX_YEARS)):
        raise Invalid(
            {
                "expires_on": [
                    message(
                        "A consent stands for {years} years at most: until {latest}. Grant it"
                        " anew where it is needed then.",
                        years=MAX_YEARS,
                        latest=latest,
                    )
                ]
            }
        )
    _decide_consent(
        actor, consent_id, expected_version, "granted", data.reason, expires_on=data.expires_on
    )


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
    **changes: Any,
) -> None:
    row = lock(Consent, (consent_id, actor.own_state()))
    require(actor, Permission.CONSENT_DECIDE, row.origin_state)
    check_version(row.version, expected_version)
    if row.status not in DECIDABLE_STATUSES[status]:
        raise IllegalTransition("consent", row.status, DECISION_VERBS[status])
    kept = {column.key: getattr(row, column.key) for column in Consent.__table__.columns}
    del kept["owner_state"]
    kept |= {
        "version": row.version + 1,
        "status": status,
        "answer": answer,
        "answered_at": actor.now(),
    } | changes
    _store_both_rows(actor, kept)
    _audit_and_notify(actor, kept, row.asking_state)


def _store_both_rows(actor: Actor, row: Mapping[str, Any]) -> None:
    """Write the rows of both states; a message could carry it instead.

    The origin's row comes first: concurrent decisions wait for each other on it.
    """
    for state in (row["origin_state"], row["asking_state"]):
        with acting_as(actor, state):
            made = insert(Consent).values(owner_state=state, **row)
            changed = {name: getattr(made.excluded, name) for name in DECISION_COLUMNS}
            db.session.execute(
                made.on_conflict_do_update(index_elements=["id", "owner_state"], set_=changed)
            )


def _audit_and_notify(actor: Actor, row: Mapping[str, Any], counterpart: str) -> None:
    """Audit the request or decision for both states; notify the other."""
    said = {"record": str(row["record_id"]), "use": row["use"], "to": row["to_state"]}
    append(
        actor,
        AuditEvent(
            AUDIT_ACTIONS[row["status"]],
            "consent",
            row["id"],
            row["origin_state"],
            [row["origin_state"], row["asking_state"]],
            said,
        ),
    )
    subject = Subject(row["id"], counterpart, row["case_number"])
    notify(actor, counterpart, NOTICE_CODES[row["status"]], subject, by=actor.own_state(), **said)


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
    if (data.use == "onward") != (data.to is not None):
        problems.add("to", message("Name the third state of an onward use, and of no other."))
    elif data.to is not None and (
        not names.is_state(data.to) or data.to in {origin, actor.state, *names.former_states()}
    ):
        problems.add("to", message("This is no third state."))
    problems.raise_any()
    return str(origin)


def _check_not_duplicate(actor: Actor, data: ConsentData, origin: str) -> None:
    """Raise Conflict if the same use is already requested or allowed."""
    stands = and_(Consent.status == "granted", Consent.expires_on >= today(actor))
    same = select(Consent).where(
        Consent.owner_state == actor.own_state(),
        Consent.asking_state == actor.own_state(),
        Consent.record_id == data.record,
        Consent.use == data.use,
        Consent.to_state.is_not_distinct_from(data.to),
        Consent.case_number == data.case_number,
        or_(Consent.status == "asked", stands),
    )
    standing = db.session.scalar(same.order_by(Consent.id.desc()).limit(1))
    if standing is None:
        return
    known = {"state": CodeLabel("state", origin), "case": data.case_number, "number": standing.id}
    if standing.status == "granted":
        raise Conflict(
            message(
                "{state} allowed this in the case {case} through {until} already, by the consent"
                " {number}.",
                until=standing.expires_on,
                **known,
            ),
            existing=standing.id,
        )
    raise Conflict(
        message(
            "{state} was asked for this in the case {case} already, by the consent {number}. Go"
            " on with that one.",
            **known,
        ),
        existing=standing.id,
    )


def _origin_state(actor: Actor, record_id: UUID) -> str | None:
    """Return a record's owner if the actor's state knows the record.

    Known: it concerns the state, is open, or was disclosed to it.
    """
    if seen := find_records([record_id]):
        return seen[0].record.owner_state
    owner = find_owner(record_id)
    if owner is not None and owner[1] in FINDER_VISIBILITIES["firearm"]:
        return owner[0]
    given = select(AuditEntry.subject_state).where(
        AuditEntry.subject_kind == "record",
        AuditEntry.subject_id == str(record_id),
        AuditEntry.action == Action.RECORD_DISCLOSED,
        AuditEntry.subject_state != actor.state,
    )
    return db.session.scalar(given.limit(1))


@dataclass(frozen=True)
class ConsentView:
    """A consent with its status today: a grant may have expired."""

    consent: Consent
    status: str

    @property
    def version(self) -> int:
        """Return the version for If-Match."""
        return self.consent.version


def list_consents(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[ConsentView]:
    """Return a page of the own state's consents, newest first."""
    require(actor, Permission.CONSENT_READ)
    query = select(Consent).where(Consent.owner_state == actor.state)
    for name in ("origin_state", "asking_state", "use", "case_number", "record_id"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Consent, name) == value)
    on = today(actor)
    if (status := filters.get("status")) is not None:
        query = query.where(_status_expression(on) == status)
    found = fetch_page(query, Consent.id, limit, cursor)
    return found.of([_consent_view(row, on) for row in found.items])


def get_consent(actor: Actor, consent_id: UUID) -> ConsentView:
    """Return one consent; raises NotFound if it is another state's."""
    require(actor, Permission.CONSENT_READ)
    return load_consent(actor, consent_id)


def load_consent(actor: Actor, consent_id: UUID) -> ConsentView:
    """Return a consent for a command that just changed it."""
    key = (consent_id, actor.own_state())
    found = db.session.get(Consent, key, populate_existing=True)
    if found is None:
        raise NotFound("consent", consent_id)
    return _consent_view(found, today(actor))


def current_version(actor: Actor, consent_id: UUID) -> int:
    """Return the current version, for If-Match; raises NotFound."""
    return load_consent(actor, consent_id).version


def granted_uses(
    actor: Actor, record_ids: Collection[UUID]
) -> dict[UUID, list[release.GrantedUse]]:
    """Return the uses granted to the actor's state, by record.

    In one query; includes compelled notices.
    """
    query = select(Consent).where(
        Consent.owner_state == actor.state,
        Consent.asking_state == actor.state,
        is_any_of(Consent.record_id, record_ids),
        Consent.status.in_(("granted", "notified")),
    )
    found: dict[UUID, list[release.GrantedUse]] = defaultdict(list)
    for row in db.session.scalars(query.order_by(Consent.id)):
        until = row.expires_on or date.max
        found[row.record_id].append(
            release.GrantedUse(row.use, row.case_number, until, row.to_state)
        )
    return found


def _consent_view(row: Consent, on: date) -> ConsentView:
    is_over = row.status == "granted" and row.expires_on is not None and row.expires_on < on
    return ConsentView(row, "expired" if is_over else row.status)


def _status_expression(day: date) -> ColumnElement[str]:
    is_over = and_(Consent.status == "granted", Consent.expires_on < day)
    return case((is_over, "expired"), else_=Consent.status)


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
