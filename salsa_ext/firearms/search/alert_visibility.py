"""Visibility of alerts in a search: own ones, and those shared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.alerts.models import Alert
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db, execute_raw
from salsa_ext.firearms.records.event_kinds import ALERT
from salsa_ext.firearms.records.queries import RecordView
from salsa_ext.firearms.search.values import MarkHit

SILENT: Final = "silent"
VISIBLE_ALERTS_SQL: Final = "SELECT record_id FROM alert WHERE record_id = ANY(%(records)s::uuid[])"


def with_alert_visibility(actor: Actor, hits: Iterable[MarkHit]) -> list[MarkHit]:
    """Return the hits; alerts not shared with the actor's state become `silent`.

    The query runs whether there is such an alert or not: running it would reveal one. An alert that
    lets its gun pass is silent in its own state too.
    """
    all_hits = list(hits)
    others = {
        hit.record_id
        for hit in all_hits
        if hit.event == ALERT and hit.state != actor.state and hit.visibility != SILENT
    }
    rows = execute_raw(VISIBLE_ALERTS_SQL, {"records": [str(record) for record in others]})
    hidden = others - {UUID(str(record)) for (record,) in rows.fetchall()}
    return [hit._replace(visibility=SILENT) if hit.record_id in hidden else hit for hit in all_hits]


def is_hidden_alert(view: RecordView) -> bool:
    """Return whether a record is another state's alert hidden from the asker."""
    if view.record.event != ALERT:
        return False
    visible = select(Alert.id).where(Alert.record_id == view.record.id)
    return db.session.scalar(visible) is None


def is_silent_alert(hit: MarkHit) -> bool:
    """Return whether a hit is a silent alert, hidden from every asker."""
    return hit.event == ALERT and hit.visibility == SILENT
