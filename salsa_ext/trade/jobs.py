"""What follows from permits, shipments and statements: each state writes its own side."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import AuditEntry
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.jobs.changes import Change
from salsa_ext.jobs.runner import ChangeJob, DueJob, Job
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import Notice
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.permits import classification
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.shipments import refresh
from salsa_ext.trade.shipments.models import Shipment


class NoticeOfAction(NamedTuple):
    """A notice of an action, with values of its audit entry.

    `to` is `others` than the state that acted, `all`, or the column of the one state notified.
    """

    code: str
    values: tuple[str, ...] = ()
    to: str = "others"


SUBJECTS: Final[dict[str, Any]] = {
    "permit": Permit,
    "shipment": Shipment,
    "discrepancy": Discrepancy,
}
NOTICES: Final = {
    Action.PERMIT_PROPOSED: NoticeOfAction("permit_to_approve", to="all"),
    Action.PERMIT_RETURNED: NoticeOfAction("permit_returned", to="all"),
    Action.PERMIT_RECORDED: NoticeOfAction("permit_posted"),
    Action.PERMIT_CANCELLED: NoticeOfAction("permit_cancelled"),
    Action.PERMIT_SUSPENDED: NoticeOfAction("permit_suspended"),
    Action.PERMIT_REINSTATED: NoticeOfAction("permit_reinstated"),
    Action.PERMIT_AMENDED: NoticeOfAction("permit_amended"),
    Action.PERMIT_REPLACED: NoticeOfAction("permit_replaced"),
    Action.SHIPMENT_RECORDED: NoticeOfAction("shipment_posted"),
    Action.SHIPMENT_RELEASED: NoticeOfAction("shipment_released"),
    Action.SHIPMENT_AMENDED: NoticeOfAction("shipment_amended", ("fields",)),
    Action.SHIPMENT_CANCELLED: NoticeOfAction("shipment_cancelled"),
    Action.SHIPMENT_HELD: NoticeOfAction("shipment_held"),
    Action.SHIPMENT_RESUMED: NoticeOfAction("shipment_resumed"),
    Action.SHIPMENT_RETURNED: NoticeOfAction("shipment_returned"),
    Action.INCIDENT_RECORDED: NoticeOfAction("shipment_incident", ("kind",)),
    Action.RECEIPT_ASKED: NoticeOfAction("receipt_asked", ("due_on",), "importing_state"),
    Action.RECEIPT_CONFIRMED: NoticeOfAction("receipt_confirmed", ("status",), "exporting_state"),
    Action.RECEIPT_CORRECTED: NoticeOfAction("receipt_corrected", ("status",), "exporting_state"),
} | {  # the own state too (Model Regulations 9.10)
    action: NoticeOfAction(action.value.replace(":", "_"), ("kind", "subject"), "all")
    for action in (
        Action.DISCREPANCY_RAISED,
        Action.DISCREPANCY_EXPLAINED,
        Action.DISCREPANCY_AGREED,
        Action.DISCREPANCY_RESOLVED,
        Action.DISCREPANCY_REOPENED,
    )
}


def notify_of_changes(actor: Actor, changes: Sequence[Change]) -> None:
    """Notify the own state of what it or others changed."""
    causes = [change.cause for change in changes]
    columns = (AuditEntry.id, AuditEntry.owner_state, AuditEntry.data)
    entries = db.session.execute(select(*columns).where(AuditEntry.id.in_(causes)))
    by_cause = {cause: (writer, data) for cause, writer, data in entries}
    rows: dict[UUID, Any] = {}
    for kind, model in SUBJECTS.items():
        if ids := [change.object_id for change in changes if change.kind == kind]:
            subjects = db.session.scalars(select(model).where(model.id.in_(ids)))
            rows |= {row.id: row for row in subjects}
    notify_many(
        actor,
        [
            Notice(actor.own_state(), code, rows[change.object_id], data)
            for change in changes
            if change.cause in by_cause and change.object_id in rows
            for code, data in _codes(
                actor.own_state(), change.action, rows[change.object_id], *by_cause[change.cause]
            )
        ],
    )


def _codes(
    state: str, action: Action, subject: Any, writer: str, data: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield codes and data of the notices that an action of `writer` brings to a state."""
    if action is Action.CHECKPOINT_RECORDED and state != writer:
        tick = {name: data[name] for name in ("stage", "outcome")}
        if tick["outcome"] != "passed":
            yield "shipment_held", tick
            return
        if state in data.get("held_by", ()):
            yield "shipment_passed_held", tick | {"by": writer}
        if tick["stage"] == "entry":
            yield "shipment_arrived", tick
    elif notice := NOTICES.get(action):
        is_notified = {"others": state != writer, "all": True}
        if is_notified.get(notice.to, getattr(subject, notice.to, None) == state):
            yield notice.code, {name: data[name] for name in notice.values}


def _update_discrepancies(actor: Actor, changes: Sequence[Change]) -> None:
    discrepancy_commands.update_statuses(actor, {change.object_id for change in changes})


UPDATE_SHIPMENTS: Final = ChangeJob(
    "update_shipments", ("shipment", "permit"), refresh.follow_changes, 300
)
JOBS: Final[tuple[Job, ...]] = (
    ChangeJob("compare_permits", ("permit", "licensee"), classification.follow_changes, 500),
    UPDATE_SHIPMENTS,
    ChangeJob("update_discrepancies", ("discrepancy",), _update_discrepancies),
    ChangeJob("notify_of_trade", ("permit", "shipment", "discrepancy"), notify_of_changes, 500),
    DueJob("shipments", timedelta(minutes=1), refresh.update_due_shipments),
    DueJob("permits", timedelta(hours=1), classification.check_overdue_counterparts),
)
