"""Agencies and registers of every state, for tests that record documents and open accounts."""

from sqlalchemy import create_engine, insert, pool, select

from benchmarks.trade_data import declare_registers
from salsa_ext.core.ids import new_id
from salsa_ext.reference.models import Agency, State

KINDS = {"POLICE": "police", "LICENSING": "licensing", "TEST": "specialised_unit"}


def register(owner_url: str) -> None:
    """Let every state have its police, licensing authority and one for tests, and take part.

    Written by the owner of the tables, so that no audit of a test holds it.
    """
    engine = create_engine(owner_url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        states = connection.scalars(select(State.code).where(State.is_participant)).all()
        connection.execute(
            insert(Agency),
            [
                _row(f"{state}-{name}", state, kind)
                for state in states
                for name, kind in KINDS.items()
            ]
            + [_row("SECRETARIAT", None, "secretariat")],
        )
    declare_registers(owner_url)


def _row(code: str, state: str | None, kind: str) -> dict[str, object]:
    return {
        "id": new_id(),
        "code": code,
        "owner_state": state,
        "kind": kind,
        "name": code,
        "time_zone": "UTC",
    }
