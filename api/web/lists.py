"""Lists of documents: filters of the address, chips, order, totals, files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from flask import request
from marshmallow import ValidationError

from api.http.errors import flatten_errors
from api.http.fields.scalars import Code
from api.http.fields.schemas import RequestSchema
from api.i18n.messages import format_day, translate
from api.web import choices
from api.web.forms import Field, Form
from salsa_ext.core.dates import parse_date
from salsa_ext.core.errors import message
from salsa_ext.database.paging import MAX_COUNTED, Page

PAGE_SIZE: Final = 25
MAX_EXPORTED: Final = 5_000
"""Documents of a file."""
FILE_FORMATS: Final = ("csv", "xlsx")
UNSHOWN: Final = frozenset({"cursor", "sort", "format", "limit"})
"""What an address may name besides the filters."""
FROM_DAY: Final = Field("from_day", message("From day"), "date")
TO_DAY: Final = Field("to_day", message("To day"), "date")
EXTERNAL_ID: Final = Field("external_id", message("Number in another system"), max_length=100)
SERIAL: Final = Field("serial", message("Serial number"), "serial", max_length=64)


@dataclass(frozen=True)
class ListRequest:
    """Filters of a list; invalid ones become errors of the form."""

    form: Form
    filters: dict[str, Any]
    cursor: str | None
    format: str | None = None


class Chip(NamedTuple):
    """A filter that is set: its name, its value, the address of the list without it."""

    name: str
    value: str
    address: str


class SortLink(NamedTuple):
    """The order by a column: address that asks for it, and how it is ordered now."""

    address: str
    direction: str | None


def read_filters(query: type[RequestSchema], **overrides: str) -> ListRequest:
    """Read the filters of a list from the address. `overrides` replaces values of the address."""
    schema = query()
    form = Form({name: text.strip() for name, text in request.args.items() if text.strip()})
    names = {field.data_key or name for name, field in schema.fields.items()}
    known = {name: text for name, text in (form.values | overrides).items() if name in names}
    try:
        filters = schema.load(known)
    except ValidationError as error:
        form.errors = dict(flatten_errors(error.messages)) | _code_errors(schema, known, error)
        form.status = 422
        filters = schema.load({name: known[name] for name in known if name not in form.errors})
    filters.pop("limit", None)
    file_format = filters.pop("format", None)
    return ListRequest(form, filters, filters.pop("cursor", None), file_format)


def _code_errors(
    schema: RequestSchema, typed: dict[str, str], error: ValidationError
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


def address_with(path: str | None = None, /, **changes: str | None) -> str:
    """Return this address with other values, of which None removes one, or another path."""
    query = request.args.to_dict() | changes
    text = urlencode({name: value for name, value in query.items() if value})
    path = path or request.path
    return f"{path}?{text}" if text else path


def next_page_address(cursor: str | None) -> str | None:
    """Return the address of the list's next page; None without one."""
    return None if cursor is None else address_with(cursor=cursor)


def first_page_address() -> str | None:
    """Return the address of the list's first page; None on it."""
    return address_with(cursor=None) if request.args.get("cursor") else None


def chips(form: Form, fields: Sequence[Field]) -> Iterator[Chip]:
    """Yield a chip for each filter that is set."""
    for field in fields:
        if (typed := form.get(field.path)) and field.path not in form.errors:
            address = address_with(**{field.path: None, "cursor": None})
            yield Chip(translate(field.label), _value_text(field, typed), address)


def _value_text(field: Field, typed: str) -> str:
    """Return the value of a filter in words."""
    if field.widget == "flag":
        return translate(message("Yes")) if typed == "true" else "–"
    if field.widget == "date":
        return format_day(parse_date(typed))
    if field.widget != "choice":
        return typed
    named: dict[str, str] = {}
    for code, name in choices.field_options(field):
        named |= {code: name} if isinstance(name, str) else dict(name)
    return named.get(typed, typed)


def sort_link(column: str, *, is_down_first: bool = False) -> SortLink:
    """Return the link that sorts by a column, or turns the order round."""
    now = request.args.get("sort", "")
    up, down = column, f"-{column}"
    turned = {up: down, down: up}.get(now, down if is_down_first else up)
    direction = {up: "ascending", down: "descending"}.get(now)
    return SortLink(address_with(sort=turned, cursor=None), direction)


def list_context(page: Page[Any], form: Form, fields: Sequence[Field]) -> Mapping[str, Any]:
    """Return what the block of a list shows besides its rows."""
    return {
        "chips": list(chips(form, fields)),
        "total": page.count(MAX_COUNTED),
        "most_counted": MAX_COUNTED,
        "most_exported": MAX_EXPORTED,
        "next_page": next_page_address(page.next),
        "first_page": first_page_address(),
        "clear_address": request.path,
    }
