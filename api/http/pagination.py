"""Pages of lists and cursors of events: query, body and link to the next."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from flask import g, request
from marshmallow import Schema, fields

from api.http.fields.scalars import Code, Day, QueryWhole, Text
from api.http.fields.schemas import RequestSchema
from salsa_ext.administration import audit
from salsa_ext.boards.events import EventCursor
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, NotConfigured, message
from salsa_ext.database.paging import Listing, Page

FORMATS = ("json", "csv", "xlsx")


class ListQuery(RequestSchema):
    """Page size, cursor and format of a list."""

    limit = QueryWhole(least=1, most=200, load_default=50)
    cursor = Text(most=200)
    format = Code(FORMATS)


LISTED_KINDS: Final = {
    "audit": "log",
    "discrepancies": "discrepancy",
    "disclosures": "record",
    "items": "shipment",
    "matches": "match",
}
"""Kinds of objects whose lists are not named by an added s."""


def log_export(
    noun: str,
    form: str,
    rows: int,
    query: Schema,
    filters: Mapping[str, Any],
    ids: Mapping[str, Any] | None = None,
) -> None:
    """Audit a list given as a file. Typed texts are left out.

    `noun` is the end of its path, `ids` are the parameters in it.
    """
    kind = LISTED_KINDS.get(noun, noun.removesuffix("s").replace("-", "_"))
    fields_by_name = {name: query.fields[name] for name in filters}
    stated = {
        field.data_key or name: None if isinstance(field, Text) else str(filters[name])
        for name, field in fields_by_name.items()
    }
    stated |= {name: str(value) for name, value in (ids or {}).items()}
    audit.log_export(g.actor, kind, form, rows, stated)


def listing_fields(listing: Listing) -> tuple[Day, Day, Code]:
    """Return the fields of a list's query: first and last day, order."""
    return Day(), Day(), Code(listing.sort_codes)


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


CURSOR_LENGTH: Final = 64
"""Cursors are padded to so many bytes: their length reveals nothing."""


def encode_cursor(actor: Actor, code: str, mark: EventCursor) -> str:
    """Encode a position of board events, sealed: it would reveal other activity."""
    position = json.dumps([mark.number, mark.at.isoformat()]).ljust(CURSOR_LENGTH)
    sealed = actor.vault.seal(position.encode(), _cursor_purpose(actor, code))
    return base64.urlsafe_b64encode(sealed).decode()


def decode_cursor(actor: Actor, code: str, text: str) -> EventCursor:
    """Decode a cursor; raises Invalid for one of another reader."""
    try:
        sealed = base64.b64decode(text, altchars=b"-_", validate=True)
        number, at = json.loads(actor.vault.open(sealed, _cursor_purpose(actor, code)))
    except (binascii.Error, ValueError, NotConfigured):
        wrong = message("This is no `after` of these events; begin without one.")
        raise Invalid({"after": [wrong]}) from None
    return EventCursor(number, datetime.fromisoformat(at))


def _cursor_purpose(actor: Actor, code: str) -> str:
    return f"events of {code} for {actor.state}"
