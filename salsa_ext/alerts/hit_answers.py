"""Answer hits on own alerts, or end them without an answer."""

from collections import defaultdict
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Update, case, select, update

from salsa_ext.access.audit import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import notices
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.alerts.values import HitAnswerData
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Forbidden, IllegalTransition, message
from salsa_ext.database.locks import check_version, lock
from salsa_ext.database.session import acting_as, db

UNANSWERED: Final = ("open", "extended")
UNANSWERED_OR_CONFIRMED: Final = (*UNANSWERED, "confirmed")
"""Statuses of hits for which someone may hold a gun, or wait."""
ANSWERS: Final = {
    "confirmed": ("confirm", Action.HIT_CONFIRMED),
    "denied": ("deny", Action.HIT_DENIED),
    "extended": ("extend", Action.HIT_EXTENDED),
}
NO_ANSWER_AWAITED: Final = message(
    "Nobody waits for this answer: those who found the gun know nothing of the hit. Confirm or deny it when "
    "you know."
)


def confirm(
    *, actor: Actor, hit_id: UUID, expected_version: int | None, data: HitAnswerData
) -> None:
    """Confirm the alert for this gun; raises NotFound, Forbidden, StaleVersion, IllegalTransition."""
    require(actor, Permission.HIT_DECIDE)
    _answer_hit(actor, hit_id, expected_version, "confirmed", data)


def deny(*, actor: Actor, hit_id: UUID, expected_version: int | None, data: HitAnswerData) -> None:
    """Deny a hit: another gun, or the alert is out of date; raises as `confirm`."""
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
    hit = lock(Hit, (hit_id, actor.own_state()))
    if hit.alert_state != actor.state:
        state = hit.alert_state
        problem = message("The alert is of {state}: its authorities answer this hit.", state=state)
        raise Forbidden(problem)
    check_version(hit.version, expected_version)
    verb, action = ANSWERS[status]
    if hit.status not in UNANSWERED:
        raise IllegalTransition("hit", hit.status, verb)
    answer: dict[str, Any] = {"answered_at": actor.now(), "answered_by": actor.account_id}
    if status == "extended":
        if not alert_queries.load_hit(actor, hit_id).is_shown_to_finder:
            raise Conflict(NO_ANSWER_AWAITED)
        answer = {"due_at": actor.now() + timedelta(hours=data.hours), "reminded_at": None}
    is_shown = change_hit(actor, hit, status=status, note=data.note, **answer)
    notices.notify_answered(actor, hit, action, is_shown=is_shown)


def change_hit(actor: Actor, hit: Hit, **values: Any) -> bool:
    """Change both rows of a hit; return whether the finder sees it.

    A state that found its own alert has one row.
    """
    values |= {"version": hit.version + 1, "changed_at": actor.now()}
    for name, value in values.items():
        setattr(hit, name, value)
    db.session.flush()
    if not hit.has_finder_row:
        return not hit.is_silent
    values.pop("answered_by", None)  # an account of the alert's state
    row = update(Hit).where(Hit.id == hit.id, Hit.owner_state == hit.finding_state)
    return bool(_update_as(actor, hit.finding_state, row.values(values)))


def end_hits(actor: Actor, alert: Alert) -> None:
    """End or expire the unanswered hits of an ended alert.

    Notifies the finding states. A confirmed hit stays confirmed; its alert shows that it is void.
    """
    query = select(Hit).where(
        Hit.owner_state == actor.state,
        Hit.alert_id == alert.id,
        Hit.status.in_(UNANSWERED_OR_CONFIRMED),
    )
    hits = db.session.scalars(query.order_by(Hit.id).with_for_update()).all()
    status = "expired" if alert.status == "expired" else "ended"
    by_finder: dict[str, list[UUID]] = defaultdict(list)
    for hit in hits:
        hit.status = hit.status if hit.status == "confirmed" else status
        hit.version, hit.changed_at = hit.version + 1, actor.now()
        if hit.has_finder_row:
            by_finder[hit.finding_state].append(hit.id)
    db.session.flush()
    visible = {hit.id for hit in hits if not hit.has_finder_row and not hit.is_silent}
    for state in sorted(by_finder):
        rows = update(Hit).where(Hit.id.in_(by_finder[state]), Hit.owner_state == state)
        changed = rows.values(
            status=case((Hit.status == "confirmed", Hit.status), else_=status),
            version=Hit.version + 1,
            changed_at=actor.now(),
        )
        visible |= _update_as(actor, state, changed)
    notices.notify_ended(actor, hits, alert.status, visible)


def _update_as(actor: Actor, state: str, changed: Update) -> set[UUID]:
    """Change the finding state's rows as that state; return their ids."""
    changed = changed.execution_options(synchronize_session=False)
    with acting_as(actor, state):
        return set(db.session.scalars(changed.returning(Hit.id)))
