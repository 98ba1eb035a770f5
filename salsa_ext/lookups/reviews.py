"""Canaries, and samples of look-ups that supervisors review each week."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Text, cast, or_, select

from salsa_ext.access.audit import AuditEvent, append, append_with_rows
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.checks.models import Check
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Forbidden, Invalid, NotFound, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.locks import lock
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db, execute_raw
from salsa_ext.firearms.marks import keys
from salsa_ext.jobs.runner import DueJob
from salsa_ext.lookups.budgets import CASE_UNKNOWN_KEY
from salsa_ext.lookups.models import Canary, LookupReview
from salsa_ext.notifications.commands import notify, notify_many
from salsa_ext.notifications.notice_rules import Notice, Subject
from salsa_ext.tracing.traces.models import Trace

_ACTIONS: Final = {"justified": Action.LOOKUP_JUSTIFIED, "questioned": Action.LOOKUP_DOUBTED}
_SUPERVISED: Final = select(Account.agency).where(Account.role == "supervisor", Account.is_active)
SAMPLE_SIZE: Final = 10
"""Look-ups of an agency and week: flagged ones first, the others by lot."""
_SAMPLED_COLUMNS: Final = (
    "entry_id agency action subject_kind subject_id account_id purpose case_number looked_up_at"
    " is_flagged".split()
)
_SAMPLE: Final = f"""
    SELECT id, agency, action, subject_kind, subject_id, account_id, purpose, case_number, at, flagged
    FROM (
        SELECT *, data ? '{CASE_UNKNOWN_KEY}' OR action = 'lookup:refused' AS flagged, row_number()
            OVER (PARTITION BY agency ORDER BY data ? '{CASE_UNKNOWN_KEY}'
                OR action = 'lookup:refused' DESC, md5(id::text)) AS place
        FROM audit_entry WHERE owner_state = %s AND at >= %s AND at < %s
        AND action IN ('check:made', 'trace:sent', 'record:disclosed', 'lookup:refused')
        AND (action <> 'record:disclosed' OR subject_state <> owner_state)
        AND account_id IS NOT NULL AND agency IS NOT NULL AND NOT data ? 'automatic'
    ) AS drawn WHERE place <= %s ORDER BY agency, place
"""  # noqa: S608 - constants of ours


def sample_lookups(actor: Actor) -> int:
    """Draw last week's sample (Monday, UTC), once, notifying supervisors; return how many."""
    require(actor, Permission.LOOKUP_REVIEW)
    today = actor.now().astimezone(UTC).date()
    week = today - timedelta(days=today.weekday() + 7)
    state = actor.own_state()
    drawn = select(LookupReview.id).where(
        LookupReview.owner_state == state, LookupReview.week == week
    )
    if db.session.scalar(drawn.limit(1)) is not None:
        return 0
    since = datetime.combine(week, time(), UTC)
    same = {"owner_state": state, "version": 1, "week": week, "status": "open"}
    sampled = execute_raw(_SAMPLE, (state, since, since + timedelta(days=7), SAMPLE_SIZE))
    rows: list[dict[str, Any]] = [
        {"id": new_id()} | same | dict(zip(_SAMPLED_COLUMNS, entry, strict=True))
        for entry in sampled
    ]
    notices, events, supervised = [], [], {*db.session.scalars(_SUPERVISED)}
    for agency, group in groupby(rows, key=lambda row: row["agency"]):
        sample = [*group]
        data = {"reviews": len(sample), "flagged": sum(row["is_flagged"] for row in sample)}
        subject = Subject(sample[0]["id"], state, kind="lookup")
        agencies = (agency,) if agency in supervised else None
        notices.append(Notice(state, "lookup_sampled", subject, data, agencies=agencies))
        events.append(
            AuditEvent(
                Action.LOOKUPS_SAMPLED, "lookup", sample[0]["id"], data=data | {"of": agency}
            )
        )
    if rows:
        append_with_rows(actor, events, {LookupReview: rows})
        notify_many(actor, notices)
    return len(rows)


def justify_lookup(*, actor: Actor, lookup_id: UUID, expected_version: int) -> None:
    """Mark a look-up of one's agency as justified; raises as `question_lookup`."""
    require(actor, Permission.LOOKUP_REVIEW)
    _decide(actor, lookup_id, expected_version, "justified", None)


def question_lookup(*, actor: Actor, lookup_id: UUID, expected_version: int, comment: str) -> None:
    """Question a look-up of one's agency; raises NotFound, StaleVersion, Conflict, Forbidden."""
    require(actor, Permission.LOOKUP_REVIEW)
    review = _decide(actor, lookup_id, expected_version, "questioned", comment)
    subject = Subject(review.id, review.owner_state, kind="lookup")
    state, code = review.owner_state, "lookup_questioned"
    role = db.session.scalar(select(Account.role).where(Account.id == review.account_id))
    officer = Notice(state, code, subject, account=review.account_id, roles=(role or "",))
    notify_many(actor, [Notice(state, code, subject), officer])


def _decide(
    actor: Actor, lookup_id: UUID, expected_version: int, status: str, comment: str | None
) -> LookupReview:
    review = lock(LookupReview, lookup_id, expected_version, kind="lookup")
    if not _may_read(actor, review.agency):
        raise NotFound("lookup", lookup_id)
    if review.account_id == actor.account_id:
        raise Forbidden(message("This look-up is your own. Another supervisor decides on it."))
    if review.status != "open":
        raise Conflict(message("This look-up is decided already."))
    review.status, review.comment, review.version = status, comment, review.version + 1
    review.decided_by, review.decided_at = actor.account_id, actor.now()
    append(actor, AuditEvent(_ACTIONS[status], "lookup", review.id))
    return review


