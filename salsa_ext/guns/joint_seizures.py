"""Seizures joined if both states name each other's; else both are `waiting`, reasons aside."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, func, or_, tuple_

from salsa_ext.core.actor import Actor
from salsa_ext.core.text import number_spellings
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.documents.models import Seizure
from salsa_ext.reference.models import Post
from salsa_ext.reference.post_sides import is_near

RECENT: Final = timedelta(days=1)
MAX_LISTED: Final = 10
MAX_READ: Final = 200
"""Seizures looked through for joint ones; joined ones leave room for waiting ones."""


@dataclass(frozen=True)
class JointReference:
    """A reference to another state's seizure. `seizure` and `recorded_at` are set once both name each other."""

    state: str
    number: str
    seizure: UUID | None = None
    recorded_at: datetime | None = None

    @property
    def status(self) -> str:
        """Return `joined` if both name each other, else `waiting`."""
        return "joined" if self.seizure else "waiting"


@dataclass(frozen=True)
class JointSeizure:
    """A seizure near a post with its joint reference."""

    seizure: Seizure
    joint: JointReference
    own: Sequence[Seizure] = ()
    """Of another state's that waits: seizures of the own state that may be the same one."""


def find_references(seizures: Iterable[Seizure]) -> dict[UUID, JointReference]:
    """Return the joint references of seizures, by seizure id."""
    named = {row.id: (row, _joint_with(row)) for row in seizures if _joint_with(row)}
    if not named:
        return {}
    spellings = {
        (reference["state"], number)
        for _, reference in named.values()
        for number in number_spellings(reference["number"])
    }
    query = select_current(Seizure).where(
        tuple_(Seizure.owner_state, Seizure.number).in_(spellings)
    )
    others = db.session.scalars(query).all()
    return {
        key: _build_reference(row, reference, others) for key, (row, reference) in named.items()
    }


def joined_seizures(seizure_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the other state's seizure of those that are joined."""
    query = select_current(Seizure).where(
        is_any_of(Seizure.id, seizure_ids), Seizure.details["joint_with"].is_not(None)
    )
    joined = find_references(db.session.scalars(query)) if seizure_ids else {}
    return {key: each.seizure for key, each in joined.items() if each.seizure}


def find_ids(seizure_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return of joined seizures the id of their find, which is the lesser one of both."""
    return {key: min(key, other) for key, other in joined_seizures(seizure_ids).items()}


def at_post(actor: Actor, post: Post, other: str, today: date) -> list[JointSeizure]:
    """Return recent joint seizures of a post's two states, newest first."""
    named = Seizure.details["joint_with"]["state"].astext
    own = and_(Seizure.owner_state == actor.state, named.is_not(None))
    query = select_current(Seizure).where(
        is_near(post, Seizure),
        Seizure.occurred_on >= today - RECENT,
        func.cardinality(Seizure.concerned) > 1,
        or_(own, and_(Seizure.owner_state == other, named == actor.state)),
    )
    rows = db.session.scalars(query.order_by(Seizure.recorded_at.desc()).limit(MAX_READ)).all()
    joints = find_references(rows)
    joint_seizures = [
        JointSeizure(row, joints[row.id])
        for row in rows
        if row.id in joints and _is_listed(row, joints[row.id], actor.state)
    ][:MAX_LISTED]
    if all(joint.seizure.owner_state == actor.state for joint in joint_seizures):
        return joint_seizures
    waiting = _unjoined_seizures(actor, post, today)
    return [
        joint
        if joint.seizure.owner_state == actor.state
        else replace(joint, own=_own_candidates(actor, _joint_with(joint.seizure), waiting))
        for joint in joint_seizures
    ]


def _unjoined_seizures(actor: Actor, post: Post, today: date) -> list[Seizure]:
    """Return recent own seizures near a post without a joined one."""
    query = (
        select_current(Seizure)
        .where(
            is_near(post, Seizure),
            Seizure.occurred_on >= today - RECENT,
            Seizure.owner_state == actor.state,
        )
        .order_by(Seizure.recorded_at.desc())
        .limit(MAX_LISTED)
    )
    rows = db.session.scalars(query).all()
    joints = find_references(rows)
    return [row for row in rows if row.id not in joints or joints[row.id].seizure is None]


def _own_candidates(
    actor: Actor, joint_with: Mapping[str, Any], own: Sequence[Seizure]
) -> Sequence[Seizure]:
    """Return the own seizure that the reference names, or unjoined ones."""
    query = select_current(Seizure).where(
        Seizure.owner_state == actor.state,
        Seizure.number.in_(number_spellings(joint_with["number"])),
    )
    named = db.session.scalars(query.limit(1)).all()
    joints = find_references(named)
    free = [row for row in named if row.id not in joints or joints[row.id].seizure is None]
    return free if named else own


def _is_listed(row: Seizure, joint: JointReference, state: str | None) -> bool:
    return row.owner_state == state or (joint.state == state and joint.seizure is None)


def _joint_with(row: Seizure) -> Mapping[str, Any]:
    reference: Mapping[str, Any] = row.details.get("joint_with") or {}
    return reference


def _build_reference(
    row: Seizure, joint_with: Mapping[str, Any], others: Sequence[Seizure]
) -> JointReference:
    for other in others:
        back = _joint_with(other)
        if (
            other.owner_state == joint_with["state"]
            and _is_same_number(other.number, joint_with["number"])
            and back.get("state") == row.owner_state
            and _is_same_number(back["number"], row.number)
        ):
            return JointReference(
                joint_with["state"], joint_with["number"], other.id, other.recorded_at
            )
    return JointReference(joint_with["state"], joint_with["number"])


def _is_same_number(number: str, other: str) -> bool:
    return bool({*number_spellings(number)} & {*number_spellings(other)})
