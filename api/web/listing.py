"""Lists on pages: filters as in the API, and the next page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request
from marshmallow import ValidationError

from api.http.errors import flatten_errors
from api.http.fields.codes import Code
from api.http.pagination import ListQuery
from api.i18n.messages import translate
from api.web.forms import Form
from salsa_ext.core.errors import message

PAGE_SIZE = 25


@dataclass(frozen=True)
class ListRequest:
    """Filters of a list; invalid ones become errors of the form."""

    form: Form
    filters: dict[str, Any]
    cursor: str | None


def read_filters(query: type[ListQuery], **overrides: str) -> ListRequest:
    """Read the filters of a list from the address.

    `overrides` replaces values of the address.
    """
    schema = query()
    form = Form({name: text.strip() for name, text in request.args.items() if text.strip()})
    names = {field.data_key or name for name, field in schema.fields.items()}
    known = {name: text for name, text in (form.values | overrides).items() if name in names}
    try:
        filters = schema.load(known)
    except ValidationError as error:
        said = dict(flatten_errors(error.messages)) | _code_errors(schema, known, error)
        form.errors, form.status = said, 422
        filters = schema.load({name: known[name] for name in known if name not in form.errors})
    for shared in ("limit", "format"):
        filters.pop(shared, None)
    return ListRequest(form, filters, filters.pop("cursor", None))


def _code_errors(
    schema: ListQuery, typed: dict[str, str], error: ValidationError
) -> dict[str, list[str]]:
    """Return plain errors for unknown codes, by field."""
    codes = {
        field.data_key or name for name, field in schema.fields.items() if isinstance(field, Code)
    }
    return {
        name: [
            translate(message("“{value}” is not on the list: choose from it.", value=typed[name]))
        ]
        for name in codes & {*error.messages} & typed.keys()
    }


def next_page_address(cursor: str | None) -> str | None:
    """Return the address of the list's next page; None without one."""
    if cursor is None:
        return None
    kept = request.args.to_dict() | {"cursor": cursor}
    return f"{request.path}?{urlencode(kept)}"
