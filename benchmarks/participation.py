"""Participation for benchmarks and tests: each register of each state is complete."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import create_engine, pool, select
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.core.codes import REGISTERS
from salsa_ext.core.ids import new_id
from salsa_ext.reference.models import State
from salsa_ext.reference.participation.models import Participation


def declare_registers(owner_url: str) -> None:
    """Declare each register of each state complete, with the service answering.

    As the owner of the tables: no audit holds it. What was declared before stays.
    """
    first = {"version": 1, "mode": "service", "complete": True, "makes": []}
    first |= {"since": date(2000, 1, 1), "declared_at": datetime(2000, 1, 1, tzinfo=UTC)}
    engine = create_engine(owner_url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        states = connection.scalars(select(State.code).where(State.is_participant)).all()
        rows = [
            {"id": new_id(), "owner_state": state, "register": register} | first
            for state in states
            for register in REGISTERS
        ]
        connection.execute(insert(Participation).on_conflict_do_nothing(), rows)
