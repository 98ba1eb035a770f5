"""Pages of lists: query, body and link to the next page."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import request
from marshmallow import Schema, fields

from api.http.fields.codes import Code
from api.http.fields.numbers import QueryWhole
from api.http.fields.schemas import RequestSchema
from api.http.fields.texts import Text
from salsa_ext.database.paging import Page

FORMATS = ("json", "csv", "xlsx")
LINK_HEADER_DOC = {
    "Link": {
        "schema": {"type": "string"},
        "description": 'The next page, as <address>; rel="next"; none on the last.',
    }
}


class ListQuery(RequestSchema):
    """Page size, cursor and format of a list."""

    limit = QueryWhole(least=1, most=200, load_default=50)
    cursor = Text(most=200)
    format = Code(FORMATS)


def list_body(page: Page[Any]) -> dict[str, Any]:
    """Return the items and the URL of the next page or null."""
    return {"items": page.items, "next": _next_url(page)}


def link_header(page: Page[Any]) -> dict[str, str]:
    """Return the Link header to the next page (RFC 8288)."""
    address = _next_url(page)
    return {"Link": f'<{address}>; rel="next"'} if address else {}


def _next_url(page: Page[Any]) -> str | None:
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
