"""Shared routes of seizures, reports and transfers: list and versions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import Schema

from api.http.pagination import ListQuery
from api.http.resource import Resource, View
from api.schemas.common import AsOfQuery
from salsa_ext.core.actor import Actor
from salsa_ext.database.paging import Page
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents.queries import DocumentKind, DocumentView


def add_document_routes(
    blueprint: Resource,
    kind: DocumentKind,
    query: type[ListQuery],
    schema: type[Schema],
    detail: tuple[type[Schema], Callable[[Actor, DocumentView], Any]] | None = None,
) -> View:
    """Add list and detail of a kind; return its current-version function.

    `detail`: schema and function for the detail, if it differs from the list.
    """
    path, key = f"/{kind.name}s", f"{kind.name}_id"

    def listed(
        actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
    ) -> Page[DocumentView]:
        return document_queries.list_documents(
            actor=actor, kind=kind, filters=filters, limit=limit, cursor=cursor
        )

    def read(actor: Actor, as_of: datetime | None = None, **ids: UUID) -> Any:
        view = document_queries.read_document(
            actor=actor, kind=kind, document_id=ids[key], as_of=as_of
        )
        return detail[1](actor, view) if detail else view

    def standing(actor: Actor, **ids: UUID) -> int:
        return document_queries.current_version(kind, ids[key])

    listed.__doc__ = (
        f"Return a page of your state's {kind.name}s; with Salsa-Purpose, of all that concern it."
    )
    read.__doc__ = (
        f"Return one {kind.name} as it stands, or as it stood; another state's needs Salsa-Purpose."
    )
    blueprint.listing(path, query, schema, listed, kind.permission)
    one = detail[0] if detail else schema
    blueprint.reading(f"{path}/<uuid:{key}>", one, read, kind.permission, AsOfQuery)
    return standing
