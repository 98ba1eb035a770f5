"""What becomes of a hit, in the row of the alert's state and in that of the state which met the alert."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import case, select, update

from salsa_ext.audit import Action
from salsa_ext.db import as_state, db
from salsa_ext.models import Alert, Hit
from salsa_ext.services import hit_news
from salsa_ext.values.actor import Actor

WAITING: Final = ("open", "extended")
HELD: Final = (*WAITING, "confirmed")
"""What somebody may hold a gun for, or wait with."""


def change(actor: Actor, row: Hit, **values: Any) -> bool:
    """Change a hit of the actor's own alert in both rows; tells whether it shows to who met it.

    A state that met its own alert has one row. Called by commands alone.
    """
    values |= {"version": row.version + 1, "changed_at": actor.now()}
    for name, value in values.items():
        setattr(row, name, value)
    db.session.flush()
    if row.asking_state == row.alert_state:
        return row.action != "let_pass_and_inform"
    theirs = update(Hit).where(Hit.id == row.id, Hit.owner_state == row.asking_state)
    told = {name: value for name, value in values.items() if name != "answered_by"}
    with as_state(actor, row.asking_state):  # its row says what it was answered
        found = db.session.execute(
            theirs.values(told).returning(Hit.id).execution_options(synchronize_session=False)
        ).all()
    return bool(found)


def of_alert(actor: Actor, alert: Alert) -> None:
    """Let the waiting hits of an alert end or expire with it, and tell who met its gun.

    A hit that was confirmed stays so, and says by its alert that it is no ground any more.
    """
    held = select(Hit).where(
        Hit.owner_state == actor.state, Hit.alert_id == alert.id, Hit.status.in_(HELD)
    )
    rows = db.session.scalars(held.order_by(Hit.id).with_for_update()).all()
    status = "expired" if alert.status == "expired" else "ended"
    for row in rows:
        row.status = row.status if row.status == "confirmed" else status
        row.version, row.changed_at = row.version + 1, actor.now()
    db.session.flush()
    hit_news.ended(actor, rows, alert.status, _ended_there(actor, rows, status))


def _ended_there(actor: Actor, rows: Sequence[Hit], ended: str) -> set[UUID]:
    """Let those who met an alert know of their hits what its state does; returns those that show to them."""
    by_state: dict[str, list[UUID]] = defaultdict(list)
    for row in rows:
        if row.asking_state != row.alert_state:
            by_state[row.asking_state].append(row.id)
    shown = {row.id for row in rows if row.asking_state == row.alert_state
             and row.action != "let_pass_and_inform"}  # fmt: skip
    status = case((Hit.status == "confirmed", Hit.status), else_=ended)
    for state in sorted(by_state):
        theirs = update(Hit).where(Hit.id.in_(by_state[state]), Hit.owner_state == state)
        changed = theirs.values(status=status, version=Hit.version + 1, changed_at=actor.now())
        with as_state(actor, state):  # its row says what it was answered
            found = changed.returning(Hit.id).execution_options(synchronize_session=False)
            shown |= {*db.session.scalars(found)}
    return shown


def expire(actor: Actor, rows: Iterable[Hit]) -> None:
    """Let hits end without an answer, and tell who waits for it."""
    for row in rows:
        is_shown = change(actor, row, status="expired")
        hit_news.answered(actor, row, Action.HIT_EXPIRED, is_shown=is_shown)
