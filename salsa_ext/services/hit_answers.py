"""What the state of an alert answers to a hit: yes, no, or "I need so many more hours"."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Action
from salsa_ext.db import db
from salsa_ext.errors import Conflict, Forbidden, IllegalTransition, NotFound, StaleVersion, say
from salsa_ext.models import Hit
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import hits
from salsa_ext.services import hit_endings, hit_news
from salsa_ext.values.actor import Actor
from salsa_ext.values.alerts import Answering

ACTIONS: Final = {"confirmed": Action.HIT_CONFIRMED, "denied": Action.HIT_DENIED,
                  "extended": Action.HIT_EXTENDED}  # fmt: skip
NOBODY_WAITS: Final = say(
    "Nobody waits for this answer: those who met the gun know nothing of the hit. Confirm or deny it when "
    "you know."
)
VERBS: Final = {"confirmed": "confirm", "denied": "deny", "extended": "extend"}


def confirm(*, actor: Actor, hit_id: UUID, seen: int | None, data: Answering) -> None:
    """Say that the alert still stands and is of that very gun; its action may be taken now.

    Raises NotFound, Forbidden for another state's alert, StaleVersion, or IllegalTransition.
    """
    require(actor, Permission.HIT_DECIDE)
    _answer(actor, hit_id, seen, "confirmed", data)


def deny(*, actor: Actor, hit_id: UUID, seen: int | None, data: Answering) -> None:
    """Say that it is another gun, or that the alert is no longer true; raises as `confirm`."""
    require(actor, Permission.HIT_DECIDE)
    _answer(actor, hit_id, seen, "denied", data)


def extend(*, actor: Actor, hit_id: UUID, seen: int | None, data: Answering) -> None:
    """Say how many more hours the answer needs, from now, and why; raises as `confirm`.

    Conflict where those who met the gun know nothing of the hit: nobody waits for the answer.
    """
    require(actor, Permission.HIT_DECIDE)
    _answer(actor, hit_id, seen, "extended", data)


def _answer(actor: Actor, hit_id: UUID, seen: int | None, status: str, data: Answering) -> None:
    row = _take(actor, hit_id)
    if seen is not None and seen != row.version:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    if row.status not in hit_endings.WAITING:
        raise IllegalTransition("hit", row.status, VERBS[status])
    if status == "extended" and not hits.read(actor, hit_id).is_told:
        raise Conflict(NOBODY_WAITS)
    is_shown = hit_endings.change(actor, row, status=status, note=data.note,
                                  **_answered(actor, data, status))  # fmt: skip
    hit_news.answered(actor, row, ACTIONS[status], is_shown=is_shown)


def _answered(actor: Actor, data: Answering, status: str) -> dict[str, Any]:
    now = actor.now()
    if status == "extended":
        return {"due_at": now + timedelta(hours=data.hours), "reminded_at": None}
    return {"answered_at": now, "answered_by": actor.account_id}


def _take(actor: Actor, hit_id: UUID) -> Hit:
    own = select(Hit).where(Hit.id == hit_id, Hit.owner_state == actor.state)
    row = db.session.scalars(
        own.with_for_update().execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound("hit", hit_id)
    if row.alert_state != actor.state:
        raise Forbidden(say("The alert is of {state}: its authorities answer this hit.",
                            state=row.alert_state))  # fmt: skip
    return row
