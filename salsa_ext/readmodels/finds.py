"""What was seized round a border post and along the routes through it, as the reader may know it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from geopy.distance import geodesic
from sqlalchemy import ColumnElement, Select, func, not_, or_, select

from salsa_ext.db import db
from salsa_ext.models import Post, Record, Seizure
from salsa_ext.policy.release import Reader, Said, decide
from salsa_ext.readmodels import joint
from salsa_ext.readmodels.corridors import Corridor, is_along
from salsa_ext.readmodels.crossings import MOST
from salsa_ext.readmodels.flows import WEEKS, Weeks
from salsa_ext.readmodels.joint import Joint
from salsa_ext.readmodels.nearby import distance_km, is_near
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor

BACK: Final = timedelta(days=90)
CLUSTERED: Final = 0.1
"""Of a post's radius: what lies closer together is one place of its map."""
Coordinates = tuple[float, float]


@dataclass(frozen=True)
class NearSeizure:
    """A seizure near a post or along a route, with its distance in kilometres where that is known.

    `at` is where it was, None where that is not known or not the reader's to know. `joint` is what
    it is joint with.
    """

    seizure: Seizure
    items: Sequence[RecordView]
    distance_km: float | None
    at: Coordinates | None
    joint: Joint | None = None

    @property
    def of_type(self) -> dict[str, int]:
        """Return how many items it holds of each type."""
        return Counter(view.record.type or "unknown" for view in self.items)

    @property
    def firearms(self) -> int:
        """Return how many firearms it holds."""
        return sum(int(view.record.quantity) for view in self.items
                   if view.record.category == "firearm")  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Seizures that lie close together, as one place: no more exact than the least exact of them.

    `within_km` is None where it is one place and nobody said how exact it is. `is_near` where it is
    within the post's radius, not along a route.
    """

    latitude: float
    longitude: float
    within_km: float | None
    is_near: bool
    seizures: Sequence[NearSeizure]

    @property
    def firearms(self) -> int:
        """Return how many firearms were seized there."""
        return sum(one.firearms for one in self.seizures)


def near(actor: Actor, post: Post, today: date) -> list[NearSeizure]:
    """Return the newest of what the own state seized within the radius, in ninety days."""
    return _found(actor, post, today, is_near(post, Seizure))


def along(
    actor: Actor, post: Post, today: date, corridors: Sequence[Corridor]
) -> list[NearSeizure]:
    """Return the same along routes, without what lies within the radius."""
    if not corridors:
        return []
    elsewhere = func.coalesce(not_(is_near(post, Seizure)), True)
    return _found(actor, post, today, is_along(corridors, Seizure), elsewhere)


def among(
    actor: Actor, post: Post, today: date, corridors: Sequence[Corridor], ids: Collection[UUID]
) -> Sequence[Seizure]:
    """Return those of some seizures that may stand on the board of a post."""
    here = is_near(post, Seizure)
    where = or_(here, is_along(corridors, Seizure)) if corridors else here
    return db.session.scalars(_own(actor, today).where(Seizure.id.in_(ids), where)).all()


def _own(actor: Actor, today: date) -> Select[Any]:
    return current(Seizure).where(
        Seizure.occurred_on >= today - BACK, Seizure.owner_state == actor.state
    )


def _found(
    actor: Actor, post: Post, today: date, *where: ColumnElement[bool]
) -> list[NearSeizure]:  # fmt: skip
    away = distance_km(post, Seizure.latitude, Seizure.longitude)
    newest = (
        _own(actor, today)
        .where(*where)
        .order_by(Seizure.occurred_on.desc(), Seizure.id)
        .add_columns(away)
        .limit(MOST)
    )
    rows = db.session.execute(newest).all()
    items = of_documents([row.id for row, _ in rows])
    joints = joint.of(row for row, _ in rows)
    return [
        NearSeizure(row, items[row.id], None if distance is None else round(distance, 1),
                    _at(actor, row), joints.get(row.id))
        for row, distance in rows
    ]  # fmt: skip


def _at(actor: Actor, seizure: Seizure) -> Coordinates | None:
    """Return where a seizure was, if the release function gives its place to the reader."""
    said = Said(seizure.owner_state, concerns=actor.state in seizure.concerned)
    reader = Reader(actor.state, actor.role, actor.now().date())
    if not decide("place", said, reader).allowed:
        return None
    if seizure.latitude is None or seizure.longitude is None:
        return None
    return seizure.latitude, seizure.longitude


def places(
    post: Post, by_post: Sequence[NearSeizure], by_route: Sequence[NearSeizure]
) -> list[Place]:  # fmt: skip
    """Return the places of seizures, those that lie close together as one, in order of the lists."""
    found: list[Place] = []
    for one, is_here in [*((one, True) for one in by_post), *((one, False) for one in by_route)]:
        if one.at is None:
            continue
        for at, place in enumerate(found):
            middle = (place.latitude, place.longitude)
            if (
                place.is_near == is_here
                and geodesic(middle, one.at).km <= CLUSTERED * post.radius_km
            ):
                found[at] = _joined(place, one)
                break
        else:
            found.append(Place(*one.at, one.seizure.precision, is_here, [one]))
    return found


def _joined(place: Place, one: NearSeizure) -> Place:
    """Return a place with one more seizure: its circle holds the circles of all."""
    assert one.at is not None
    off = geodesic((place.latitude, place.longitude), one.at).km + (one.seizure.precision or 0.0)
    within = max(off, place.within_km or 0.0)
    return replace(place, seizures=[*place.seizures, one], within_km=round(within, 1) or None)


@dataclass(frozen=True)
class Seized:
    """What the own state seized round a post in one week: seizures, and the firearms in them."""

    seizures: int = 0
    firearms: int = 0


def by_week(actor: Actor, post: Post, weeks: Weeks) -> list[Seized]:
    """Return what the own state seized within the radius, week by week."""
    first = weeks.first_days[0]
    mine = current(Seizure).where(
        is_near(post, Seizure), Seizure.occurred_on >= first, Seizure.owner_state == actor.state
    )
    seized = mine.with_only_columns(
        Seizure.id, weeks.column(Seizure.occurred_on, lambda day: day).label("week")
    ).subquery()
    guns = current(Record).where(Record.category == "firearm").join(
        seized, seized.c.id == Record.document_id
    ).with_only_columns(seized.c.week, func.sum(Record.quantity)).group_by(seized.c.week)  # fmt: skip
    counted = select(seized.c.week, func.count()).group_by(seized.c.week)
    firearms = _numbers(guns)
    numbers = _numbers(counted)
    return [Seized(numbers.get(at, 0), firearms.get(at, 0)) for at in range(WEEKS)]


def _numbers(query: Any) -> dict[int, int]:
    return {at: int(number) for at, number in db.session.execute(query)}


def joint_of_others(actor: Actor, post: Post, today: date) -> int:
    """Count the joint seizures of other states near by, in ninety days: each is read for a purpose."""
    others = current(Seizure).where(
        is_near(post, Seizure), Seizure.occurred_on >= today - BACK,
        Seizure.owner_state != actor.state, func.cardinality(Seizure.concerned) > 1,
    )  # fmt: skip
    return db.session.scalar(select(func.count()).select_from(others.subquery())) or 0
