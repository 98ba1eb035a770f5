"""Routes of seizures."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import g

from api.http.resource import Resource
from api.routes.documents import add_document_routes
from api.schemas.seizures import (
    AddedMarkRequest,
    SeizureCorrectionRequest,
    SeizureMatchedResponse,
    SeizureQuery,
    SeizureRequest,
    SeizureResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import with_field_paths
from salsa_ext.documents import added_marks, seizures
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents.queries import SEIZURES, MatchedDocument
from salsa_ext.documents.values import SeizureData
from salsa_ext.firearms.marks.values import Mark
from salsa_ext.matches import search
from salsa_ext.reference import suggestions

blueprint = Resource("seizures", "Firearms seized, found or surrendered")
current_version = add_document_routes(blueprint, SEIZURES, SeizureQuery, SeizureResponse)


def seizure_with_matches(actor: Actor, data: SeizureData, seizure_id: UUID) -> MatchedDocument:
    """Return a new version of a seizure with remarks and matches."""
    noted = suggestions.remarks_on_firearms(with_field_paths("items", data.items), actor.language)
    view = replace(document_queries.load_document(SEIZURES, seizure_id), remarks=noted)
    return MatchedDocument(
        view, search.find_matches(actor=actor, document_id=seizure_id, items=view.items)
    )


@blueprint.posting("/seizures", SeizureRequest, SeizureMatchedResponse, Permission.SEIZURE_RECORD)
def create_seizure(actor: Actor, data: SeizureData) -> MatchedDocument:
    """Create a seizure; returns the matches of its items."""
    return seizure_with_matches(actor, data, seizures.record(actor=actor, data=data))


@blueprint.posting(
    "/seizures/<uuid:seizure_id>/correct",
    SeizureCorrectionRequest,
    SeizureMatchedResponse,
    Permission.SEIZURE_RECORD,
    status=200,
    standing=current_version,
)
def correct_seizure(
    actor: Actor, data: tuple[SeizureData, str], seizure_id: UUID
) -> MatchedDocument:
    """Add a corrected version with all items, and the reason."""
    corrected, reason = data
    seizures.correct(
        actor=actor,
        seizure_id=seizure_id,
        expected_version=g.expected_version,
        data=corrected,
        reason=reason,
    )
    return seizure_with_matches(actor, corrected, seizure_id)


@blueprint.posting(
    "/seizures/<uuid:seizure_id>/items/<int:line>/marks",
    AddedMarkRequest,
    SeizureMatchedResponse,
    Permission.MARK_RECORD,
)
def add_seizure_mark(
    actor: Actor, data: tuple[Mark, str], seizure_id: UUID, line: int
) -> MatchedDocument:
    """Add a mark found or restored; returns the gun's matches."""
    mark, reason = data
    found = added_marks.add_mark(
        actor=actor, seizure_id=seizure_id, line=line, mark=mark, reason=reason
    )
    return MatchedDocument(document_queries.load_document(SEIZURES, seizure_id), found)
