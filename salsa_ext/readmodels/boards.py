"""The board of a border post: what should arrive, what is late, what was found near by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, radians
from typing import Any, Final

from geopy.distance import geodesic
from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.errors import Forbidden, say
from salsa_ext.models import Permit, Post, Seizure, Shipment, Trace
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.permits import PermitView, views
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.readmodels.reference import get_post
from salsa_ext.readmodels.shipments import UNDER_WAY, ShipmentView
from salsa_ext.readmodels.shipments import views as shipment_views
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor

AHEAD: Final = timedelta(days=7)
BACK: Final = timedelta(days=90)
EXPIRING: Final = timedelta(days=30)
MOST: Final = 50
KM_PER_DEGREE: Final = 111.2


@dataclass(frozen=True)
class NearSeizure:
    """A seizure within the post's radius, with its geodesic distance in kilometres."""

    seizure: Seizure
    items: Sequence[RecordView]
    distance_km: float


@dataclass(frozen=True)
class Board:
    """What the officers of one side see; rows of the other state only where they concern theirs."""

    post: Post
    as_of: datetime
    due: Sequence[ShipmentView]
    late: Sequence[ShipmentView]
    expiring: Sequence[PermitView]
    seizures: Sequence[NearSeizure]
    traces: dict[str, int]
    figures: dict[str, int]


def get_board(actor: Actor, code: str) -> Board:
    """Return the board of a post of which the own state is a side; raises NotFound, Forbidden."""
    require(actor, Permission.BOARD_READ)
    post = get_post(actor, code)
    if actor.state not in (post.state_a, post.state_b):
        raise Forbidden(say("Your state is not a side of this post."))
    now = actor.now()
    near = _seizures(post, now)
    return Board(
        post=post,
        as_of=now,
        due=_shipments(actor, post, Shipment.due_at.between(now, now + AHEAD)),
        late=_shipments(actor, post, Shipment.due_at < now),
        expiring=_expiring(actor, post, now),
        seizures=near[:MOST],
        traces=_traces(actor),
        figures=_figures(near, now),
    )


def _shipments(actor: Actor, post: Post, when: Any) -> list[ShipmentView]:
    query = select(Shipment).where(
        Shipment.posts.contains([post.code]), Shipment.status.in_((*UNDER_WAY, "held")), when
    )
    return shipment_views(
        actor, db.session.scalars(query.order_by(Shipment.due_at).limit(MOST)).all()
    )


def _expiring(actor: Actor, post: Post, now: datetime) -> list[PermitView]:
    sides, today = (post.state_a, post.state_b), now.date()
    last_day = func.least(Permit.expires_on, Permit.latest_import_on)
    query = select(Permit).where(
        Permit.exporting_state.in_(sides), Permit.importing_state.in_(sides),
        Permit.status == "issued", last_day.between(today, today + EXPIRING),
    )  # fmt: skip
    return views(actor, db.session.scalars(query.order_by(last_day).limit(MOST)).all())


def _seizures(post: Post, now: datetime) -> list[NearSeizure]:
    """Return what was seized near by: a box by index first, then the exact distance."""
    high = post.radius_km / KM_PER_DEGREE
    wide = high / max(cos(radians(post.latitude)), 0.1)
    query = current(Seizure).where(
        Seizure.latitude.between(post.latitude - high, post.latitude + high),
        Seizure.longitude.between(post.longitude - wide, post.longitude + wide),
        Seizure.occurred_on >= (now - BACK).date(),
    )
    rows = db.session.scalars(query.order_by(Seizure.occurred_on.desc(), Seizure.id)).all()
    items = of_documents([row.id for row in rows])
    here = (post.latitude, post.longitude)
    near = [
        NearSeizure(row, items[row.id], round(geodesic(here, (row.latitude, row.longitude)).km, 1))
        for row in rows
    ]
    return [seizure for seizure in near if seizure.distance_km <= post.radius_km]


def _traces(actor: Actor) -> dict[str, int]:
    waiting = Trace.status.in_(("sent", "in_progress"))
    rows = db.session.execute(
        select(Trace.priority, func.count())
        .where(Trace.owner_state == actor.state, waiting)
        .group_by(Trace.priority)
    )
    return {priority: int(count) for priority, count in rows}


def _figures(near: Sequence[NearSeizure], now: datetime) -> dict[str, int]:
    """Count the guns seized near by in the last seven days, and in the seven before."""
    ages = [
        ((now.date() - seizure.seizure.occurred_on).days, len(seizure.items)) for seizure in near
    ]
    return {
        "seized_last_7_days": sum(items for age, items in ages if age < 7),
        "seized_previous_7_days": sum(items for age, items in ages if 7 <= age < 14),
    }
