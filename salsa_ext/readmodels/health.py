"""Whether the database is there, and at the version that this code needs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import text

from salsa_ext.db import db

HEAD = Path(__file__).parents[2] / "migrations" / ".current-head"


@cache
def wanted_revision() -> str:
    """Return the revision that this version needs."""
    return HEAD.read_text().strip()


def is_ready() -> bool:
    """Tell whether requests can be answered; raises what the driver raises where it is gone."""
    standing: str | None = db.session.scalar(text("SELECT salsa_revision()"))
    return standing == wanted_revision()
