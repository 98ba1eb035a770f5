"""Own seizures near a border post and along the routes through it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import asin, atan2, cos, degrees, floor, hypot, radians, sin
from typing import Any, Final
from uuid import UUID

from geopy.distance import EARTH_RADIUS, geodesic
from geopy.distance import great_circle as arc
from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select

from salsa_ext.access.release import Reader, Statement, decide_release
from salsa_ext.boards.crossings import MAX_ROWS
from salsa_ext.boards.figures import WEEKS, PostWeeks
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.database.versions import select_current
from salsa_ext.documents import joint_seizures
from salsa_ext.documents.joint_seizures import JointReference
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import RecordView, records_of_documents
from salsa_ext.reference.geography import distance_km, grid_squares, is_near
from salsa_ext.reference.models import Post
from salsa_ext.trade.shipments.models import Checkpoint, Shipment

LOOKBACK: Final = timedelta(days=90)
CLUSTER_RATIO: Final = 0.1
"""Of a post's radius: what lies closer together is one place of its map."""
Coordinates = tuple[float, float]


@dataclass(frozen=True)
class NearSeizure:
    """A seizure near a post or along a route.

    `distance_km` is None if unknown. `at` is its position; None if unknown or withheld from the
    reader. `joint` names the joint seizures.
    """

    seizure: Seizure
    items: Sequence[RecordView]
    distance_km: float | None
    at: Coordinates | None
    joint: JointReference | None = None

    @property
    def of_type(self) -> dict[str, int]:
        """Return the number of items by type."""
        return Counter(view.record.type or "unknown" for view in self.items)

    @property
    def firearms(self) -> int:
        """Return the number of firearms."""
        return sum(
            int(view.record.quantity) for view in self.items if view.record.category == "firearm"
        )


@dataclass(frozen=True)
class SeizurePlace:
    """Seizures close together, as one place on the map.

    `within_km` is no better than their worst precision; None for a single position of unknown
    precision. `is_near` if within the post's radius, otherwise along a route.
    """

    latitude: float
    longitude: float
    within_km: float | None
    is_near: bool
    seizures: Sequence[NearSeizure]

    @property
    def firearms(self) -> int:
        """Return the number of firearms seized there."""
        return sum(one.firearms for one in self.seizures)


def seizures_near_post(actor: Actor, post: Post, today: date) -> list[NearSeizure]:
    """Return the newest own seizures within the radius, of 90 days."""
    return _load_near_seizures(actor, post, today, is_near(post, Seizure))


def seizures_along_routes(
    actor: Actor, post: Post, today: date, corridors: Sequence[Corridor]
) -> list[NearSeizure]:
    """Return the newest own seizures along routes, outside the radius."""
    if not corridors:
        return []
    elsewhere = func.coalesce(not_(is_near(post, Seizure)), True)
    return _load_near_seizures(actor, post, today, is_in_corridors(corridors, Seizure), elsewhere)


def select_for_board(
    actor: Actor, post: Post, today: date, corridors: Sequence[Corridor], ids: Collection[UUID]
) -> Sequence[Seizure]:
    """Return the given seizures that the post's board includes."""
    here = is_near(post, Seizure)
    where = or_(here, is_in_corridors(corridors, Seizure)) if corridors else here
    return db.session.scalars(
        _own_recent_seizures(actor, today).where(Seizure.id.in_(ids), where)
    ).all()


def _own_recent_seizures(actor: Actor, today: date) -> Select[Any]:
    return select_current(Seizure).where(
        Seizure.occurred_on >= today - LOOKBACK, Seizure.owner_state == actor.state
    )


def _load_near_seizures(
    actor: Actor, post: Post, today: date, *conditions: ColumnElement[bool]
) -> list[NearSeizure]:
    away = distance_km(post, Seizure.latitude, Seizure.longitude)
    newest = (
        _own_recent_seizures(actor, today)
        .where(*conditions)
        .order_by(Seizure.occurred_on.desc(), Seizure.id)
        .add_columns(away)
        .limit(MAX_ROWS)
    )
    rows = db.session.execute(newest).all()
    items = records_of_documents([row.id for row, _ in rows])
    joints = joint_seizures.find_references(row for row, _ in rows)
    return [
        NearSeizure(
            row,
            items[row.id],
            None if distance is None else round(distance, 1),
            _visible_position(actor, row),
            joints.get(row.id),
        )
        for row, distance in rows
    ]


