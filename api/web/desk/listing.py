"""Lists of the desk: filters of the address, as the API reads them, and the way to the next page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request
from marshmallow import ValidationError

from api.i18n import translate
from api.pagination import ListQuery
from api.said import flatten
from api.schemas.fields import Code
from api.web.typed import Form
from salsa_ext.errors import say

LIMIT = 25


@dataclass(frozen=True)
class Asked:
    """What a list was asked for; filters that cannot be taken are told in the form and left out."""

    form: Form
    filters: dict[str, Any]
    cursor: str | None


def asked(query: type[ListQuery], **changed: str) -> Asked:
    """Read the filters of a list from its address; `changed` are those that the page words anew."""
    schema = query()
    form = Form({name: text.strip() for name, text in request.args.items() if text.strip()})
    names = {field.data_key or name for name, field in schema.fields.items()}
    known = {name: text for name, text in (form.values | changed).items() if name in names}
    try:
        filters = schema.load(known)
    except ValidationError as error:
        said = dict(flatten(error.messages)) | _off_the_list(schema, known, error)
        form.errors, form.status = said, 422
        filters = schema.load({name: known[name] for name in known if name not in form.errors})
    for shared in ("limit", "format"):
        filters.pop(shared, None)
    return Asked(form, filters, filters.pop("cursor", None))


def _off_the_list(
    schema: ListQuery, typed: dict[str, str], error: ValidationError
) -> dict[str, list[str]]:
    """Return what is said of codes that there are not: the page shows those that there are, by name."""
    codes = {
        field.data_key or name for name, field in schema.fields.items() if isinstance(field, Code)
    }
    return {
        name: [translate(say("“{value}” is not on the list: choose from it.", value=typed[name]))]
        for name in codes & error.normalized_messages().keys() & typed.keys()
    }


def address(cursor: str | None) -> str | None:
    """Return the address of the page of the list that begins after a cursor."""
    if cursor is None:
        return None
    kept = request.args.to_dict() | {"cursor": cursor}
    return f"{request.path}?{urlencode(kept)}"
