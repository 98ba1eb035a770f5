"""What the two sides of a border post ticked on a day, to be found again after it is no longer due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.models import Checkpoint, Post, Shipment
from salsa_ext.readmodels.crossings import MOST


@dataclass(frozen=True)
class Passage:
    """A tick with the shipment that it is of; `tick.owner_state` says whose word it is."""

    tick: Checkpoint
    shipment: Shipment


def on_day(post: Post, today: date, zone: str) -> Sequence[Passage]:
    """Return what was ticked at a post since a day began at the reader's side, the newest first.

    Of what concerns the reader's state, and no more than the first `MOST`.
    """
    began = datetime.combine(today, time.min, ZoneInfo(zone))
    rows = db.session.execute(
        select(Checkpoint, Shipment)
        .join(Shipment, Shipment.id == Checkpoint.shipment_id)
        .where(Checkpoint.post == post.code, Checkpoint.occurred_at >= began)
        .order_by(Checkpoint.occurred_at.desc(), Checkpoint.id.desc())
        .limit(MOST)
    )
    return [Passage(tick, shipment) for tick, shipment in rows]
