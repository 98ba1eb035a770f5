"""Commands on discrepancies: raised and resolved by facts, discussed by states."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.access.audit import Action, AuditEvent, append, append_many, audit_event
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import lock
from salsa_ext.database.session import acting_as, db, read_row
from salsa_ext.notifications import commands as notification_commands
from salsa_ext.notifications.notice_rules import AssigneeData, Notice
from salsa_ext.reference.names import participants
from salsa_ext.trade.discrepancies.models import Discrepancy, DiscrepancyAssignment, Statement
from salsa_ext.trade.discrepancies.values import UNRESOLVED_STATUSES, Irregularity, StatementData
from salsa_ext.trade.event_log import NewEvent, add_events
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.shipments.models import Shipment

DiscrepancySubject = Permit | Shipment
IrregularitiesBySubject = Mapping[DiscrepancySubject, Collection[Irregularity]]
Change = tuple[Action, Discrepancy]


def update_discrepancies(
    actor: Actor, subjects: IrregularitiesBySubject, kinds: Collection[str]
) -> list[Discrepancy]:
    """Raise, resolve and reopen discrepancies to match the given irregularities.

    For each subject, `kinds` limits what is replaced. New irregularities are raised, absent ones
    resolved; returning or changed ones are reopened, with all states' statements. The caller locks
    the subjects. Safe to repeat. Returns the changed discrepancies.
    """
    by_owner: dict[str, dict[DiscrepancySubject, Collection[Irregularity]]] = defaultdict(dict)
    for subject, irregularities in subjects.items():
        by_owner[subject.owner_state][subject] = irregularities
    changed = []
    for owner, owned in by_owner.items():
        with acting_as(actor, owner):
            changes = _update_owned(owned, kinds, actor.now())
        reopened = [row for action, row in changes if action is Action.DISCREPANCY_REOPENED]
        for state in sorted({state for row in reopened for state in row.concerned}):
            ids = [row.id for row in reopened if state in row.concerned]
            with acting_as(actor, state):
                own = (Statement.discrepancy_id.in_(ids), Statement.owner_state == state)
                statements = update(Statement).where(*own)
                db.session.execute(statements.values(stance="open", changed_at=actor.now()))
        _publish(actor, changes)
        changed += [row for _, row in changes]
    return changed


def _update_owned(
    owned: IrregularitiesBySubject, kinds: Collection[str], now: datetime
) -> list[Change]:
    """Write the discrepancies of one owner's documents; return what changed."""
    query = select(Discrepancy).where(
        Discrepancy.subject_id.in_([subject.id for subject in owned]), Discrepancy.kind.in_(kinds)
    )
    query = query.order_by(Discrepancy.id).with_for_update()  # states explain them meanwhile
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    known = {(row.subject_id, row.kind, row.key): row for row in rows}
    new, changes = [], []
    for subject, irregularities in owned.items():
        for irregularity in irregularities:
            row = known.pop((subject.id, irregularity.kind, irregularity.key), None)
            if row is None:
                new.append(_discrepancy_row(subject, irregularity, now))
            elif row.status == "resolved" or row.data != dict(irregularity.data):
                row.data, row.status = dict(irregularity.data), "reopened"
                changes.append((Action.DISCREPANCY_REOPENED, row))
    for row in known.values():
        if row.status != "resolved":
            row.status = "resolved"
            changes.append((Action.DISCREPANCY_RESOLVED, row))
    for _, row in changes:
        row.changed_at, row.version = now, row.version + 1
    db.session.flush()  # while the owner's rows may be written
    insert_many(Discrepancy, new)
    return [(Action.DISCREPANCY_RAISED, Discrepancy(**values)) for values in new] + changes


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
    }


def _publish(actor: Actor, changes: Sequence[Change]) -> None:
    """Notify all states concerned, the own too (Model Regulations 9.10), and audit."""
    entries = [
        audit_event(action, row, kind=row.kind, subject=str(row.subject_id))
        for action, row in changes
    ]
    notices = [
        Notice(state, entry.action.value.replace(":", "_"), row, entry.data)
        for entry, (_, row) in zip(entries, changes, strict=True)
        for state in row.concerned
    ]
    notification_commands.notify_many(actor, notices)
    append_many(actor, entries)


def explain(
    *, actor: Actor, discrepancy_id: UUID, expected_version: int | None, data: StatementData
) -> None:
    """Explain a discrepancy for the own state.

    Raises NotFound, StaleVersion or IllegalTransition.
    """
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
    """Withdraw the own statement, with a reason. Raises as `explain`.

    A discrepancy resolved by facts is reopened by facts only.
    """
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
    discrepancy = read_row(Discrepancy, discrepancy_id)
    with acting_as(actor, discrepancy.owner_state):  # only the owner may lock its row
        lock(Discrepancy, discrepancy_id, expected_version)
    if discrepancy.status not in allowed:
        raise IllegalTransition("discrepancy", discrepancy.status, verb)
    statement = {
        "discrepancy_id": discrepancy.id,
        "owner_state": actor.own_state(),
        "concerned": list(discrepancy.concerned),
        "stance": stance,
        "explanation": data.text,
        "changed_at": actor.now(),
    }
    _upsert(Statement, statement, ("stance", "explanation", "changed_at"))
    query = select(Statement.owner_state, Statement.stance).where(
        Statement.discrepancy_id == discrepancy.id
    )
    stances = dict(db.session.execute(query).all())
    states = set(discrepancy.concerned) & set(participants())
    with acting_as(actor, discrepancy.owner_state):
        discrepancy.status = _status_from_stances(
            discrepancy.status, [stances.get(state, "open") for state in states]
        )
        discrepancy.changed_at, discrepancy.version = actor.now(), discrepancy.version + 1
        db.session.flush()  # while the owner's row may be written
    add_events(actor, [NewEvent(discrepancy, kind, data.text)])
    _publish(actor, [(action, discrepancy)])


def _status_from_stances(before: str, stances: Collection[str]) -> str:
    """Return the status of an unresolved discrepancy from all states' stances.

    Agreed if all agree, explained if at least one has answered. Without an answer: open, or
    reopened if its status was ever another.
    """
    if all(stance == "agreed" for stance in stances):
        return "agreed"
    if any(stance != "open" for stance in stances):
        return "explained"
    return "open" if before == "open" else "reopened"


def assign(*, actor: Actor, discrepancy_id: UUID, data: AssigneeData) -> None:
    """Assign a discrepancy to an own account and notify it.

    Other states do not see the assignment.
    """
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
