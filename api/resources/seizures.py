"""Seizures."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.common import AsOfQuery
from api.schemas.seizures import (
    SeizureCorrection,
    SeizureMatchedResponse,
    SeizureQuery,
    SeizureRequest,
    SeizureResponse,
)
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import documents
from salsa_ext.readmodels.documents import SEIZURES, DocumentView
from salsa_ext.readmodels.pages import Page
from salsa_ext.services import disclosures, matches, seizures
from salsa_ext.services.matches import Matched
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import SeizureData

blueprint = Resource("seizures", "Firearms seized, found or surrendered")


def _list(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DocumentView]:
    """Return a page of your state's seizures; with Salsa-Purpose, of all that concern it."""
    return disclosures.list_documents(
        actor=actor, kind=SEIZURES, filters=filters, limit=limit, cursor=cursor
    )


def _get(actor: Actor, seizure_id: UUID, as_of: datetime | None = None) -> DocumentView:
    """Return one seizure as it stands, or as it stood; another state's needs Salsa-Purpose."""
    return disclosures.read_document(
        actor=actor, kind=SEIZURES, document_id=seizure_id, as_of=as_of
    )


def _standing(actor: Actor, seizure_id: UUID) -> int:
    return documents.version(SEIZURES, seizure_id)


def _matched(actor: Actor, seizure_id: UUID) -> Matched:
    view = documents.read(SEIZURES, seizure_id)
    return Matched(view, matches.find(actor=actor, document_id=seizure_id, items=view.items))


blueprint.listing("/seizures", SeizureQuery, SeizureResponse, _list, Permission.SEIZURE_READ)
blueprint.reading(
    "/seizures/<uuid:seizure_id>", SeizureResponse, _get, Permission.SEIZURE_READ, AsOfQuery
)


@blueprint.posting("/seizures", SeizureRequest, SeizureMatchedResponse, Permission.SEIZURE_RECORD)
def record_seizure(actor: Actor, data: SeizureData) -> Matched:
    """Record a seizure; the answer says at once what its items match."""
    return _matched(actor, seizures.record(actor=actor, data=data))


@blueprint.posting(
    "/seizures/<uuid:seizure_id>/correct", SeizureCorrection, SeizureMatchedResponse,
    Permission.SEIZURE_RECORD, status=200, standing=_standing,
)  # fmt: skip
def correct_seizure(actor: Actor, data: tuple[SeizureData, str], seizure_id: UUID) -> Matched:
    """Add a version with other facts and all items, and the reason."""
    corrected, reason = data
    seizures.correct(actor=actor, seizure_id=seizure_id, seen=g.seen, data=corrected, reason=reason)
    return _matched(actor, seizure_id)
