"""Commands on discrepancies: raised and resolved by facts, discussed by states."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.access.audit import Action, AuditEvent, append, append_many
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, NotFound
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import lock
from salsa_ext.database.session import acting_as, db
from salsa_ext.notifications import commands as notification_commands
from salsa_ext.notifications.values import AssigneeData
from salsa_ext.reference.names import participants
from salsa_ext.trade.discrepancies import notices as discrepancy_notices
from salsa_ext.trade.discrepancies.models import Discrepancy, DiscrepancyAssignment, Statement
from salsa_ext.trade.discrepancies.values import Irregularity, StatementData
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.shipments.models import Shipment

DiscrepancySubject = Permit | Shipment
IrregularitiesBySubject = Mapping[DiscrepancySubject, Collection[Irregularity]]


def update_discrepancies(
    actor: Actor, subjects: IrregularitiesBySubject, kinds: Collection[str]
) -> list[AuditEvent]:
    """Raise, resolve and reopen discrepancies to match the given irregularities.

    For each subject, `kinds` limits what is replaced. New irregularities are raised, absent ones
    resolved; returning or changed ones are reopened, with all states' statements. The caller locks
    the subjects. Safe to repeat. Returns the audit entries.
    """
    every: list[AuditEvent] = []
    by_owner: dict[str, dict[DiscrepancySubject, Collection[Irregularity]]] = defaultdict(dict)
    for subject, doubts in subjects.items():
        by_owner[subject.owner_state][subject] = doubts
    for owner, owned in by_owner.items():
        with acting_as(actor, owner):
            acts = _update_owned(owned, kinds, actor.now())
        _reopen_statements(
            actor, [act for act in acts if act.action is Action.DISCREPANCY_REOPENED]
        )
        discrepancy_notices.notify_states(actor, acts, _subject_numbers(owned, acts))
        append_many(actor, acts)
        every += acts
    return every


def _subject_numbers(owned: IrregularitiesBySubject, acts: Sequence[AuditEvent]) -> dict[str, str]:
    """Return the subject's document number by discrepancy id."""
    about = {str(subject.id): subject.number for subject in owned}
    return {str(act.subject_id): about[act.data["subject"]] for act in acts}


def _update_owned(
    owned: IrregularitiesBySubject, kinds: Collection[str], now: datetime
) -> list[AuditEvent]:
    ids = [subject.id for subject in owned]
    wanted = select(Discrepancy).where(Discrepancy.subject_id.in_(ids), Discrepancy.kind.in_(kinds))
    locked = wanted.order_by(Discrepancy.id).with_for_update()  # states explain them meanwhile
    found = db.session.scalars(locked.execution_options(populate_existing=True))
    standing = {(each.subject_id, each.kind, each.key): each for each in found}
    raised, acts = [], []
    for subject, doubts in owned.items():
        for doubt in doubts:
            known = standing.pop((subject.id, doubt.kind, doubt.key), None)
            if known is None:
                raised.append(_discrepancy_row(subject, doubt, now))
            elif known.status == "resolved" or known.data != dict(doubt.data):
                known.data = dict(doubt.data)
                acts.append(_set_status(known, "reopened", now))
    for gone in standing.values():
        if gone.status != "resolved":
            acts.append(_set_status(gone, "resolved", now))
    db.session.flush()  # while the owner's rows may be written
    insert_many(Discrepancy, raised)
    return [_audit_raised(row) for row in raised] + acts


def _discrepancy_row(
    subject: DiscrepancySubject, doubt: Irregularity, now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "owner_state": subject.owner_state,
        "concerned": list(subject.concerned),
        "version": 1,
        "kind": doubt.kind,
        "key": doubt.key,
        "subject_kind": type(subject).__tablename__,
        "subject_id": subject.id,
        "subject_number": subject.number,
        "status": "open",
        "data": dict(doubt.data),
        "raised_at": now,
        "changed_at": now,
    }


def _set_status(known: Discrepancy, status: str, now: datetime) -> AuditEvent:
    known.status, known.changed_at = status, now
    known.version += 1
    action = Action.DISCREPANCY_RESOLVED if status == "resolved" else Action.DISCREPANCY_REOPENED
    return audit_change(known, action)


def audit_change(discrepancy: Discrepancy, action: Action) -> AuditEvent:
    """Return the audit entry of a change of a discrepancy."""
    return AuditEvent(
        action,
        "discrepancy",
        discrepancy.id,
        discrepancy.owner_state,
        discrepancy.concerned,
        {"kind": discrepancy.kind, "subject": str(discrepancy.subject_id)},
    )


def _audit_raised(row: Mapping[str, Any]) -> AuditEvent:
    return AuditEvent(
        Action.DISCREPANCY_RAISED,
        "discrepancy",
        row["id"],
        row["owner_state"],
        row["concerned"],
        {"kind": row["kind"], "subject": str(row["subject_id"])},
    )


def _reopen_statements(actor: Actor, reopened: Sequence[AuditEvent]) -> None:
    """Reset all states' statements on reopened discrepancies to open."""
    ids: dict[str, list[UUID]] = defaultdict(list)
    for act in reopened:
        for state in act.concerned:
            ids[state].append(UUID(str(act.subject_id)))
    for state, own in sorted(ids.items()):
        with acting_as(actor, state):
            of_state = Statement.owner_state == state
            opened = update(Statement).where(Statement.discrepancy_id.in_(own), of_state)
            db.session.execute(opened.values(stance="open", changed_at=actor.now()))


