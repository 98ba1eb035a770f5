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

from geopy.distance import EARTH_RADIUS, geodesic, great_circle
from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select

from salsa_ext.access.release import Reader, Statement, decide_release
from salsa_ext.boards.crossings import MAX_ROWS
from salsa_ext.boards.weekly_crossings import WEEKS, PostWeeks
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.database.version_queries import select_current
from salsa_ext.documents import joint_seizures
from salsa_ext.documents.joint_seizures import JointReference
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import RecordView, records_of_documents
from salsa_ext.reference.models import Post
from salsa_ext.reference.near_posts import distance_km, grid_squares, is_near
from salsa_ext.trade.shipments.models import Checkpoint, Shipment

LOOKBACK: Final = timedelta(days=90)
CLUSTER_RATIO: Final = 0.1
"""Part of a post's radius within which seizures are one place of its map."""
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
        records = (view.record for view in self.items)
        return sum(int(each.quantity) for each in records if each.category == "firearm")


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
        return sum(seizure.firearms for seizure in self.seizures)


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
    places = [is_near(post, Seizure)]
    places += [is_in_corridors(corridors, Seizure)] if corridors else []
    query = _own_seizures(actor, today - LOOKBACK).where(Seizure.id.in_(ids), or_(*places))
    return db.session.scalars(query).all()


def _own_seizures(actor: Actor, since: date) -> Select[Any]:
    own = Seizure.owner_state == actor.state
    return select_current(Seizure).where(Seizure.occurred_on >= since, own)


def _load_near_seizures(
    actor: Actor, post: Post, today: date, *conditions: ColumnElement[bool]
) -> list[NearSeizure]:
    query = (
        _own_seizures(actor, today - LOOKBACK)
        .where(*conditions)
        .order_by(Seizure.occurred_on.desc(), Seizure.id)
        .add_columns(distance_km(post, Seizure.latitude, Seizure.longitude))
        .limit(MAX_ROWS)
    )
    rows = db.session.execute(query).all()
    items = records_of_documents([row.id for row, _ in rows])
    joints = joint_seizures.find_references(row for row, _ in rows)
    reader = Reader(actor.state, actor.role, actor.now().date())
    seizures = []
    for row, away in rows:
        statement = Statement(row.owner_state, concerns=actor.state in row.concerned)
        is_known = row.latitude is not None and row.longitude is not None
        is_shown = is_known and decide_release("place", statement, reader).allowed
        at = (row.latitude, row.longitude) if is_shown else None
        distance = None if away is None else round(away, 1)
        seizures.append(NearSeizure(row, items[row.id], distance, at, joints.get(row.id)))
    return seizures


def group_places(
    post: Post, near_post: Sequence[NearSeizure], along_routes: Sequence[NearSeizure]
) -> list[SeizurePlace]:
    """Group seizures into places, in order of the lists."""
    places: list[SeizurePlace] = []
    for seizure in (*near_post, *along_routes):
        if seizure.at is None:
            continue
        is_at_post, precision = seizure in near_post, seizure.seizure.precision
        for number, place in enumerate(places):
            away = geodesic((place.latitude, place.longitude), seizure.at).km
            if place.is_near == is_at_post and away <= CLUSTER_RATIO * post.radius_km:
                within = max(away + (precision or 0.0), place.within_km or 0.0)
                places[number] = replace(
                    place, seizures=[*place.seizures, seizure], within_km=round(within, 1) or None
                )
                break
        else:
            places.append(SeizurePlace(*seizure.at, precision, is_at_post, [seizure]))
    return places


@dataclass(frozen=True)
class WeeklySeizures:
    """Number of own seizures near a post, and firearms, in a week."""

    seizures: int = 0
    firearms: int = 0