def get_review(actor: Actor, lookup_id: UUID) -> LookupReview:
    """Return a look-up of the own agency's samples, of any agency for an auditor; raises NotFound."""
    require(actor, Permission.AUDIT_READ)
    return load_review(actor, lookup_id)


def find_serial(actor: Actor, review: LookupReview) -> str | None:
    """Return the serial that was checked or traced; None for what was given in an answer."""
    require(actor, Permission.AUDIT_READ)
    serials = {
        "check": select(Check.query["serial"].astext).where(
            cast(Check.id, Text) == review.subject_id
        ),
        "trace": select(Trace.firearm["serial"].astext).where(
            cast(Trace.id, Text) == review.subject_id
        ),
    }
    query = serials.get(review.subject_kind)
    return None if query is None else db.session.scalar(query)


def load_review(actor: Actor, lookup_id: UUID) -> LookupReview:
    """Return the same; checks no permission."""
    review = db.session.get(LookupReview, lookup_id, populate_existing=True)
    if review is None or not _may_read(actor, review.agency):
        raise NotFound("lookup", lookup_id)
    return review


def _may_read(actor: Actor, agency: str) -> bool:
    return (
        actor.role == "auditor"
        or agency == actor.agency
        or agency not in {*db.session.scalars(_SUPERVISED)}
    )


def list_reviews(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[LookupReview]:
    """Return a page of the samples of the own agency, and of those without a supervisor."""
    require(actor, Permission.AUDIT_READ)
    query = select(LookupReview).where(LookupReview.owner_state == actor.state)
    if actor.role != "auditor":
        query = query.where(
            or_(LookupReview.agency == actor.agency, LookupReview.agency.not_in(_SUPERVISED))
        )
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(LookupReview, name) == value)
    return fetch_page(query, LookupReview.id, limit, cursor)


JOBS: Final = (DueJob("lookup_samples", timedelta(hours=1), sample_lookups, repeats=False),)


_FIND: Final = (
    "SELECT key, id, owner_state FROM canary WHERE key = ANY(%s::bigint[]) AND removed_at IS NULL"
    " ORDER BY id"
)


class CanaryLookup(NamedTuple):
    """A serial that was looked up by a check or trace, or by recording it; `of_owner` notifies both."""

    requester: Actor
    kind: str
    id: UUID
    serial: str
    of_owner: bool = True


def plant_canary(*, actor: Actor, serial: str) -> UUID:
    """Plant a serial; raises Invalid if it cannot be searched, Conflict if it is planted already."""
    require(actor, Permission.CANARY_MANAGE)
    key = keys.whole_key(serial)
    if key is None:
        raise Invalid({"serial": [message("This serial cannot be searched. Give a longer one.")]})
    own = actor.own_state()
    planted = select(Canary.id).where(Canary.key == key.value, Canary.removed_at.is_(None))
    if db.session.scalar(planted.where(Canary.owner_state == own)) is not None:
        raise Conflict(message("Your state planted this serial already."))
    row = Canary(id=new_id(), owner_state=own, serial=serial, key=key.value, planted_at=actor.now())
    db.session.add(row)
    append(actor, AuditEvent(Action.CANARY_PLANTED, "canary", row.id))
    return row.id


def remove_canary(*, actor: Actor, canary_id: UUID) -> None:
    """Remove a canary; idempotent, raises NotFound."""
    require(actor, Permission.CANARY_MANAGE)
    canary = lock(Canary, canary_id, kind="canary")
    if canary.removed_at is None:
        canary.removed_at = actor.now()
        append(actor, AuditEvent(Action.CANARY_REMOVED, "canary", canary_id))


def get_canary(actor: Actor, canary_id: UUID) -> Canary:
    """Return a canary of the own state; raises NotFound."""
    require(actor, Permission.CANARY_MANAGE)
    canary = db.session.get(Canary, canary_id, populate_existing=True)
    if canary is None or canary.owner_state != actor.state:
        raise NotFound("canary", canary_id)
    return canary


def list_canaries(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[Canary]:
    """Return a page of the own state's canaries, newest first."""
    require(actor, Permission.CANARY_MANAGE)
    own = select(Canary).where(Canary.owner_state == actor.state)
    return fetch_page(own, Canary.id, limit, cursor)


def notify_of_canaries(lookups: Iterable[CanaryLookup]) -> None:
    """Notify of canaries among look-ups: the looker's state and the owner; the asker sees nothing.

    As the worker, who alone sees the canaries of all states, after the answers were given.
    """
    by_key: dict[int, list[CanaryLookup]] = defaultdict(list)
    for lookup in lookups:
        if key := keys.whole_key(lookup.serial):
            by_key[key.value].append(lookup)
    planted = execute_raw(_FIND, ([*by_key],)).fetchall() if by_key else ()
    for key_value, canary, owner in planted:
        for requester, kind, id, _, of_owner in by_key[key_value]:
            looker, data = requester.own_state(), {"canary": str(canary)}
            concerned = {owner} if of_owner else set[str]()
            event = AuditEvent(Action.CANARY_LOOKED_UP, kind, id, looker, concerned, data)
            append(requester, replace(event, of_state=True))
            subject = Subject(id, looker, kind=kind)
            states = {looker, *concerned}
            notify(requester, states, "canary_looked_up", subject, canary=str(canary))
