"""Seizures."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.seizures import (
    AddedMarkRequest,
    SeizureCorrection,
    SeizureMatchedResponse,
    SeizureQuery,
    SeizureRequest,
    SeizureResponse,
)
from api.vault import vault
from api.versioned import add_reading
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import documents, remarks
from salsa_ext.readmodels.documents import SEIZURES
from salsa_ext.services import marks, matches, seizures
from salsa_ext.services.matches import Matched
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import SeizureData
from salsa_ext.values.firearms import Mark
from salsa_ext.values.manifests import listed

blueprint = Resource("seizures", "Firearms seized, found or surrendered")
standing = add_reading(blueprint, SEIZURES, SeizureQuery, SeizureResponse)


def matched(actor: Actor, data: SeizureData, seizure_id: UUID) -> Matched:
    """Return a seizure that was just written, with what nobody knows of it and what its items match."""
    noted = remarks.on_firearms(listed("items", data.items), actor.language)
    view = replace(documents.read(SEIZURES, seizure_id), remarks=noted)
    return Matched(view, matches.find(actor=actor, document_id=seizure_id, items=view.items))


@blueprint.posting("/seizures", SeizureRequest, SeizureMatchedResponse, Permission.SEIZURE_RECORD)
def record_seizure(actor: Actor, data: SeizureData) -> Matched:
    """Record a seizure; the answer says at once what its items match."""
    return matched(actor, data, seizures.record(actor=actor, data=data))


@blueprint.posting(
    "/seizures/<uuid:seizure_id>/correct", SeizureCorrection, SeizureMatchedResponse,
    Permission.SEIZURE_RECORD, status=200, standing=standing,
)  # fmt: skip
def correct_seizure(actor: Actor, data: tuple[SeizureData, str], seizure_id: UUID) -> Matched:
    """Add a version with other facts and all items, and the reason."""
    corrected, reason = data
    seizures.correct(actor=actor, vault=vault(), seizure_id=seizure_id, seen=g.seen, data=corrected,
                     reason=reason)  # fmt: skip
    return matched(actor, corrected, seizure_id)


@blueprint.posting(
    "/seizures/<uuid:seizure_id>/items/<int:line>/marks", AddedMarkRequest, SeizureMatchedResponse,
    Permission.MARK_RECORD,
)  # fmt: skip
def add_mark(actor: Actor, data: tuple[Mark, str], seizure_id: UUID, line: int) -> Matched:
    """Add a mark that was found or restored; the answer says at once what the gun now matches."""
    mark, reason = data
    found = marks.add(
        actor=actor, vault=vault(), seizure_id=seizure_id, line=line, mark=mark, reason=reason
    )
    return Matched(documents.read(SEIZURES, seizure_id), found)
