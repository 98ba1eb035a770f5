"""The board of a border post: what should arrive, what is late, what was found near by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.errors import Forbidden, say
from salsa_ext.models import Permit, Post, Record, Seizure, Shipment, Trace
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.nearby import distance_km, is_near
from salsa_ext.readmodels.permits import PermitView, views
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.readmodels.reference import get_post
from salsa_ext.readmodels.shipments import UNDER_WAY, ShipmentView
from salsa_ext.readmodels.shipments import views as shipment_views
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor
from salsa_ext.values.zones import date_in

AHEAD: Final = timedelta(days=7)
BACK: Final = timedelta(days=90)
EXPIRING: Final = timedelta(days=30)
MOST: Final = 50


@dataclass(frozen=True)
class NearSeizure:
    """A seizure within the post's radius, with its distance in kilometres."""

    seizure: Seizure
    items: Sequence[RecordView]
    distance_km: float


@dataclass(frozen=True)
class Board:
    """What the officers of one side see; rows of the other state only where they concern theirs.

    `today` is the day at their side. Of seizures that another state made jointly with theirs the
    figures give the number alone: each is read for a purpose, and its owner learns who read it.
    """

    post: Post
    as_of: datetime
    today: date
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
    today = date_in(now, post.zone_a if actor.state == post.state_a else post.zone_b)
    return Board(
        post=post,
        as_of=now,
        today=today,
        due=_shipments(actor, post, Shipment.due_at.between(now, now + AHEAD)),
        late=_shipments(actor, post, Shipment.due_at < now),
        expiring=_expiring(actor, post, today),
        seizures=_seizures(actor, post, today),
        traces=_traces(actor),
        figures=_figures(actor, post, today),
    )


def _shipments(actor: Actor, post: Post, when: Any) -> list[ShipmentView]:
    query = select(Shipment).where(
        Shipment.posts.contains([post.code]), Shipment.status.in_((*UNDER_WAY, "held")), when
    )
    return shipment_views(
        actor, db.session.scalars(query.order_by(Shipment.due_at).limit(MOST)).all()
    )


def _expiring(actor: Actor, post: Post, today: date) -> list[PermitView]:
    sides = (post.state_a, post.state_b)
    query = select(Permit).where(
        Permit.exporting_state.in_(sides), Permit.importing_state.in_(sides),
        Permit.status == "issued", Permit.last_day.between(today, today + EXPIRING),
    )  # fmt: skip
    return views(actor, db.session.scalars(query.order_by(Permit.last_day).limit(MOST)).all())


def _near(post: Post, since: date) -> Any:
    """Return a query of the seizures near by, since a day."""
    within = is_near(post, Seizure.latitude, Seizure.longitude)
    return current(Seizure).where(within, Seizure.occurred_on >= since)


def _own(actor: Actor, post: Post, since: date) -> Any:
    return _near(post, since).where(Seizure.owner_state == actor.state)


def _seizures(actor: Actor, post: Post, today: date) -> list[NearSeizure]:
    """Return the newest of what the own state seized near by."""
    away = distance_km(post, Seizure.latitude, Seizure.longitude)
    newest = _own(actor, post, today - BACK).order_by(Seizure.occurred_on.desc(), Seizure.id)
    rows = db.session.execute(newest.add_columns(away).limit(MOST)).all()
    items = of_documents([row.id for row, _ in rows])
    return [NearSeizure(row, items[row.id], round(distance, 1)) for row, distance in rows]


def _traces(actor: Actor) -> dict[str, int]:
    waiting = Trace.status.in_(("sent", "in_progress"))
    rows = db.session.execute(
        select(Trace.priority, func.count())
        .where(Trace.owner_state == actor.state, waiting)
        .group_by(Trace.priority)
    )
    return {priority: int(count) for priority, count in rows}


def _figures(actor: Actor, post: Post, today: date) -> dict[str, int]:
    """Count the firearms that the own state seized near by, and the joint seizures of others."""
    began = today - timedelta(days=6)
    near = _own(actor, post, began - timedelta(days=7)).subquery()
    is_new, guns = near.c.occurred_on >= began, func.sum(Record.quantity)
    of_week = current(Record).join(near, near.c.id == Record.document_id)
    query = of_week.where(Record.category == "firearm").group_by(is_new)
    counted: dict[bool, Decimal] = dict(
        db.session.execute(query.with_only_columns(is_new, guns)).all()
    )
    return {
        "seized_last_7_days": int(counted.get(True, 0)),
        "seized_previous_7_days": int(counted.get(False, 0)),
        "joint_of_others_last_90_days": _joint_of_others(actor, post, today),
    }


def _joint_of_others(actor: Actor, post: Post, today: date) -> int:
    others = _near(post, today - BACK).where(Seizure.owner_state != actor.state)
    return db.session.scalar(select(func.count()).select_from(others.subquery())) or 0
