"""Samples of look-ups, each week for each agency, that its supervisor justifies or questions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, cast, or_, select

from salsa_ext.access.audit import Action, AuditEvent, append, append_with_rows
from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.checks.models import Check
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Forbidden, NotFound, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.locks import lock
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db, execute_raw
from salsa_ext.lookups.budgets import CASE_UNKNOWN_KEY
from salsa_ext.lookups.models import LookupReview
from salsa_ext.notifications.commands import notify_many
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
    """Draw last week's sample of the state's look-ups, once; return how many.

    Weeks begin on Monday, in UTC. The supervisors of each agency are notified; of one without, all.
    """
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
    """Question a look-up of one's agency; its officer and the auditors are notified.

    Raises NotFound, StaleVersion, Conflict if it is decided, Forbidden for one's own.
    """
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
    """Return a page of the samples of the own agency, and of those without a supervisor.

    Newest first; of all agencies for an auditor.
    """
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
