"""The routes that documents have in common: their list, and one as it stands or stood."""

from __future__ import annotations

from collections.abc import Callable
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
    blueprint: Resource, kind: Kind, query: type[ListQuery], answer: type[Schema],
    whole: tuple[type[Schema], Callable[[Actor, DocumentView], Any]] | None = None,
) -> View:  # fmt: skip
    """Add the list of a kind and the reading of one; returns what tells the version that stands.

    One that is read may be answered `whole`: by a schema of its own, with what goes with it.
    """
    path, key = f"/{kind.name}s", f"{kind.name}_id"

    def listed(
        actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
    ) -> Page[DocumentView]:
        return disclosures.list_documents(
            actor=actor, kind=kind, filters=filters, limit=limit, cursor=cursor
        )

    def read(actor: Actor, as_of: datetime | None = None, **ids: UUID) -> Any:
        view = disclosures.read_document(actor=actor, kind=kind, document_id=ids[key], as_of=as_of)
        return whole[1](actor, view) if whole else view

    def standing(actor: Actor, **ids: UUID) -> int:
        return documents.version(kind, ids[key])

    listed.__doc__ = (
        f"Return a page of your state's {kind.name}s; with Salsa-Purpose, of all that concern it."
    )
    read.__doc__ = (
        f"Return one {kind.name} as it stands, or as it stood; another state's needs Salsa-Purpose."
    )
    blueprint.listing(path, query, answer, listed, kind.permission)
    one = whole[0] if whole else answer
    blueprint.reading(f"{path}/<uuid:{key}>", one, read, kind.permission, AsOfQuery)
    return standing
