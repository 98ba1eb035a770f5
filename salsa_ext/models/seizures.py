"""Seizures: firearms seized, found or surrendered on one occasion."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CHAR, Computed, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Occurring, Owned, Versioned

JOINT = text("cardinality(concerned) > 1")


class Seizure(Owned, Versioned, Occurring, Base):
    """One occasion; each item is a record.

    `square` is a quarter of a degree each way: what lies near a place is found by it and the day.
    """

    __tablename__ = "seizure"
    __table_args__ = (
        Index(None, "owner_state", "number"),
        Index(None, "owner_state", "id"),
        Index("ix_seizure_owner_square", "owner_state", "square", "occurred_on"),
        Index("ix_seizure_owner_post", "owner_state", "post", "occurred_on"),
        Index("ix_seizure_joint_square", "square", "occurred_on", postgresql_where=JOINT),
        Index("ix_seizure_joint_post", "post", "occurred_on", postgresql_where=JOINT),
        Index(None, "number"),
        Index("ix_seizure_concerned", "concerned", postgresql_using="gin"),
    )
    number: Mapped[str]
    kind: Mapped[str]
    agency: Mapped[str]
    post: Mapped[str | None]
    country: Mapped[str] = mapped_column(CHAR(3))
    place_name: Mapped[str | None] = mapped_column(info={"pii": "link"})
    admin1: Mapped[str | None]
    latitude: Mapped[float | None] = mapped_column(info={"pii": "link"})
    longitude: Mapped[float | None] = mapped_column(info={"pii": "link"})
    precision: Mapped[float | None]
    legal_grounds: Mapped[list[str]]
    crime_context: Mapped[list[str]]
    details: Mapped[dict[str, Any]]
    square: Mapped[int | None] = mapped_column(
        Computed("floor(latitude * 4)::integer * 10000 + floor(longitude * 4)::integer"),
        sort_order=99,
    )
