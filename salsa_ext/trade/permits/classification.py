"""Classification of permits against their counterparts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from salsa_ext.core.actor import Actor
from salsa_ext.database.session import acting_as, db
from salsa_ext.reference import state_settings
from salsa_ext.reference.calendars import local_days
from salsa_ext.reference.names import participants
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.permits import registers
from salsa_ext.trade.permits.comparison import (
    ComparedPermit,
    PermitFamilies,
    PermitFinding,
    compare_permit,
    counterpart_status,
    permit_irregularities,
)
from salsa_ext.trade.permits.families import load
from salsa_ext.trade.permits.models import Permit

PERMIT_DISCREPANCY_KINDS = (
    "missing_counterpart",
    "over_quantity",
    "quantity_mismatch",
    "document_invalid",
)
AFTER_CHANGE: Final[list[Callable[[Actor, PermitFamilies], None]]] = []
"""Called with the families of changed permits; shipments register here."""


def apply_changes(actor: Actor, permits: Sequence[Permit]) -> None:
    """Classify changed permits, and update what depends on them."""
    families = reclassify(actor, permits)
    for follow in AFTER_CHANGE:
        follow(actor, families)


def reclassify(actor: Actor, permits: Sequence[Permit]) -> PermitFamilies:
    """Classify permits with their whole families; return the families.

    Each permit is stored as its owner; so a transit state learns that the referenced import
    certificate was issued without reading it. The families must be locked (`families.lock`). Raises
    and resolves the discrepancies of the findings and of parties not authorised by their state's
    register.
    """
    families, today = _load_whole_families(actor, permits), local_days(actor)
    owners = sorted({permit.state for permit in families.permits})
    settings_by_state = state_settings.settings_by_state(owners)
    for state in owners:
        own = [permit for permit in families.permits if permit.state == state]
        findings = {permit.id: compare_permit(permit, families) for permit in own}
        patience = timedelta(days=settings_by_state[state].counterpart_days)
        irregularities = {
            permit.id: permit_irregularities(
                permit, findings[permit.id], today.today(state) - permit.recorded_on > patience
            )
            for permit in own
        }
        with acting_as(actor, state):
            _store_findings(state, findings)
            rows = db.session.scalars(select(Permit).where(Permit.id.in_(findings))).all()
        discrepancy_commands.update_discrepancies(
            actor, {row: irregularities[row.id] for row in rows}, PERMIT_DISCREPANCY_KINDS
        )
    registers.check_parties(actor, permits)
    return families


def _load_whole_families(actor: Actor, permits: Sequence[Permit]) -> PermitFamilies:
    """Return the families as seen by all states concerned together."""
    ids, members = [permit.id for permit in permits], set(participants())
    known: dict[UUID, ComparedPermit] = {}
    pending, searched = {state for permit in permits for state in permit.concerned} & members, set()
    while pending:
        for state in sorted(pending):
            with acting_as(actor, state):
                visible = load(actor, [*ids, *known], known).permits
            known |= {permit.id: permit for permit in visible}
        searched |= pending
        concerned = {state for permit in known.values() for state in permit.visible_to}
        pending = (concerned & members) - searched
    return PermitFamilies(known.values(), members)


def _store_findings(owner: str, findings: Mapping[UUID, list[PermitFinding]]) -> None:
    """Store the findings and status of permits that changed."""
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