def _visible_position(actor: Actor, seizure: Seizure) -> Coordinates | None:
    """Return the position if the reader may see it."""
    said = Statement(seizure.owner_state, concerns=actor.state in seizure.concerned)
    reader = Reader(actor.state, actor.role, actor.now().date())
    if not decide_release("place", said, reader).allowed:
        return None
    if seizure.latitude is None or seizure.longitude is None:
        return None
    return seizure.latitude, seizure.longitude


def group_places(
    post: Post, near_post: Sequence[NearSeizure], along_routes: Sequence[NearSeizure]
) -> list[SeizurePlace]:
    """Group seizures into places, in order of the lists."""
    found: list[SeizurePlace] = []
    for one, is_here in [
        *((one, True) for one in near_post),
        *((one, False) for one in along_routes),
    ]:
        if one.at is None:
            continue
        for at, place in enumerate(found):
            middle = (place.latitude, place.longitude)
            if (
                place.is_near == is_here
                and geodesic(middle, one.at).km <= CLUSTER_RATIO * post.radius_km
            ):
                found[at] = _extend_place(place, one)
                break
        else:
            found.append(SeizurePlace(*one.at, one.seizure.precision, is_here, [one]))
    return found


def _extend_place(place: SeizurePlace, seizure: NearSeizure) -> SeizurePlace:
    """Add a seizure to a place and widen its circle."""
    assert seizure.at is not None
    off = geodesic((place.latitude, place.longitude), seizure.at).km + (
        seizure.seizure.precision or 0.0
    )
    within = max(off, place.within_km or 0.0)
    return replace(place, seizures=[*place.seizures, seizure], within_km=round(within, 1) or None)


@dataclass(frozen=True)
class WeeklySeizures:
    """Number of own seizures near a post, and firearms, in a week."""

    seizures: int = 0
    firearms: int = 0


def count_by_week(actor: Actor, post: Post, weeks: PostWeeks) -> list[WeeklySeizures]:
    """Return the own seizures within the radius by week."""
    first = weeks.first_days[0]
    mine = select_current(Seizure).where(
        is_near(post, Seizure), Seizure.occurred_on >= first, Seizure.owner_state == actor.state
    )
    seized = mine.with_only_columns(
        Seizure.id, weeks.column(Seizure.occurred_on, lambda day: day).label("week")
    ).subquery()
    guns = (
        select_current(Record)
        .where(Record.category == "firearm")
        .join(seized, seized.c.id == Record.document_id)
        .with_only_columns(seized.c.week, func.sum(Record.quantity))
        .group_by(seized.c.week)
    )
    counted = select(seized.c.week, func.count()).group_by(seized.c.week)
    firearms = _numbers_by_week(guns)
    numbers = _numbers_by_week(counted)
    return [WeeklySeizures(numbers.get(at, 0), firearms.get(at, 0)) for at in range(WEEKS)]


def _numbers_by_week(query: Any) -> dict[int, int]:
    return {at: int(number) for at, number in db.session.execute(query)}


def count_joint_of_others(actor: Actor, post: Post, today: date) -> int:
    """Count other states' joint seizures near a post, of 90 days.

    Only the number: each is read for a purpose.
    """
    others = select_current(Seizure).where(
        is_near(post, Seizure),
        Seizure.occurred_on >= today - LOOKBACK,
        Seizure.owner_state != actor.state,
        func.cardinality(Seizure.concerned) > 1,
    )
    return db.session.scalar(select(func.count()).select_from(others.subquery())) or 0


STEP_KM: Final = 20.0
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Corridor:
    """The band along the way between two consecutive posts of a route.

    `width_km` on each side.
    """

    start: Post
    end: Post
    width_km: int


