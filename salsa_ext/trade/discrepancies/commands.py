"""Commands on discrepancies: raised and resolved by facts, discussed by states."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.access.audit import AuditEvent, append, audit_event
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, NotFound
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import check_version
from salsa_ext.database.session import db, read_row
from salsa_ext.notifications import commands as notification_commands
from salsa_ext.notifications.notice_rules import AssigneeData
from salsa_ext.trade.discrepancies.models import Discrepancy, DiscrepancyAssignment, Statement
from salsa_ext.trade.discrepancies.queries import view_statements
from salsa_ext.trade.discrepancies.values import UNRESOLVED_STATUSES, Irregularity, StatementData
from salsa_ext.trade.event_log import NewEvent, add_events
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.shipments.models import Shipment

DiscrepancySubject = Permit | Shipment
IrregularitiesBySubject = Mapping[DiscrepancySubject, Collection[Irregularity]]
LOCK_DISCREPANCY: Final = text("SELECT * FROM salsa_lock_discrepancy(:id, :at)")


def update_discrepancies(
    actor: Actor,
    subjects: IrregularitiesBySubject,
    kinds: Collection[str],
    causes: Mapping[UUID, Actor] | None = None,
) -> list[Discrepancy]:
    """Raise, resolve and reopen discrepancies of own subjects to match their irregularities.

    For each subject, `kinds` limits what is replaced. New irregularities are raised, absent ones
    resolved; returning or changed ones are reopened, which ends all statements on them. `causes` are
    the actors of what a change of a subject caused. The caller locks the subjects. Safe to repeat.
    Returns the changed discrepancies.
    """
    now = actor.now()
    query = select(Discrepancy).where(
        Discrepancy.subject_id.in_([subject.id for subject in subjects]),
        Discrepancy.kind.in_(kinds),
    )
    query = query.order_by(Discrepancy.id).with_for_update()  # states explain them meanwhile
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    known = {(row.subject_id, row.kind, row.key): row for row in rows}
    new, changes = [], []
    for subject, irregularities in subjects.items():
        for irregularity in irregularities:
            row = known.pop((subject.id, irregularity.kind, irregularity.key), None)
            if row is None:
                new.append(_discrepancy_row(subject, irregularity, now))
            elif row.status == "resolved" or row.data != dict(irregularity.data):
                row.data, row.status = dict(irregularity.data), "reopened"
                row.reopened_version = row.version + 1
                changes.append((Action.DISCREPANCY_REOPENED, row))
    for row in known.values():
        if row.status != "resolved":
            row.status = "resolved"
            changes.append((Action.DISCREPANCY_RESOLVED, row))
    for _, row in changes:
        row.changed_at, row.version = now, row.version + 1
    insert_many(Discrepancy, new)
    changes += [(Action.DISCREPANCY_RAISED, Discrepancy(**values)) for values in new]
    for action, row in changes:
        by = (causes or {}).get(row.subject_id, actor)
        append(by, audit_event(action, row, kind=row.kind, subject=str(row.subject_id)))
    return [row for _, row in changes]


def update_statuses(actor: Actor, discrepancy_ids: Collection[UUID]) -> None:
    """Store the status of own discrepancies on which states made statements."""
    query = select(Discrepancy).where(
        Discrepancy.id.in_(discrepancy_ids), Discrepancy.owner_state == actor.own_state()
    )
    query = query.order_by(Discrepancy.id).with_for_update()
    rows = db.session.scalars(query.execution_options(populate_existing=True)).all()
    for view in view_statements(rows):
        view.discrepancy.status = view.status


def _discrepancy_row(
    subject: DiscrepancySubject, irregularity: Irregularity, now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "owner_state": subject.owner_state,
        "concerned": list(subject.concerned),
        "version": 1,
        "kind": irregularity.kind,
        "key": irregularity.key,
        "subject_kind": type(subject).__tablename__,
        "subject_id": subject.id,
        "subject_number": subject.number,
        "status": "open",
        "data": dict(irregularity.data),
        "raised_at": now,
        "changed_at": now,
        "reopened_version": 0,
    }


def explain(
    *, actor: Actor, discrepancy_id: UUID, expected_version: int | None, data: StatementData
) -> None:
    """Explain a discrepancy for the own state; raises NotFound, StaleVersion or IllegalTransition."""
    require(actor, Permission.DISCREPANCY_WORK)
    _record_statement(actor, discrepancy_id, expected_version, "explained", data)


def agree(
    *, actor: Actor, discrepancy_id: UUID, expected_version: int | None, data: StatementData
) -> None:
    """Agree to a discrepancy; once all states agree, it is closed. Raises as `explain`."""
    require(actor, Permission.DISCREPANCY_WORK)
    _record_statement(actor, discrepancy_id, expected_version, "agreed", data)


def reopen(
    *, actor: Actor, discrepancy_id: UUID, expected_version: int | None, data: StatementData
) -> None:
    """Withdraw the own statement, with a reason. Raises as `explain`."""
    require(actor, Permission.DISCREPANCY_WORK)
    _record_statement(actor, discrepancy_id, expected_version, "open", data)


STANCES: Final = {
    "explained": ("explain", "explained", Action.DISCREPANCY_EXPLAINED, UNRESOLVED_STATUSES),
    "agreed": ("agree", "agreed", Action.DISCREPANCY_AGREED, UNRESOLVED_STATUSES),
    "open": ("reopen", "reopened", Action.DISCREPANCY_REOPENED, ("explained", "agreed")),
}
"""Verb, kind of event, audited action, and statuses that allow it."""


def _record_statement(
    actor: Actor,
    discrepancy_id: UUID,
    expected_version: int | None,
    stance: str,
    data: StatementData,
) -> None:
    """Store the own state's stance; the status follows from all states' stances."""
    verb, kind, action, allowed = STANCES[stance]
    query = select(Discrepancy).from_statement(LOCK_DISCREPANCY)
    params = {"id": discrepancy_id, "at": actor.now()}
    discrepancy = db.session.scalars(
        query.execution_options(populate_existing=True), params
    ).one_or_none()
    if discrepancy is None:
        raise NotFound("discrepancy", discrepancy_id)
    check_version(discrepancy.version - 1, expected_version)
    [view] = view_statements([discrepancy])
    if view.status not in allowed:
        raise IllegalTransition("discrepancy", view.status, verb)
    statement = {
        "discrepancy_id": discrepancy.id,
        "owner_state": actor.own_state(),
        "concerned": list(discrepancy.concerned),
        "stance": stance,
        "explanation": data.text,
        "version": discrepancy.version,
        "changed_at": actor.now(),
    }
    _upsert(Statement, statement, ("stance", "explanation", "version", "changed_at"))
    add_events(actor, [NewEvent(discrepancy, kind, data.text)])
    event_data = {"kind": discrepancy.kind, "subject": str(discrepancy.subject_id)}
    append(actor, audit_event(action, discrepancy, **event_data))


def assign(*, actor: Actor, discrepancy_id: UUID, data: AssigneeData) -> None:
    """Assign a discrepancy to an own account and notify it. Other states do not see the assignment."""
    require(actor, Permission.DISCREPANCY_WORK)
    discrepancy = read_row(Discrepancy, discrepancy_id)
    assignee = notification_commands.find_assignee(data.username, Permission.DISCREPANCY_WORK)
    assignment = {
        "discrepancy_id": discrepancy.id,
        "owner_state": actor.own_state(),
        "account_id": assignee.id,
        "assigned_at": actor.now(),
    }
    _upsert(DiscrepancyAssignment, assignment, ("account_id", "assigned_at"))
    notification_commands.notify_assignee(actor, assignee, "discrepancy_assigned", discrepancy)
    account = {"account": str(assignee.id)}
    owner = discrepancy.owner_state  # of others nobody reads who works on it here
    act = AuditEvent(
        Action.DISCREPANCY_ASSIGNED, "discrepancy", discrepancy.id, owner, data=account
    )
    append(actor, act)


def _upsert(
    model: type[Statement] | type[DiscrepancyAssignment],
    row: dict[str, object],
    changed: Sequence[str],
) -> None:
    """Insert or update the one row of a discrepancy and state."""
    statement = insert(model).values(row)
    values = {name: statement.excluded[name] for name in changed}
    key = ("discrepancy_id", "owner_state")
    db.session.execute(statement.on_conflict_do_update(index_elements=key, set_=values))
