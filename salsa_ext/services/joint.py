"""Naming the seizure of another state on one's own, so that both are joined: a correction like any other."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.documents import SEIZURES
from salsa_ext.readmodels.records import of_documents
from salsa_ext.services import disclosures, seizures
from salsa_ext.services.gun_corrections import as_data, as_told, own
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor, Purpose


def name(
    *, actor: Actor, vault: Vault, seizure_id: UUID, seen: int | None, state: str, number: str,
    reason: str,
) -> UUID:  # fmt: skip
    """Let a seizure of the own state name that of another; raises NotFound, and as `correct`."""
    require(actor, Permission.SEIZURE_RECORD)
    row = own(actor, seizure_id)
    items = [as_told(view) for view in of_documents([seizure_id])[seizure_id]]
    data = as_data(row, items)
    joint = {"joint_with": {"state": state, "number": number}}
    if data.details and data.details.get("joint_with") == joint["joint_with"]:
        return seizure_id  # the button was pressed twice
    data = replace(data, details={**(data.details or {}), **joint})
    return seizures.correct(
        actor=actor, vault=vault, seizure_id=seizure_id, seen=seen, data=data, reason=reason
    )


def number_of(*, actor: Actor, seizure_id: UUID, other_id: UUID) -> str:
    """Return the number of another state's seizure, read for the case of an own one; raises NotFound.

    Its owner reads that it was shown.
    """
    require(actor, Permission.SEIZURE_RECORD)
    case = Purpose("seizure", own(actor, seizure_id).number)
    view = disclosures.read_document(
        actor=actor.for_purpose(case), kind=SEIZURES, document_id=other_id
    )
    return str(view.document.number)
