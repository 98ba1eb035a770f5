"""The standing of permits: classified anew, with their whole family, whenever one of them changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from salsa_ext.db import as_state, db
from salsa_ext.matching.counterparts import Finding, classify, doubts, worst
from salsa_ext.matching.permits import Document
from salsa_ext.matching.registers import Register
from salsa_ext.models import Permit
from salsa_ext.readmodels.days import days
from salsa_ext.readmodels.families import around
from salsa_ext.readmodels.states import participants
from salsa_ext.services import discrepancies
from salsa_ext.values.actor import Actor

KINDS = ("missing_counterpart", "over_quantity", "quantity_mismatch", "document_invalid")
WAIT = timedelta(days=30)


def refresh(actor: Actor, permits: Sequence[Permit]) -> None:
    """Classify permits and all that belong to them, whoever may see them; each owner keeps his.

    A transit state learns so that the import certificate which it names was issued, though it may
    not read it. The states have been locked (`locks.permits_of`), so that what is seen is all there
    is. Raises and resolves the discrepancies that the findings make.
    """
    ids = [permit.id for permit in permits]
    states = {state for permit in permits for state in permit.concerned} & set(participants())
    register, today = _whole(actor, ids, states), days(actor)
    for state in sorted(states):
        own = [document for document in register.documents if document.state == state]
        found = {document.id: classify(document, register) for document in own}
        with as_state(actor, state):
            _keep(state, found)
            stand = db.session.scalars(select(Permit).where(Permit.id.in_(found))).all()
        raised = {
            document.id: doubts(
                document, found[document.id], today.of(state) - document.recorded_on > WAIT
            )
            for document in own
        }
        discrepancies.settle(actor, {permit: raised[permit.id] for permit in stand}, KINDS)


def _whole(actor: Actor, ids: Sequence[UUID], states: Iterable[str]) -> Register:
    """Return the families as all states together see them."""
    documents: dict[UUID, Document] = {}
    for state in sorted(states):
        with as_state(actor, state):
            documents |= {document.id: document for document in around(actor, ids).documents}
    return Register(documents.values(), participants())


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