def count_by_week(actor: Actor, post: Post, weeks: PostWeeks) -> list[WeeklySeizures]:
    """Return the own seizures within the radius by week."""
    week = weeks.column(Seizure.occurred_on, lambda day: day).label("week")
    own = _own_seizures(actor, weeks.first_days[0]).where(is_near(post, Seizure))
    seized = own.with_only_columns(Seizure.id, week).subquery()
    guns = (
        select_current(Record)
        .where(Record.category == "firearm")
        .join(seized, seized.c.id == Record.document_id)
        .with_only_columns(seized.c.week, func.sum(Record.quantity))
        .group_by(seized.c.week)
    )
    documents = select(seized.c.week, func.count()).group_by(seized.c.week)
    numbers, firearms = (
        {at: int(number) for at, number in db.session.execute(query)} for query in (documents, guns)
    )
    return [WeeklySeizures(numbers.get(at, 0), firearms.get(at, 0)) for at in range(WEEKS)]


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
    pairs = {(min(pair), max(pair)) for route in routes for pair in pairwise(route)}
    codes = {code for pair in pairs for code in pair}
    rows = db.session.scalars(select(Post).where(Post.code.in_(codes))) if codes else ()
    posts = {row.code: row for row in rows}
    return [
        Corridor(posts[start], posts[end], post.radius_km)
        for start, end in sorted(pairs)
        if start != end and start in posts and end in posts
    ]


def recent_routes(post: Post, since: datetime) -> list[list[str]]:
    """Return the distinct routes of shipments checked since a time."""
    here = (Checkpoint.post == post.code, Checkpoint.occurred_at >= since)
    passed = select(Checkpoint.shipment_id).where(*here)
    return [*db.session.scalars(select(Shipment.route).where(Shipment.id.in_(passed)).distinct())]


def is_in_corridors(corridors: Sequence[Corridor], model: Any) -> ColumnElement[bool]:
    """Return the SQL condition for rows in one of the corridors.

    On a sphere: over thousands of kilometres the error is below a two-hundredth of the width.
    """
    return and_(
        model.square.in_(squares_of_corridors(corridors)),
        or_(False, *(_is_in_corridor(corridor, model) for corridor in corridors)),
    )


def _is_in_corridor(corridor: Corridor, model: Any) -> ColumnElement[bool]:
    """Return the condition: near the great circle and between its ends."""
    start, end = _vector_of(corridor.start), _vector_of(corridor.end)
    normal = _unit_vector(_cross_product(start, end))
    off = func.abs(_dot_product(normal, model))
    return and_(
        off <= sin(corridor.width_km / EARTH_RADIUS),
        _dot_product(_cross_product(normal, start), model) >= 0,
        _dot_product(_cross_product(end, normal), model) >= 0,
    )


def squares_of_corridors(corridors: Sequence[Corridor]) -> list[int]:
    """Return the grid squares that corridors touch, around points along the way."""
    squares = set[int]()
    for corridor in corridors:
        start, end = _vector_of(corridor.start), _vector_of(corridor.end)
        ends = ((post.latitude, post.longitude) for post in (corridor.start, corridor.end))
        steps = 1 + floor(great_circle(*ends).km / STEP_KM)
        high = (corridor.width_km + STEP_KM) / 110
        for step in range(steps + 1):
            x, y, z = (a + (b - a) * step / steps for a, b in zip(start, end, strict=True))
            x, y, z = _unit_vector((x, y, z))
            north, east = degrees(asin(z)), degrees(atan2(y, x))
            wide = high / max(cos(radians(north)), 0.1)
            squares.update(grid_squares(north - high, east - wide, north + high, east + wide))
    return sorted(squares)


def _dot_product(vector: Vector, model: Any) -> Any:
    latitude, longitude = func.radians(model.latitude), func.radians(model.longitude)
    return (
        vector[0] * func.cos(latitude) * func.cos(longitude)
        + vector[1] * func.cos(latitude) * func.sin(longitude)
        + vector[2] * func.sin(latitude)
    )


def _vector_of(post: Post) -> Vector:
    latitude, longitude = radians(post.latitude), radians(post.longitude)
    return cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)


def _cross_product(first: Vector, second: Vector) -> Vector:
    (x, y, z), (a, b, c) = first, second
    return y * c - z * b, z * a - x * c, x * b - y * a


def _unit_vector(vector: Vector) -> Vector:
    length = hypot(*vector)
    x, y, z = (part / length for part in vector)
    return x, y, z
