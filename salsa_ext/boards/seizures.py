"""Own seizures near a border post and along the routes through it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from math import asin, atan2, cos, degrees, floor, hypot, radians, sin
from typing import Any, Final, NamedTuple
from uuid import UUID

from geopy.distance import EARTH_RADIUS, geodesic, great_circle
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    any_,
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
)

from salsa_ext.access.release import Reader, Statement, decide_release
from salsa_ext.boards.crossings import MAX_ROWS
from salsa_ext.boards.weekly_crossings import WEEKS, PostWeeks
from salsa_ext.core.actor import Actor
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.records.models import Record
from salsa_ext.guns import joint_seizures
from salsa_ext.guns.joint_seizures import JointReference
from salsa_ext.reference.models import Post
from salsa_ext.reference.post_sides import distance_km, grid_squares, is_near
from salsa_ext.trade.shipments.models import Checkpoint, Shipment

LOOKBACK: Final = timedelta(days=90)
OF_OTHERS: Final = -2
"""Instead of the number of a week: seizures of other states."""
CLUSTER_RATIO: Final = 0.1
"""Part of a post's radius within which seizures are one place of its map."""
Coordinates = tuple[float, float]


class SeizedItem(NamedTuple):
    """A seized item, as a board counts it."""

    type: str | None
    category: str
    quantity: Decimal


@dataclass(frozen=True)
class NearSeizure:
    """A seizure near a post or along a route.

    `distance_km` is None if unknown. `at` is its position; None if unknown or withheld from the
    reader. `joint` names the joint seizures. `is_near` if within the post's radius.
    """

    seizure: Seizure
    items: Sequence[SeizedItem]
    distance_km: float | None
    at: Coordinates | None
    is_near: bool
    joint: JointReference | None = None

    @property
    def of_type(self) -> dict[str, int]:
        """Return the number of items by type."""
        return Counter(item.type or "unknown" for item in self.items)

    @property
    def firearms(self) -> int:
        """Return the number of firearms."""
        return sum(int(item.quantity) for item in self.items if item.category == "firearm")


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


def board_seizures(
    actor: Actor, post: Post, today: date, corridors: Sequence[Corridor]
) -> tuple[list[NearSeizure], list[NearSeizure]]:
    """Return the newest own seizures of 90 days, near the post and along its routes only."""
    near = is_near(post, Seizure)
    queries = [_newest(actor, today, literal(True), near)]
    if corridors:
        elsewhere = func.coalesce(not_(near), True)
        along = is_in_corridors(corridors, Seizure)
        queries.append(_newest(actor, today, literal(False), along, elsewhere))
    listed = union_all(*queries).subquery()
    query = (
        select(Seizure, listed.c.is_near, distance_km(post, Seizure.latitude, Seizure.longitude))
        .join(listed, and_(listed.c.id == Seizure.id, listed.c.version == Seizure.version))
        .order_by(Seizure.occurred_on.desc(), Seizure.id)
    )
    rows = db.session.execute(query).all()
    items = _items_by_seizure([row.id for row, *_ in rows])
    joints = joint_seizures.find_references(row for row, *_ in rows)
    reader = Reader(actor.state, actor.role, actor.now().date())
    seizures = []
    for row, is_at_post, away in rows:
        statement = Statement(row.owner_state, concerns=actor.state in row.concerned)
        is_known = row.latitude is not None and row.longitude is not None
        is_shown = is_known and decide_release("place", statement, reader).allowed
        at = (row.latitude, row.longitude) if is_shown else None
        distance = None if away is None else round(away, 1)
        joint = joints.get(row.id)
        seizures.append(NearSeizure(row, items[row.id], distance, at, is_at_post, joint))
    return (
        [seizure for seizure in seizures if seizure.is_near],
        [seizure for seizure in seizures if not seizure.is_near],
    )


def _newest(
    actor: Actor, today: date, is_at_post: ColumnElement[bool], *conditions: ColumnElement[bool]
) -> Select[Any]:
    query = _own_seizures(actor, today - LOOKBACK).where(Seizure.status == "standing", *conditions)
    columns: tuple[Any, ...] = (Seizure.id, Seizure.version, is_at_post.label("is_near"))
    return (
        query.with_only_columns(*columns)
        .order_by(Seizure.occurred_on.desc(), Seizure.id)
        .limit(MAX_ROWS)
    )


def _items_by_seizure(ids: Sequence[UUID]) -> Mapping[UUID, list[SeizedItem]]:
    items: dict[UUID, list[SeizedItem]] = defaultdict(list)
    if ids:
        columns = [getattr(Record, name) for name in SeizedItem._fields]
        query = select_current(Record).where(Record.document_id.in_(ids))
        query = query.with_only_columns(Record.document_id, *columns)
        for seizure_id, *item in db.session.execute(query.order_by(Record.line, Record.id)):
            items[seizure_id].append(SeizedItem(*item))
    return items


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


def group_places(post: Post, seizures: Iterable[NearSeizure]) -> list[SeizurePlace]:
    """Group seizures into places, in order of the lists."""
    places: list[SeizurePlace] = []
    for seizure in seizures:
        if seizure.at is None:
            continue
        precision = seizure.seizure.precision
        for number, place in enumerate(places):
            away = geodesic((place.latitude, place.longitude), seizure.at).km
            if place.is_near == seizure.is_near and away <= CLUSTER_RATIO * post.radius_km:
                within = max(away + (precision or 0.0), place.within_km or 0.0)
                places[number] = replace(
                    place, seizures=[*place.seizures, seizure], within_km=round(within, 1) or None
                )
                break
        else:
            places.append(SeizurePlace(*seizure.at, precision, seizure.is_near, [seizure]))
    return places


