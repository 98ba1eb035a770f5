"""Lists as files for people: a row for each gun, headings and values in the reader's words."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from flask import Response, g
from marshmallow import Schema, fields

from api.http.pagination import log_export
from api.http.tables import file_response
from api.i18n.messages import translate
from api.web import choices
from api.web.formatting import agency_name, city, label
from api.web.lists import MAX_EXPORTED, ListRequest
from importers.reading.cells import OPEN_LISTS, label_kind
from importers.reading.reader.parts import fold
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Message, message
from salsa_ext.database.paging import Page
from salsa_ext.reference import names
from salsa_ext.reference.calendars import reader_zone, today

EXPORT_STEP: Final = 200
ROWS: Final = ("items", "lines")
"""Lists of a document whose entries get a row each; what else it says is repeated."""
LAST: Final = ("status", "reason", "handling", "state", "recorded_at")
"""What all documents have, behind what they say."""
UNLISTED: Final = frozenset(
    "version withheld uses remarks time_zone advice checkpoints events findings holds legs".split()
)
"""What the page of a document shows, and no cell can."""
HEADINGS: Final[Mapping[str, Message]] = {
    "answered_at": message("Answered"),
    "asked_at": message("Asked"),
    "asking_state": message("By"),
    "assignee": message("Assigned to"),
    "at": message("When"),
    "changed_at": message("Changed"),
    "created_at": message("Created"),
    "document_kind": message("Kind of document"),
    "document_number": message("Number of the document"),
    "due_at": message("Due"),
    "ended_at": message("Ended"),
    "ends_at": message("Ends"),
    "entered_at": message("Entered"),
    "expires_on": message("Last day"),
    "external_ids": message("Numbers in other systems"),
    "joint": message("Joint with"),
    "permit_number": message("Permit"),
    "proposed_at": message("Proposed"),
    "raised_at": message("Raised"),
    "recorded_at": message("Recorded"),
    "sent_at": message("Sent"),
    "subject_kind": message("Object"),
    "used_at": message("Last used"),
    "username": message("User name"),
    "valid_to": message("Valid through"),
}
Read = Callable[[Actor, dict[str, Any], int, str | None], Page[Any]]


class Column(NamedTuple):
    """A column: the path of its value in a dumped row, its heading, its field."""

    path: tuple[str, ...]
    heading: str
    field: Any


def list_file(
    actor: Actor,
    noun: str,
    query: Schema,
    read: Read,
    listed: ListRequest,
    schema: Schema,
    title: str,
) -> Response:
    """Return all documents of a list as a file named by title and period, at most MAX_EXPORTED.

    The audit names it by `noun`.
    """
    filters, form = listed.filters, listed.format or ""
    items: list[Any] = []
    cursor: str | None = None
    while len(items) < MAX_EXPORTED:
        page = read(actor, dict(filters), EXPORT_STEP, cursor)
        items += page.items
        if (cursor := page.next) is None:
            break
    rows = [row for item in items[:MAX_EXPORTED] for row in _rows(schema.dump(item))]
    write = _Writer(actor)
    filled = []
    for column in sorted(_columns(schema), key=lambda column: column.path[0] in LAST):
        cells = [write.cell(column, row) for row in rows]
        if any(cell not in (None, "") for cell in cells):
            zone = f" ({city(str(write.zone))})" if _is_moment(column.field) else ""
            filled.append((f"{column.heading}{zone}", cells))
    log_export(noun, form, len(rows), query, filters)
    headings = [heading for heading, _ in filled]
    lines = [*zip(*(cells for _, cells in filled), strict=True)]
    return file_response(headings, lines, form, _file_name(actor, title, filters), title)


def _file_name(actor: Actor, title: str, filters: Mapping[str, Any]) -> str:
    """Return the title and the days of the filters, else today."""
    days = [filters[name].isoformat() for name in ("from_day", "to_day") if filters.get(name)]
    return "_".join([fold(title).replace(" ", "-"), *(days or [today(actor).isoformat()])])


def _rows(dumped: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a document once for each of its guns or lines."""
    name = next((name for name in ROWS if dumped.get(name)), None)
    for each in dumped[name] if name else [{}]:
        yield {**dumped, name: each} if name else dumped


def _columns(schema: Schema, path: tuple[str, ...] = (), prefix: str = "") -> Iterator[Column]:
    for name, field in schema.fields.items():
        key = field.data_key or name
        if key in UNLISTED or key.endswith("_text") or isinstance(field, fields.UUID):
            continue
        heading = _heading(key, field)
        inner = field.inner if isinstance(field, fields.List) and key in ROWS else field
        if isinstance(inner, fields.Nested) and (key in ROWS or not inner.many):
            is_plain = key in (*ROWS, "firearm")
            yield from _columns(inner.schema, (*path, key), prefix if is_plain else heading)
        else:
            full = f"{prefix} · {heading}" if prefix not in ("", heading) else heading
            yield Column((*path, key), full, field)


def _heading(key: str, field: Any) -> str:
    text = field.metadata.get("label") or HEADINGS.get(key) or key.replace("_", " ").capitalize()
    return translate(text)


def _is_moment(field: Any) -> bool:
    return isinstance(field, fields.DateTime) and not isinstance(field, fields.Date)


class _Writer:
    """Cells as a person reads them: names of codes, dates, times of the reader's zone."""

    def __init__(self, actor: Actor) -> None:
        self.posts, self.zone = choices.posts(actor), ZoneInfo(reader_zone(actor))

    def cell(self, column: Column, row: Mapping[str, Any]) -> Any:
        value: Any = row
        for key in column.path:
            holder, value = value, (value or {}).get(key)
        if value is None and (holder or {}).get(f"{column.path[-1]}_text"):
            return holder[f"{column.path[-1]}_text"]
        return self.value(column.path[-1], column.field, value)

    def value(self, key: str, field: Any, value: Any) -> Any:
        if isinstance(value, list):
            inner = getattr(field, "inner", field)
            return "; ".join(str(self.value(key, inner, each)) for each in value)
        if isinstance(value, dict):
            named = getattr(getattr(field, "schema", None), "fields", {})
            by_key = {inner.data_key or name: inner for name, inner in named.items()}
            cells = (
                self.value(name, by_key.get(name), each)
                for name, each in value.items()
                if name not in UNLISTED and not name.endswith("_text") and each is not None
            )
            return " ".join(filter(None, map(str, cells)))
        if isinstance(value, bool):
            return translate(message("Yes") if value else message("No"))
        return self.text(key, field, value) if isinstance(value, str) else value

    def text(self, key: str, field: Any, text: str) -> Any:
        metadata = field.metadata if field else {}
        if codes := tuple(code for code in metadata.get("enum", ()) if code):
            kind = label_kind(codes)
            return label(kind, text) if kind else text
        if metadata.get("pattern") == "^[A-Z]{3}$":
            return label("state", text)
        if key in OPEN_LISTS:
            return names.display_name(key, text, g.language)
        if key == "agency":
            return agency_name(text)
        if key == "post":
            return self.posts.get(text, text)
        if _is_moment(field):
            return datetime.fromisoformat(text).astimezone(self.zone).replace(tzinfo=None)
        try:
            return date.fromisoformat(text) if len(text) == 10 and text[4] == "-" else text
        except ValueError:
            return text
