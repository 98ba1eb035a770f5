"""Visibility of alerts in a search: own ones, and those shared."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from salsa_ext.alerts.models import Alert
from salsa_ext.database.session import db
from salsa_ext.firearms.records.event_kinds import ALERT
from salsa_ext.firearms.records.queries import RecordView
from salsa_ext.firearms.search.values import MarkHit

SILENT: Final = "silent"


def is_hidden_alert(view: RecordView) -> bool:
    """Return whether a record is another state's alert hidden from the asker."""
    if view.record.event != ALERT:
        return False
    visible = select(Alert.id).where(Alert.record_id == view.record.id)
    return db.session.scalar(visible) is None


def is_silent_alert(hit: MarkHit) -> bool:
    """Return whether a hit is a silent alert, hidden from every asker."""
    return hit.event == ALERT and hit.visibility == SILENT