def build_corridors(post: Post, routes: Iterable[Sequence[str]]) -> list[Corridor]:
    """Return the corridors of routes, once for both directions.

    A route of a single post has none.
    """
    pairs = {
        tuple(sorted(pair)) for route in routes for pair in pairwise(route) if pair[0] != pair[1]
    }
    wanted = {code for pair in pairs for code in pair}
    rows = db.session.scalars(select(Post).where(Post.code.in_(wanted))) if wanted else ()
    posts = {row.code: row for row in rows}
    return [
        Corridor(posts[one], posts[other], post.radius_km)
        for one, other in sorted(pairs)
        if one in posts and other in posts
    ]


def recent_routes(post: Post, since: datetime) -> list[list[str]]:
    """Return the distinct routes of shipments checked since a time."""
    ticked = select(Checkpoint.shipment_id).where(
        Checkpoint.post == post.code, Checkpoint.occurred_at >= since
    )
    query = select(Shipment.route).where(Shipment.id.in_(ticked)).distinct()
    return [*db.session.scalars(query)]


def is_in_corridors(corridors: Sequence[Corridor], model: Any) -> ColumnElement[bool]:
    """Return the SQL condition for rows in one of the corridors.

    On a sphere: over thousands of kilometres the error is below a two-hundredth of the width.
    """
    return and_(
        model.square.in_(squares_of_corridors(corridors)),
        or_(False, *(_is_in_corridor(one, model) for one in corridors)),
    )


def squares_of_corridors(corridors: Sequence[Corridor]) -> list[int]:
    """Return the grid squares that corridors touch."""
    return sorted({square for one in corridors for square in _squares_of_corridor(one)})


def _is_in_corridor(corridor: Corridor, model: Any) -> ColumnElement[bool]:
    """Condition: near the great circle and between its ends."""
    start, end = _vector_of(corridor.start), _vector_of(corridor.end)
    normal = _unit_vector(_cross_product(start, end))
    aside = func.abs(_dot_product(normal, model))
    return and_(
        aside <= sin(corridor.width_km / EARTH_RADIUS),
        _dot_product(_cross_product(normal, start), model) >= 0,
        _dot_product(_cross_product(end, normal), model) >= 0,
    )


def _dot_product(vector: Vector, model: Any) -> Any:
    latitude, longitude = func.radians(model.latitude), func.radians(model.longitude)
    return (
        vector[0] * func.cos(latitude) * func.cos(longitude)
        + vector[1] * func.cos(latitude) * func.sin(longitude)
        + vector[2] * func.sin(latitude)
    )


def _squares_of_corridor(corridor: Corridor) -> set[int]:
    """Return the squares around points along the way."""
    start, end, found = _vector_of(corridor.start), _vector_of(corridor.end), set[int]()
    steps = 1 + floor(_length_km(corridor) / STEP_KM)
    high = (corridor.width_km + STEP_KM) / 110
    for step in range(steps + 1):
        latitude, longitude = _point_on_way(start, end, step / steps)
        wide = high / max(cos(radians(latitude)), 0.1)
        found.update(
            grid_squares(latitude - high, longitude - wide, latitude + high, longitude + wide)
        )
    return found


def _length_km(corridor: Corridor) -> float:
    ends = ((post.latitude, post.longitude) for post in (corridor.start, corridor.end))
    return float(arc(*ends).km)


def _point_on_way(start: Vector, end: Vector, part: float) -> tuple[float, float]:
    """Return latitude and longitude of a fraction of the way."""
    (x, y, z), (a, b, c) = start, end
    x, y, z = _unit_vector((x + (a - x) * part, y + (b - y) * part, z + (c - z) * part))
    return degrees(asin(z)), degrees(atan2(y, x))


def _vector_of(post: Post) -> Vector:
    latitude, longitude = radians(post.latitude), radians(post.longitude)
    return cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)


def _cross_product(one: Vector, other: Vector) -> Vector:
    (x, y, z), (a, b, c) = one, other
    return y * c - z * b, z * a - x * c, x * b - y * a


def _unit_vector(vector: Vector) -> Vector:
    length = hypot(*vector)
    x, y, z = (part / length for part in vector)
    return x, y, z
