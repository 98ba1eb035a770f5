"""The routes that documents have in common: their list, and one as it stands or stood."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import Schema

from api.pagination import ListQuery
from api.resource import Resource, View
from api.schemas.common import AsOfQuery
from salsa_ext.readmodels import documents
from salsa_ext.readmodels.documents import DocumentView, Kind
from salsa_ext.readmodels.pages import Page
from salsa_ext.services import disclosures
from salsa_ext.values.actor import Actor


def add_reading(
    blueprint: Resource, kind: Kind, query: type[ListQuery], answer: type[Schema]
) -> View:
    """Add the list of a kind and the reading of one; returns what tells the version that stands."""
    path, key = f"/{kind.name}s", f"{kind.name}_id"

    def listed(
        actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
    ) -> Page[DocumentView]:
        return disclosures.list_documents(
            actor=actor, kind=kind, filters=filters, limit=limit, cursor=cursor
        )

    def read(actor: Actor, as_of: datetime | None = None, **ids: UUID) -> DocumentView:
        return disclosures.read_document(actor=actor, kind=kind, document_id=ids[key], as_of=as_of)

    def standing(actor: Actor, **ids: UUID) -> int:
        return documents.version(kind, ids[key])

    listed.__doc__ = (
        f"Return a page of your state's {kind.name}s; with Salsa-Purpose, of all that concern it."
    )
    read.__doc__ = (
        f"Return one {kind.name} as it stands, or as it stood; another state's needs Salsa-Purpose."
    )
    blueprint.listing(path, query, answer, listed, kind.permission)
    blueprint.reading(f"{path}/<uuid:{key}>", answer, read, kind.permission, AsOfQuery)
    return standing
