"""Which alerts a search may show: those of the own state, and those that other states show to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import ask, db
from salsa_ext.matching.events import ALERT
from salsa_ext.models import Alert
from salsa_ext.readmodels.marks import Held
from salsa_ext.readmodels.records import RecordView
from salsa_ext.values.actor import Actor

SILENT: Final = "silent"
SHOWN: Final = "SELECT record_id FROM alert WHERE record_id = ANY(%(records)s::uuid[])"


def as_shown(actor: Actor, held: Iterable[Held]) -> list[Held]:
    """Return held marks, with those of alerts that the actor's state is not shown as `silent`.

    The database is asked whether there is another state's alert among them or not, in the same
    words: that it is asked would tell of one. An alert that lets its gun pass is silent in its own
    state too.
    """
    kept = list(held)
    others = {
        one.record_id for one in kept
        if one.event == ALERT and one.state != actor.state and one.visibility != SILENT
    }  # fmt: skip
    rows = ask(SHOWN, {"records": [str(one) for one in others]}).fetchall()
    shown = {UUID(str(record)) for (record,) in rows}
    return [
        one._replace(visibility=SILENT) if one.record_id in others - shown else one for one in kept
    ]


def hides(view: RecordView) -> bool:
    """Tell whether another state's record is of an alert that does not show to the one who asks."""
    record = view.record
    if record.event != ALERT:
        return False
    shown = select(Alert.id).where(Alert.record_id == record.id)
    return db.session.scalar(shown) is None


def is_unseen(held: Held) -> bool:
    """Tell whether nobody who asks may see any sign of a mark: that of an alert which is silent."""
    return held.event == ALERT and held.visibility == SILENT