@dataclass(frozen=True)
class WeeklySeizures:
    """Number of own seizures near a post, and firearms, in a week."""

    seizures: int = 0
    firearms: int = 0


def count_by_week(actor: Actor, post: Post, weeks: PostWeeks) -> tuple[list[WeeklySeizures], int]:
    """Return own seizures within the radius by week, and the number of joint ones of others."""
    week = weeks.column(Seizure.occurred_on, lambda day: day)
    near = _own_seizures(actor, weeks.first_days[0]).where(
        Seizure.status == "standing", is_near(post, Seizure)
    )
    own = near.with_only_columns(Seizure.id, week.label("week")).cte("own")
    own = own.prefix_with("MATERIALIZED")
    of_own = Record.document_id == any_(func.array(select(own.c.id).scalar_subquery()))
    guns = (
        select_current(Record)
        .where(of_own, Record.category == "firearm")
        .with_only_columns(Record.document_id, func.sum(Record.quantity).label("guns"))
        .group_by(Record.document_id)
        .cte("gun")
        .prefix_with("MATERIALIZED")
    )
    joint = select_current(Seizure).where(
        is_near(post, Seizure),
        Seizure.occurred_on >= weeks.today - LOOKBACK,
        Seizure.owner_state != actor.state,
        func.cardinality(Seizure.concerned) > 1,
    )
    seized = union_all(
        select(own.c.week, guns.c.guns).outerjoin(guns, guns.c.document_id == own.c.id),
        joint.with_only_columns(literal(OF_OTHERS), literal(0)),
    ).subquery()
    query = select(seized.c.week, func.count(), func.sum(seized.c.guns)).group_by(seized.c.week)
    counts = {
        at: WeeklySeizures(number, int(firearms or 0))
        for at, number, firearms in db.session.execute(query)
    }
    joint_of_others = counts.get(OF_OTHERS, WeeklySeizures()).seizures
    return [counts.get(at, WeeklySeizures()) for at in range(WEEKS)], joint_of_others


STEP_KM: Final = 20.0
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Corridor:
    """The band along the way between two consecutive posts of a route. `width_km` on each side."""

    start: Post
    end: Post
    width_km: int


def build_corridors(post: Post, routes: Iterable[Sequence[str]]) -> list[Corridor]:
    """Return the corridors of routes, once for both directions. A route of a single post has none."""
    routes = [*routes]
    codes = {code for route in routes if len(route) > 1 for code in route}
    rows = db.session.scalars(select(Post).where(Post.code.in_(codes))) if codes else ()
    return corridors_between(post, routes, {row.code: row for row in rows})


def corridors_between(
    post: Post, routes: Iterable[Sequence[str]], posts: Mapping[str, Post]
) -> list[Corridor]:
    """Return the corridors of routes between known posts."""
    pairs = {(min(pair), max(pair)) for route in routes for pair in pairwise(route)}
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
    """Return the SQL condition for rows in one of the corridors."""
    return and_(
        model.square.in_(squares_of_corridors(corridors)),
        or_(False, *(_is_in_corridor(corridor, model) for corridor in corridors)),
    )


def _is_in_corridor(corridor: Corridor, model: Any) -> ColumnElement[bool]:
    """Return the condition: near the great circle and between its ends."""
    start, end = (_vector(post.latitude, post.longitude) for post in (corridor.start, corridor.end))
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
        ends = ((post.latitude, post.longitude) for post in (corridor.start, corridor.end))
        squares |= _squares_between(*ends, corridor.width_km)
    return sorted(squares)


@lru_cache(maxsize=2_000)
def _squares_between(start: Coordinates, end: Coordinates, width_km: int) -> frozenset[int]:
    first, last, squares = _vector(*start), _vector(*end), set[int]()
    steps = 1 + floor(great_circle(start, end).km / STEP_KM)
    high = (width_km + STEP_KM) / 110
    for step in range(steps + 1):
        x, y, z = (a + (b - a) * step / steps for a, b in zip(first, last, strict=True))
        x, y, z = _unit_vector((x, y, z))
        north, east = degrees(asin(z)), degrees(atan2(y, x))
        wide = high / max(cos(radians(north)), 0.1)
        squares.update(grid_squares(north - high, east - wide, north + high, east + wide))
    return frozenset(squares)


def _dot_product(vector: Vector, model: Any) -> Any:
    latitude, longitude = func.radians(model.latitude), func.radians(model.longitude)
    return (
        vector[0] * func.cos(latitude) * func.cos(longitude)
        + vector[1] * func.cos(latitude) * func.sin(longitude)
        + vector[2] * func.sin(latitude)
    )


def _vector(latitude: float, longitude: float) -> Vector:
    north, east = radians(latitude), radians(longitude)
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)


def _cross_product(first: Vector, second: Vector) -> Vector:
    (x, y, z), (a, b, c) = first, second
    return y * c - z * b, z * a - x * c, x * b - y * a


def _unit_vector(vector: Vector) -> Vector:
    length = hypot(*vector)
    x, y, z = (part / length for part in vector)
    return x, y, z
