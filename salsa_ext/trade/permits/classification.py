"""Classification of permits against their counterparts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from salsa_ext.core.actor import Actor
from salsa_ext.database.session import acting_as, db
from salsa_ext.reference import settings
from salsa_ext.reference.calendars import local_days
from salsa_ext.reference.names import participants
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.permits import checks as permit_checks
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
    register, today = _load_whole_families(actor, permits), local_days(actor)
    owners = sorted({document.state for document in register.documents})
    patience = settings.settings_by_state(owners)
    for state in owners:
        wait = timedelta(days=patience[state].counterpart_days)
        own = [document for document in register.documents if document.state == state]
        found = {document.id: compare_permit(document, register) for document in own}
        with acting_as(actor, state):
            _store_findings(state, found)
            stand = db.session.scalars(select(Permit).where(Permit.id.in_(found))).all()
        raised = {
            document.id: permit_irregularities(
                document, found[document.id], today.of(state) - document.recorded_on > wait
            )
            for document in own
        }
        discrepancy_commands.update_discrepancies(
            actor, {permit: raised[permit.id] for permit in stand}, PERMIT_DISCREPANCY_KINDS
        )
    permit_checks.check_parties(actor, permits)
    return register


def _load_whole_families(actor: Actor, permits: Sequence[Permit]) -> PermitFamilies:
    """Return the families as seen by all states concerned together."""
    ids, members = [permit.id for permit in permits], set(participants())
    documents: dict[UUID, ComparedPermit] = {}
    waiting, asked = {state for permit in permits for state in permit.concerned} & members, set()
    while waiting:
        for state in sorted(waiting):
            with acting_as(actor, state):
                found = load(actor, [*ids, *documents], documents).documents
            documents |= {document.id: document for document in found}
        asked |= waiting
        near = {state for document in documents.values() for state in document.visible_to}
        waiting = (near & members) - asked
    return PermitFamilies(documents.values(), members)


def _store_findings(owner: str, classified: Mapping[UUID, list[PermitFinding]]) -> None:
    """Store the findings and status of permits that changed."""
    stands = select(Permit.id, Permit.findings, Permit.counterpart_status).where(
        Permit.id.in_(classified)
    )
    rows = []
    for permit_id, findings, standing in db.session.execute(stands):
        fresh = [_finding_json(finding) for finding in classified[permit_id]]
        seen = (finding.code for finding in classified[permit_id] if owner in finding.visible_to)
        if (fresh, as_one := counterpart_status(seen)) != (findings, standing):
            rows.append({"id": permit_id, "findings": fresh, "counterpart_status": as_one})
    if rows:
        db.session.execute(update(Permit), rows)


def _finding_json(finding: PermitFinding) -> dict[str, object]:
    return vars(finding) | {"visible_to": list(finding.visible_to)}
