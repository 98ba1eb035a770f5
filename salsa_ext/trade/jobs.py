"""What follows from permits, shipments and statements: each state writes its own side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from salsa_ext.core.actor import Actor
from salsa_ext.jobs.changes import Change
from salsa_ext.jobs.runner import ChangeJob, DueJob, Job
from salsa_ext.trade import notices
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.permits import classification
from salsa_ext.trade.shipments import refresh


def _update_discrepancies(actor: Actor, changes: Sequence[Change]) -> None:
    discrepancy_commands.update_statuses(actor, {change.object_id for change in changes})


UPDATE_SHIPMENTS: Final = ChangeJob(
    "update_shipments", ("shipment", "permit"), refresh.follow_changes, 300
)
JOBS: Final[tuple[Job, ...]] = (
    ChangeJob("compare_permits", ("permit", "licensee"), classification.follow_changes, 500),
    UPDATE_SHIPMENTS,
    ChangeJob("update_discrepancies", ("discrepancy",), _update_discrepancies),
    ChangeJob(
        "notify_of_trade", ("permit", "shipment", "discrepancy"), notices.notify_of_changes, 500
    ),
    DueJob("shipments", timedelta(minutes=1), refresh.update_due_shipments),
    DueJob("permits", timedelta(hours=1), classification.check_overdue_counterparts),
)
