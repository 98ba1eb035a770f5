"""The states that take part."""

from __future__ import annotations

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.models import State


def participants() -> list[str]:
    """Return the codes of the participating states, in order."""
    wanted = select(State.code).where(State.is_participant).order_by(State.code)
    return list(db.session.scalars(wanted))
