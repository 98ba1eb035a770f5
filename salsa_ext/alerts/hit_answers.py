"""Answer hits on own alerts, or end them without an answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import case, select, update

from salsa_ext.access.audit import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import notices as alert_notices
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.alerts.values import HitAnswerData
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Forbidden, IllegalTransition, NotFound, message
from salsa_ext.database.locks import check_version
from salsa_ext.database.session import acting_as, db

ANSWER_ACTIONS: Final = {
    "confirmed": Action.HIT_CONFIRMED,
    "denied": Action.HIT_DENIED,
    "extended": Action.HIT_EXTENDED,
}
NO_ANSWER_AWAITED: Final = message(
    "Nobody waits for this answer: those who met the gun know nothing of the hit. Confirm or deny it when "
    "you know."
)
ANSWER_VERBS: Final = {"confirmed": "confirm", "denied": "deny", "extended": "extend"}


def confirm(
    *, actor: Actor, hit_id: UUID, expected_version: int | None, data: HitAnswerData
) -> None:
    """Confirm that the alert is valid for this gun.

    The alert's action may then be taken. Raises NotFound, Forbidden for another state's alert,
    StaleVersion, IllegalTransition.
    """
    require(actor, Permission.HIT_DECIDE)
    _answer_hit(actor, hit_id, expected_version, "confirmed", data)


def deny(*, actor: Actor, hit_id: UUID, expected_version: int | None, data: HitAnswerData) -> None:
    """Deny a hit: another gun, or the alert is out of date.

    Raises as `confirm`.
    """
    require(actor, Permission.HIT_DECIDE)
    _answer_hit(actor, hit_id, expected_version, "denied", data)


def extend(
    *, actor: Actor, hit_id: UUID, expected_version: int | None, data: HitAnswerData
) -> None:
    """Extend the time for the answer by `hours` from now.

    Raises as `confirm`, and Conflict if the finding state does not know of the hit.
    """
    require(actor, Permission.HIT_DECIDE)
    _answer_hit(actor, hit_id, expected_version, "extended", data)


def _answer_hit(
    actor: Actor, hit_id: UUID, expected_version: int | None, status: str, data: HitAnswerData
) -> None:
    row = _lock_hit(actor, hit_id)
    check_version(row.version, expected_version)
    if row.status not in UNANSWERED:
        raise IllegalTransition("hit", row.status, ANSWER_VERBS[status])
    if status == "extended" and not alert_queries.load_hit(actor, hit_id).is_shown_to_finder:
        raise Conflict(NO_ANSWER_AWAITED)
    is_shown = change_hit(
        actor, row, status=status, note=data.note, **_answer_columns(actor, data, status)
    )
    alert_notices.notify_answered(actor, row, ANSWER_ACTIONS[status], is_shown=is_shown)


def _answer_columns(actor: Actor, data: HitAnswerData, status: str) -> dict[str, Any]:
    now = actor.now()
    if status == "extended":
        return {"due_at": now + timedelta(hours=data.hours), "reminded_at": None}
    return {"answered_at": now, "answered_by": actor.account_id}


def _lock_hit(actor: Actor, hit_id: UUID) -> Hit:
    own = select(Hit).where(Hit.id == hit_id, Hit.owner_state == actor.state)
    row = db.session.scalars(
        own.with_for_update().execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound("hit", hit_id)
    if row.alert_state != actor.state:
        raise Forbidden(
            message(
                "The alert is of {state}: its authorities answer this hit.", state=row.alert_state
            )
        )
    return row


UNANSWERED: Final = ("open", "extended")
UNANSWERED_OR_CONFIRMED: Final = (*UNANSWERED, "confirmed")
"""What somebody may hold a gun for, or wait with."""


def change_hit(actor: Actor, row: Hit, **values: Any) -> bool:
    """Change both rows of a hit; return whether the finder sees it.

    A state that found its own alert has one row. Called by commands only.
    """
    values |= {"version": row.version + 1, "changed_at": actor.now()}
    for name, value in values.items():
        setattr(row, name, value)
    db.session.flush()
    if row.finding_state == row.alert_state:
        return row.action != "let_pass_and_inform"
    theirs = update(Hit).where(Hit.id == row.id, Hit.owner_state == row.finding_state)
    told = {name: value for name, value in values.items() if name != "answered_by"}
    with acting_as(actor, row.finding_state):  # its row says what it was answered
        found = db.session.execute(
            theirs.values(told).returning(Hit.id).execution_options(synchronize_session=False)
        ).all()
    return bool(found)


def end_hits(actor: Actor, alert: Alert) -> None:
    """End or expire the unanswered hits of an ended alert.

    Notifies the finding states. A confirmed hit keeps its status; its alert shows that it is void.
    """
    held = select(Hit).where(
        Hit.owner_state == actor.state,
        Hit.alert_id == alert.id,
        Hit.status.in_(UNANSWERED_OR_CONFIRMED),
    )
    rows = db.session.scalars(held.order_by(Hit.id).with_for_update()).all()
    status = "expired" if alert.status == "expired" else "ended"
    for row in rows:
        row.status = row.status if row.status == "confirmed" else status
        row.version, row.changed_at = row.version + 1, actor.now()
    db.session.flush()
    alert_notices.notify_ended(actor, rows, alert.status, _end_rows_of_finders(actor, rows, status))


def _end_rows_of_finders(actor: Actor, rows: Sequence[Hit], ended: str) -> set[UUID]:
    """End the finding states' rows; return ids of hits shown to them."""
    by_state: dict[str, list[UUID]] = defaultdict(list)
    for row in rows:
        if row.finding_state != row.alert_state:
            by_state[row.finding_state].append(row.id)
    shown = {
        row.id
        for row in rows
        if row.finding_state == row.alert_state and row.action != "let_pass_and_inform"
    }
    status = case((Hit.status == "confirmed", Hit.status), else_=ended)
    for state in sorted(by_state):
        theirs = update(Hit).where(Hit.id.in_(by_state[state]), Hit.owner_state == state)
        changed = theirs.values(status=status, version=Hit.version + 1, changed_at=actor.now())
        with acting_as(actor, state):  # its row says what it was answered
            found = changed.returning(Hit.id).execution_options(synchronize_session=False)
            shown |= {*db.session.scalars(found)}
    return shown


def expire_hits(actor: Actor, rows: Iterable[Hit]) -> None:
    """Expire hits without an answer and notify the finding states."""
    for row in rows:
        is_shown = change_hit(actor, row, status="expired")
        alert_notices.notify_answered(actor, row, Action.HIT_EXPIRED, is_shown=is_shown)
