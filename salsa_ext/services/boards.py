"""What is kept of boards of border posts, and for how long."""

from __future__ import annotations

from sqlalchemy import text

from salsa_ext.db import db


def forget() -> int:
    """Forget what changed on boards more than a day ago; returns how many changes."""
    return int(db.session.scalar(text("SELECT salsa_forget_board_changes()")) or 0)
