"""Joint seizures: what two states seized together is joined where each names the seizure of the other.

Whether a state holds a seizure that does not name the asker back is not told: it is seen no more than
one that there is not, and both are said to wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, func, or_, tuple_

from salsa_ext.db import db
from salsa_ext.models import Post, Seizure
from salsa_ext.readmodels.finding import spellings
from salsa_ext.readmodels.nearby import is_near
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor

LATELY: Final = timedelta(days=1)
MOST: Final = 10
LOOKED_AT: Final = 200
"""Of so many it is seen what they are joint with; what is joined by now leaves room for what waits."""


@dataclass(frozen=True)
class Joint:
    """The seizure of another state that one names; `seizure` and when it was recorded once both do."""

    state: str
    number: str
    seizure: UUID | None = None
    recorded_at: datetime | None = None

    @property
    def status(self) -> str:
        """Return `joined` where each names the other, else `waiting`."""
        return "joined" if self.seizure else "waiting"


@dataclass(frozen=True)
class JointSeizure:
    """A seizure that one side of a post made with the other, and what it is joined with."""

    seizure: Seizure
    joint: Joint
    own: Sequence[Seizure] = ()
    """Of another state's that waits: seizures of the own state that may be the same one."""


def of(rows: Iterable[Seizure]) -> dict[UUID, Joint]:
    """Return what seizures are joint with, by their ids: those that name one of another state."""
    named = {row.id: (row, _named(row)) for row in rows if _named(row)}
    if not named:
        return {}
    wanted = {(said["state"], number) for _, said in named.values()
              for number in spellings(said["number"])}  # fmt: skip
    query = current(Seizure).where(tuple_(Seizure.owner_state, Seizure.number).in_(wanted))
    others = db.session.scalars(query).all()
    return {key: _joint(row, said, others) for key, (row, said) in named.items()}


def at_post(actor: Actor, post: Post, other: str, today: date) -> list[JointSeizure]:
    """Return the joint seizures of the two sides of a post of late, the newest first.

    Of the other side those that wait for one of the own: to be joined they have to be named back.
    """
    named = Seizure.details["joint_with"]["state"].astext
    own = and_(Seizure.owner_state == actor.state, named.is_not(None))
    query = current(Seizure).where(
        is_near(post, Seizure), Seizure.occurred_on >= today - LATELY,
        func.cardinality(Seizure.concerned) > 1,
        or_(own, and_(Seizure.owner_state == other, named == actor.state)),
    )  # fmt: skip
    rows = db.session.scalars(query.order_by(Seizure.recorded_at.desc()).limit(LOOKED_AT)).all()
    joints = of(rows)
    shown = [JointSeizure(row, joints[row.id]) for row in rows
             if row.id in joints and _is_of(row, joints[row.id], actor.state)][:MOST]  # fmt: skip
    if all(one.seizure.owner_state == actor.state for one in shown):
        return shown
    waiting = _waiting(actor, post, today)
    return [one if one.seizure.owner_state == actor.state
            else replace(one, own=_meant(actor, _named(one.seizure), waiting)) for one in shown]  # fmt: skip


def _waiting(actor: Actor, post: Post, today: date) -> list[Seizure]:
    """Return what the own state seized about a post of late and is joined with nothing, the newest first."""
    query = current(Seizure).where(
        is_near(post, Seizure), Seizure.occurred_on >= today - LATELY,
        Seizure.owner_state == actor.state,
    ).order_by(Seizure.recorded_at.desc()).limit(MOST)  # fmt: skip
    rows = db.session.scalars(query).all()
    joints = of(rows)
    return [row for row in rows if row.id not in joints or joints[row.id].seizure is None]


def _meant(actor: Actor, said: Mapping[str, Any], own: Sequence[Seizure]) -> Sequence[Seizure]:
    """Return the own seizure that another state's names, or where it names none, those that wait.

    None where the one that it names is joined with another already: to part them is a correction.
    """
    query = current(Seizure).where(
        Seizure.owner_state == actor.state, Seizure.number.in_(spellings(said["number"]))
    )
    named = db.session.scalars(query.limit(1)).all()
    joints = of(named)
    free = [row for row in named if row.id not in joints or joints[row.id].seizure is None]
    return free if named else own


def _is_of(row: Seizure, joint: Joint, state: str | None) -> bool:
    return row.owner_state == state or (joint.state == state and joint.seizure is None)


def _named(row: Seizure) -> Mapping[str, Any]:
    said: Mapping[str, Any] = row.details.get("joint_with") or {}
    return said


def _joint(row: Seizure, said: Mapping[str, Any], others: Sequence[Seizure]) -> Joint:
    for other in others:
        back = _named(other)
        if (other.owner_state == said["state"] and _is_same(other.number, said["number"])
                and back.get("state") == row.owner_state and _is_same(back["number"], row.number)):  # fmt: skip
            return Joint(said["state"], said["number"], other.id, other.recorded_at)
    return Joint(said["state"], said["number"])


def _is_same(one: str, other: str) -> bool:
    return bool({*spellings(one)} & {*spellings(other)})