REOPENABLE_STATUSES: Final = ("explained", "agreed")


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
    """Agree to a discrepancy; once all states agree, it is closed.

    Raises NotFound, StaleVersion or IllegalTransition.
    """
    require(actor, Permission.DISCREPANCY_WORK)
    _record_statement(actor, discrepancy_id, expected_version, "agreed", data)


def reopen(
    *, actor: Actor, discrepancy_id: UUID, expected_version: int | None, data: StatementData
) -> None:
    """Withdraw the own statement, with a reason.

    A discrepancy resolved by facts is reopened by facts only. Raises NotFound, StaleVersion or
    IllegalTransition.
    """
    require(actor, Permission.DISCREPANCY_WORK)
    _record_statement(actor, discrepancy_id, expected_version, "open", data)


def assign(*, actor: Actor, discrepancy_id: UUID, data: AssigneeData) -> None:
    """Assign a discrepancy to an own account and notify it.

    Other states do not see the assignment.
    """
    require(actor, Permission.DISCREPANCY_WORK)
    discrepancy = db.session.get(Discrepancy, discrepancy_id, populate_existing=True)
    if discrepancy is None:
        raise NotFound("discrepancy", discrepancy_id)
    found = notification_commands.find_assignee(data.username, Permission.DISCREPANCY_WORK)
    row = {
        "discrepancy_id": discrepancy.id,
        "owner_state": actor.own_state(),
        "account_id": found.id,
        "assigned_at": actor.now(),
    }
    _upsert_by_state(DiscrepancyAssignment, row)
    notification_commands.notify_assignee(actor, found, "discrepancy_assigned", discrepancy)
    append(
        actor,
        AuditEvent(
            Action.DISCREPANCY_ASSIGNED,
            "discrepancy",
            discrepancy.id,
            discrepancy.owner_state,
            data={"account": str(found.id)},
        ),
    )


def _record_statement(
    actor: Actor,
    discrepancy_id: UUID,
    expected_version: int | None,
    stance: str,
    data: StatementData,
) -> None:
    discrepancy = _lock_discrepancy(actor, discrepancy_id, expected_version)
    allowed = REOPENABLE_STATUSES if stance == "open" else ("open", "explained", "reopened")
    verb = {"open": "reopen", "explained": "explain", "agreed": "agree"}[stance]
    if discrepancy.status not in allowed:
        raise IllegalTransition("discrepancy", discrepancy.status, verb)
    state, now = actor.own_state(), actor.now()
    row = {
        "discrepancy_id": discrepancy.id,
        "owner_state": state,
        "concerned": list(discrepancy.concerned),
        "stance": stance,
        "explanation": data.text,
        "changed_at": now,
    }
    _upsert_by_state(Statement, row)
    _update_status(actor, discrepancy)
    db.session.add(
        _statement_event(actor, discrepancy, "reopened" if stance == "open" else stance, data)
    )
    action = {
        "open": Action.DISCREPANCY_REOPENED,
        "explained": Action.DISCREPANCY_EXPLAINED,
        "agreed": Action.DISCREPANCY_AGREED,
    }[stance]
    act = audit_change(discrepancy, action)
    discrepancy_notices.notify_states(
        actor, [act], {str(discrepancy.id): discrepancy.subject_number}
    )
    append(actor, act)


def _lock_discrepancy(
    actor: Actor, discrepancy_id: UUID, expected_version: int | None
) -> Discrepancy:
    known = db.session.get(Discrepancy, discrepancy_id)
    if known is None:
        raise NotFound("discrepancy", discrepancy_id)
    with acting_as(actor, known.owner_state):  # only who may write a row may lock it
        return lock(Discrepancy, discrepancy_id, expected_version)


def _update_status(actor: Actor, discrepancy: Discrepancy) -> None:
    """Set the status from the statements of all participating states."""
    wanted = select(Statement.owner_state, Statement.stance).where(
        Statement.discrepancy_id == discrepancy.id
    )
    stances = dict(db.session.execute(wanted).all())
    sides = [state for state in discrepancy.concerned if state in participants()]
    with acting_as(actor, discrepancy.owner_state):
        discrepancy.status = _status_from_stances(
            discrepancy.status, [stances.get(state, "open") for state in sides]
        )
        discrepancy.changed_at, discrepancy.version = actor.now(), discrepancy.version + 1
        db.session.flush()  # while the owner's row may be written


def _statement_event(
    actor: Actor, discrepancy: Discrepancy, kind: str, data: StatementData
) -> TradeEvent:
    now = actor.now()
    return TradeEvent(
        id=new_id(),
        owner_state=actor.own_state(),
        concerned=list(discrepancy.concerned),
        subject_kind="discrepancy",
        subject_state=discrepancy.owner_state,
        subject_id=discrepancy.id,
        kind=kind,
        occurred_at=now,
        reason=data.text,
        data={},
        recorded_at=now,
    )


def _upsert_by_state(
    model: type[Statement] | type[DiscrepancyAssignment], row: dict[str, object]
) -> None:
    """Insert or replace the one row of a state."""
    said = insert(model).values(row)
    fresh = {
        name: said.excluded[name]
        for name in row
        if name not in ("discrepancy_id", "owner_state", "concerned")
    }
    key = ("discrepancy_id", "owner_state")
    db.session.execute(said.on_conflict_do_update(index_elements=key, set_=fresh))


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
