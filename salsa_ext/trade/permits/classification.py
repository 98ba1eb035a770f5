"""Comparison of the own permits with their counterparts, and of their parties with registers.

A command writes its permit, with the findings that its state can read. What follows is written by the
jobs of the states that own the permits of its family, each for its own.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import exists, select, update

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.core.actor import Actor
from salsa_ext.database import locks
from salsa_ext.database.session import db
from salsa_ext.jobs.changes import Change, append_changes
from salsa_ext.reference import state_settings
from salsa_ext.reference.calendars import today
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.permits import licensing
from salsa_ext.trade.permits.comparison import (
    PermitFamilies,
    PermitFinding,
    compare_permit,
    counterpart_status,
    permit_irregularities,
)
from salsa_ext.trade.permits.families import complete, load
from salsa_ext.trade.permits.models import Permit

BATCH_SIZE: Final = 200
REVIEWED: Final = Action.PERMIT_REVIEWED
PERMIT_DISCREPANCY_KINDS: Final = (
    "missing_counterpart",
    "over_quantity",
    "quantity_mismatch",
    "document_invalid",
)


def compare_recorded(actor: Actor, permit_ids: Collection[UUID]) -> None:
    """Compare permits just recorded with what their state reads of their counterparts."""
    families = load(actor, permit_ids)
    own = [permit for permit in families.permits if permit.id in permit_ids]
    _store_findings(actor.own_state(), {each.id: compare_permit(each, families) for each in own})


def follow_changes(actor: Actor, changes: Sequence[Change]) -> None:
    """Compare own permits whose family changed, or a licensee that they name.

    A permit of another state that this state alone knows to be affected gets a review there, which
    is a change of that state.
    """
    own_state = actor.own_state()
    locks.lock_trade([own_state])
    causes = {change.object_id: change.follow_as(actor) for change in changes}
    licensees = {change.object_id for change in changes if change.kind == "licensee"}
    for licensee_id, permit_id, owner in licensing.find_permits_naming(actor, licensees):
        causes.setdefault(permit_id, causes[licensee_id])
        if owner != own_state:
            _review(causes[licensee_id], permit_id, owner)
    families = compare_permits(actor, list(causes), causes)
    by_id = {permit.id: permit for permit in families.permits}
    for change in changes:
        permit = by_id.get(change.object_id)
        if permit and permit.state == own_state and change.action is not REVIEWED:
            for member in families.unreached(permit):
                _review(causes[permit.id], member.id, member.state)


def _review(actor: Actor, permit_id: UUID, owner: str) -> None:
    append(actor, AuditEvent(REVIEWED, "permit", permit_id, owner, [owner]))


def compare_permits(
    actor: Actor, permit_ids: Collection[UUID], causes: Mapping[UUID, Actor]
) -> PermitFamilies:
    """Compare the own permits of the families of some; return the families.

    Raises and resolves the discrepancies of the findings, and of the parties of the permits
    themselves that the register of their state does not authorise. The caller has the lock of trade.
    """
    state, families = actor.own_state(), load(actor, permit_ids)
    if not any(permit.state == state for permit in families.permits):
        return families
    families = complete(actor, families)
    own = [permit for permit in families.permits if permit.state == state]
    findings = {permit.id: compare_permit(permit, families) for permit in own}
    reviewed = _store_findings(state, findings)
    patience, on = _patience(state), today(actor)
    irregularities = {
        permit.id: permit_irregularities(
            permit, findings[permit.id], on - permit.recorded_on > patience
        )
        for permit in own
    }
    query = select(Permit).where(Permit.id.in_(findings))
    rows = db.session.scalars(query.execution_options(populate_existing=True)).all()
    causes = _cause_by_permit(families, causes) | dict(causes)
    for row in rows:
        if row.id in reviewed:  # those who mirror the permit read it again
            others = sorted({*row.concerned} - {state})
            append_changes(causes[row.id], [state, *others], "permit", [row.id], REVIEWED)
    discrepancy_commands.update_discrepancies(
        actor, {row: irregularities[row.id] for row in rows}, PERMIT_DISCREPANCY_KINDS, causes
    )
    licensing.check_parties(actor, [row for row in rows if row.id in permit_ids], causes)
    return families


def _cause_by_permit(families: PermitFamilies, causes: Mapping[UUID, Actor]) -> dict[UUID, Actor]:
    """Return the actors of what the changes of some permits cause to the others of their families."""
    return {
        member.id: causes[permit.id]
        for permit in families.permits
        if permit.id in causes
        for member in families.family(permit)
    }


def _patience(state: str) -> timedelta:
    return timedelta(days=state_settings.settings_by_state([state])[state].counterpart_days)


def check_overdue_counterparts(*, actor: Actor) -> int:
    """Raise discrepancies for own permits that waited too long for a counterpart; return how many.

    CIFTA I: a movement is illicit trafficking if any state concerned has not authorised it; an
    import certificate alone moves nothing. The waiting time is a setting (`counterpart_days`).
    """
    state = actor.own_state()
    first_day = today(actor) - _patience(state)
    raised = exists().where(
        Discrepancy.subject_id == Permit.id, Discrepancy.kind == "missing_counterpart"
    )
    overdue = select(Permit.id).where(
        Permit.owner_state == state,
        Permit.kind != "import",
        Permit.status == "issued",
        Permit.findings.contains([{"code": "awaiting_counterpart"}]),
        Permit.recorded_at < datetime.combine(first_day, time(), UTC),
        ~raised,
    )
    locks.lock_trade([state])
    permit_ids = db.session.scalars(overdue.order_by(Permit.id).limit(BATCH_SIZE)).all()
    if permit_ids:
        compare_permits(actor, permit_ids, {})
    return len(permit_ids)


def _store_findings(owner: str, findings: Mapping[UUID, list[PermitFinding]]) -> set[UUID]:
    """Store the findings and status of permits that changed; return those."""
    columns = (Permit.id, Permit.findings, Permit.counterpart_status)
    changed = []
    for permit_id, *before in db.session.execute(select(*columns).where(Permit.id.in_(findings))):
        rows = [
            vars(finding) | {"visible_to": list(finding.visible_to)}
            for finding in findings[permit_id]
        ]
        status = counterpart_status(row["code"] for row in rows if owner in row["visible_to"])
        if before != [rows, status]:
            changed.append({"id": permit_id, "findings": rows, "counterpart_status": status})
    if changed:
        db.session.execute(update(Permit), changed)
    return {row["id"] for row in changed}
