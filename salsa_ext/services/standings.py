"""The standing of permits: classified anew, with their whole family, whenever one of them changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from salsa_ext.db import as_state, db
from salsa_ext.matching.counterparts import Finding, classify, doubts, worst
from salsa_ext.matching.permits import Document
from salsa_ext.matching.registers import Register
from salsa_ext.models import Permit
from salsa_ext.readmodels import settings
from salsa_ext.readmodels.days import days
from salsa_ext.readmodels.families import around
from salsa_ext.readmodels.states import participants
from salsa_ext.services import authorisations, discrepancies
from salsa_ext.values.actor import Actor

KINDS = ("missing_counterpart", "over_quantity", "quantity_mismatch", "document_invalid")


def refresh(actor: Actor, permits: Sequence[Permit]) -> Register:
    """Classify permits and all that belong to them, whoever may see them; each owner keeps his.

    A transit state learns so that the import certificate which it names was issued, though it may
    not read it. The families have been locked (`families.lock`), so that what is seen is all there
    is. Raises and resolves the discrepancies that the findings make, and those of parties that the
    register of their state does not authorise. Returns the families.
    """
    register, today = _whole(actor, permits), days(actor)
    owners = sorted({document.state for document in register.documents})
    patience = settings.of(owners)
    for state in owners:
        wait = timedelta(days=patience[state].counterpart_days)
        own = [document for document in register.documents if document.state == state]
        found = {document.id: classify(document, register) for document in own}
        with as_state(actor, state):
            _keep(state, found)
            stand = db.session.scalars(select(Permit).where(Permit.id.in_(found))).all()
        raised = {
            document.id: doubts(
                document, found[document.id], today.of(state) - document.recorded_on > wait
            )
            for document in own
        }
        discrepancies.settle(actor, {permit: raised[permit.id] for permit in stand}, KINDS)
    authorisations.check(actor, permits)
    return register


def _whole(actor: Actor, permits: Sequence[Permit]) -> Register:
    """Return the families as all states together see them that any of the permits concerns."""
    ids, members = [permit.id for permit in permits], set(participants())
    documents: dict[UUID, Document] = {}
    waiting, asked = {state for permit in permits for state in permit.concerned} & members, set()
    while waiting:
        for state in sorted(waiting):
            with as_state(actor, state):
                found = around(actor, [*ids, *documents], documents).documents
            documents |= {document.id: document for document in found}
        asked |= waiting
        near = {state for document in documents.values() for state in document.seen_by}
        waiting = (near & members) - asked
    return Register(documents.values(), members)


def _keep(owner: str, classified: Mapping[UUID, list[Finding]]) -> None:
    """Write the findings of those permits down of which they changed."""
    stands = select(Permit.id, Permit.findings, Permit.standing).where(Permit.id.in_(classified))
    rows = []
    for permit_id, findings, standing in db.session.execute(stands):
        fresh = [_plain(finding) for finding in classified[permit_id]]
        seen = (finding.code for finding in classified[permit_id] if owner in finding.seen_by)
        if (fresh, as_one := worst(seen)) != (findings, standing):
            rows.append({"id": permit_id, "findings": fresh, "standing": as_one})
    if rows:
        db.session.execute(update(Permit), rows)


def _plain(finding: Finding) -> dict[str, object]:
    return vars(finding) | {"seen_by": list(finding.seen_by)}
