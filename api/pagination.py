"""Lists over HTTP: the query that all share, and the answer with its link to the next page."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import request
from marshmallow import Schema, fields

from api.schemas.fields import Code, QueryWhole, RequestSchema, Text
from salsa_ext.readmodels.pages import Page

FORMATS = ("json", "csv", "xlsx")
LINK = {"Link": {"schema": {"type": "string"},
                 "description": 'The next page, as <address>; rel="next"; none on the last.'}}  # fmt: skip


class ListQuery(RequestSchema):
    """How much of a list, from where, and in which form."""

    limit = QueryWhole(least=1, most=200, load_default=50)
    cursor = Text(most=200)
    format = Code(FORMATS)


def list_body(page: Page[Any]) -> dict[str, Any]:
    """Return the answer of a list: the items, and the address of the next ones or null."""
    return {"items": page.items, "next": _next(page)}


def links(page: Page[Any]) -> dict[str, str]:
    """Return the header that leads to the next page (RFC 8288), in whatever form this one is."""
    address = _next(page)
    return {"Link": f'<{address}>; rel="next"'} if address else {}


def _next(page: Page[Any]) -> str | None:
    if page.next is None:
        return None
    query = request.args.to_dict() | {"cursor": page.next}
    return f"{request.path}?{urlencode(query)}"


@cache
def list_schema(item: type[Schema]) -> type[Schema]:
    """Return the schema of a list of `item`."""
    return Schema.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next": fields.String(required=True, allow_none=True),
        },
        name=item.__name__.removesuffix("Response") + "List",
    )
