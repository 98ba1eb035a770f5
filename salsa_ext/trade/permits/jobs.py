"""Background job: permits overdue for a counterpart.

CIFTA I: a movement is illicit trafficking if any state concerned has not authorised it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import exists, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.jobs.runner import DueJob
from salsa_ext.reference import state_settings
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.permits import classification, families
from salsa_ext.trade.permits.models import Permit

BATCH_SIZE: Final = 200


def check_overdue_counterparts(*, actor: Actor) -> int:
    """Raise discrepancies for own permits without counterpart; return the count.

    The waiting time is a setting of the state (`counterpart_days`). Safe to repeat and to run
    concurrently.
    """
    require(actor, Permission.PERMIT_RECORD)
    state = actor.own_state()
    patience = timedelta(days=state_settings.settings_by_state([state])[state].counterpart_days)
    raised = exists().where(
        Discrepancy.subject_id == Permit.id, Discrepancy.kind == "missing_counterpart"
    )
    overdue = select(Permit).where(
        Permit.owner_state == state,
        Permit.status == "issued",
        Permit.findings.contains([{"code": "awaiting_counterpart"}]),
        Permit.recorded_at < actor.now() - patience,
        ~raised,
    )
    permits = list(db.session.scalars(overdue.order_by(Permit.id).limit(BATCH_SIZE)))
    if permits:
        families.lock_permits(actor, permits)
        classification.reclassify(actor, permits)
    return len(permits)


JOBS: Final = (
    # a permit that is found again at once waits for the next day: it is looked at hourly
    DueJob("permits", timedelta(hours=1), check_overdue_counterparts, repeats=False),
)
