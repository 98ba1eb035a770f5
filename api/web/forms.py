"""Forms of the pages: declared fields, typed values, errors, and the JSON they stand for."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.numbers import get_decimal_symbol, get_group_symbol
from markupsafe import Markup, escape
from marshmallow import Schema, ValidationError, fields

from api.http.errors import flatten_errors
from api.http.fields.scalars import Flag, Moment, Quantity, Real, StateCode, Whole
from api.i18n.messages import format_day, language, translate, with_state_names
from salsa_ext.core.errors import FieldLabels, Invalid, Message, message
from salsa_ext.core.ids import new_id
from salsa_ext.core.occurrence import UTC_ZONE
from salsa_ext.reference import names

INTEGER = re.compile(r"-?[0-9]{1,15}")
DECIMAL = re.compile(r"-?(?:[0-9]{1,15}(?:[.,][0-9]{1,2})?|0[.,][0-9]{1,6})")
DEGREES = re.compile(r"-?[0-9]{1,4}(?:[.,][0-9]{1,6})?")
GROUPS_OF_BLANKS = " \u00a0\u202f"
"""Blanks between groups of digits, which no language reads as a decimal sign."""
LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
INTEGER_NEEDED = message("A whole number is needed here, without separators, such as 1000.")
NUMBER_NEEDED = message(
    "A number is needed here, without separators of thousands, such as 1000 or 2.5."
)
REQUIRED = message("This field is required.")
VERSION_FIELD = "expected_version"
"""The hidden field with the version that the page showed."""


@dataclass(frozen=True)
class Field:
    """A field of a form.

    `widget` is one of the macro `field` in fields.html, `options` the name of a list of choices or
    the choices, `blank` the text for none.
    `required` None draws no sign, False says that the field may stay empty.
    """

    path: str
    label: Message
    widget: str = "text"
    options: str | tuple[tuple[str, Message | str], ...] | None = None
    required: bool | None = None
    hint: Message | None = None
    max_length: int = 300
    blank: Message | None = None


@dataclass
class Form:
    """Typed values and errors by field path ("" is the whole form).

    `token` identifies one filling-in: sent twice, it has one effect. `labels` collects the names of
    fields while the page is rendered, for the summary of errors. `is_in_progress`: the first
    submission is still being processed. `confirm` is the field that confirms what was refused,
    `refused` has the values in the sentence of the refusal.
    `notices` are sentences on what was filled in, each with its field or "".
    `existing` is the id of the record that already exists. `focus_field` gets the focus.
    `page_labels` maps names of fields and actions of the API to their names on the page. `photo` is set by
    `submission.read_photo`.
    """

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    token: str = field(default_factory=lambda: str(new_id()))
    labels: dict[str, str] = field(default_factory=dict)
    status: int = 200
    is_in_progress: bool = False
    confirm: str = ""
    refused: Mapping[str, Any] = field(default_factory=dict)
    existing: UUID | None = None
    zone: str = UTC_ZONE
    focus_field: str = ""
    notices: list[tuple[str, str]] = field(default_factory=list)
    page_labels: dict[str, str] = field(default_factory=dict)
    photo: Any = None

    def get(self, path: str) -> str:
        """Return the typed value of a field."""
        return self.values.get(path, "")

    @property
    def expected_version(self) -> int:
        """Return the version that the page showed; 0 if missing or invalid."""
        typed = self.get(VERSION_FIELD)
        return int(typed) if typed.isdecimal() and len(typed) < 10 else 0

    def errors_of(self, path: str) -> list[str]:
        """Return the errors of a field."""
        return self.errors.get(path, [])

    def errors_within(self, path: str) -> list[str]:
        """Return the errors of a field and of its parts."""
        paths = (at for at in self.errors if at == path or at.startswith(f"{path}."))
        return [text for at in paths for text in self.errors[at]]

    def chosen(self, path: str) -> set[str]:
        """Return the chosen values of a multiple choice."""
        return {text for at, text in self.values.items() if at.startswith(f"{path}.")}

    def checked(self, prefix: str) -> list[str]:
        """Return what follows the prefix in the names of checked boxes."""
        return [
            path.removeprefix(prefix)
            for path, text in self.values.items()
            if path.startswith(prefix) and text == "true"
        ]

    def add_label(self, path: str, label: str) -> str:
        """Store the label of a field and return its HTML id."""
        self.labels[path] = label
        return path.replace(".", "-")

    def has_values(self, prefix: str) -> bool:
        """Return whether any field of a part has a value."""
        return any(text and path.startswith(prefix) for path, text in self.values.items())

    def has_content(self, *prefixes: str) -> bool:
        """Return whether any part has a value or an error."""
        has_errors = any(path.startswith(prefixes) for path in self.errors)
        return has_errors or any(self.has_values(prefix) for prefix in prefixes)

    def row_numbers(self, name: str) -> range:
        """Return the row numbers of a list, at least one."""
        return range(max([1, *(at + 1 for at in self._stored_rows(name))]))

    def error_field(self, path: str) -> str | None:
        """Return the field that an error links to."""
        if (path or self.confirm) in self.labels:
            return path or self.confirm
        if (whole := path.rpartition(".")[0]) in self.labels:
            return whole
        return next((name for name in self.labels if path and name.startswith(f"{path}.")), None)

    def add_row(self, name: str, first_field: str) -> None:
        """Add an empty row to a list; its first field gets the focus."""
        self.focus_field = f"{name}.{len(self.row_numbers(name))}.{first_field}"
        self.values[self.focus_field] = ""

    def remove_row(self, path: str) -> None:
        """Remove a row of a list, such as `items.3`; the next one gets the focus."""
        self.focus_field = path
        self.values = {
            name: text for name, text in self.values.items() if not name.startswith(f"{path}.")
        }

    def remove_empty_rows(self, name: str) -> None:
        """Remove the empty rows of a list and renumber the others."""
        old_rows = [
            at for at in sorted(self._stored_rows(name)) if self.has_values(f"{name}.{at}.")
        ]
        typed = {path: self.values[path] for path in self.values if path.startswith(f"{name}.")}
        self.values = {path: text for path, text in self.values.items() if path not in typed}
        for new, old in enumerate(old_rows):
            for path, text in typed.items():
                if path.startswith(f"{name}.{old}."):
                    self.values[f"{name}.{new}.{path.removeprefix(f'{name}.{old}.')}"] = text

    def _stored_rows(self, name: str) -> set[int]:
        numbered = re.compile(rf"{re.escape(name)}\.([0-9]{{1,4}})\.")
        return {int(match[1]) for path in self.values if (match := numbered.match(path))}

    def load(
        self,
        schema: Schema,
        complete: Callable[[dict[str, Any]], None] | None = None,
        zone: str = UTC_ZONE,
        required: Iterable[str] = (),
    ) -> Any:
        """Load the form by a schema; `complete(json)` completes the JSON first.

        Times are local to `zone`. Raises ValidationError with all errors: of the schema, of
        `complete` (Invalid), and of empty `required` fields.
        """
        self.zone = zone
        body = FormBody(schema, self.values, zone)
        errors = {
            path: [translate(REQUIRED)]
            for path in required
            if not (self.get(path) or self.chosen(path))
        }
        try:
            if complete:
                complete(body.json)
        except Invalid as error:
            errors |= {path: [*map(self.translate, texts)] for path, texts in error.errors.items()}
        try:
            loaded = schema.load(body.json)
        except ValidationError as error:
            raise ValidationError(
                dict(flatten_errors(error.messages)) | body.errors | errors
            ) from error
        if errors:
            raise ValidationError(errors)
        return loaded

    def moment(self, path: str) -> datetime | str | None:
        """Return the typed time in the form's zone; None if empty, the text if it is no time."""
        typed = self.get(path)
        try:
            at = datetime.fromisoformat(typed) if LOCAL_TIME.fullmatch(typed) else None
        except ValueError:
            at = None
        return at.replace(tzinfo=ZoneInfo(self.zone)) if at else typed or None

    def translate(self, message: Message) -> str:
        """Translate a message with the page's names of fields and actions."""
        params = {key: self._format_param(value) for key, value in message.params.items()}
        return translate(with_state_names(Message(message.text, params)))

    def link_existing(self, title: str, address: str) -> None:
        """Replace the existing record's id in the error by a link."""
        link = Markup('<a href="{}">{}</a>').format(address, title)
        texts = self.errors.get("", [])
        self.errors[""] = [escape(text).replace(str(self.existing), link) for text in texts]

    def _format_param(self, value: Any) -> Any:
        """Format a parameter of a message as on the page."""
        if isinstance(value, datetime):
            value = value.astimezone(ZoneInfo(self.zone))
            return f"{format_day(value.date())}, {value:%H:%M}"
        if isinstance(value, date):
            return format_day(value)
        if not isinstance(value, FieldLabels):
            return value
        by_last_part = {path.rpartition(".")[2]: label for path, label in self.page_labels.items()}
        labels = by_last_part | self.page_labels
        return ", ".join(
            translate(message("“{name}”", name=labels[name])) if name in labels else name
            for name in value.names
        )


def codes_in(typed: str) -> list[str]:
    """Return the codes that were typed in one field, separated by commas or blanks."""
    return [code.upper() for code in re.split(r"[\s,;]+", typed) if code]


def parse_number(typed: str) -> float | str:
    """Return a typed number; the text itself if it is none."""
    typed = without_groups(typed)
    return float(typed.replace(",", ".")) if DECIMAL.fullmatch(typed) else typed


def without_groups(typed: str) -> str:
    """Return a typed number without the separators of thousands of the reader's language."""
    code = language.get()
    signs = re.escape(GROUPS_OF_BLANKS + get_group_symbol(code))
    decimals = rf"(?:{re.escape(get_decimal_symbol(code))}[0-9]{{1,2}})?"
    grouped = re.fullmatch(
        rf"-?[1-9][0-9]{{0,2}}([{signs}])[0-9]{{3}}(?:\1[0-9]{{3}})*{decimals}", typed
    )
    return typed.replace(grouped[1], "") if grouped else typed


def error_summary(form: Form) -> Iterator[tuple[str | None, str, str]]:
    """Yield (field id, field label, text) for each error."""
    for path, texts in form.errors.items():
        field_path = form.error_field(path)
        field_id = field_path.replace(".", "-") if field_path else None
        for text in texts:
            yield field_id, form.labels.get(field_path or "", ""), text


class FormBody:
    """The JSON of a form; `errors` holds invalid numbers by path.

    Times without an offset are local to `zone`. A list of texts may be typed as lines.
    """

    def __init__(self, schema: Schema, values: Mapping[str, str], zone: str = UTC_ZONE) -> None:
        self.zone = ZoneInfo(zone)
        self.errors: dict[str, list[str]] = {}
        self.json: dict[str, Any] = self._object(schema, _nest_values(values), "")

    def _object(self, schema: Schema, node: Any, path: str) -> dict[str, Any]:
        body = {}
        for name, kind in schema.load_fields.items():
            key = kind.data_key or name
            if isinstance(node, dict) and key in node:
                body[key] = self._value(kind, node[key], f"{path}{key}")
            elif kind.required and isinstance(kind, fields.Nested):
                body[key] = {}  # so that each missing field has its own error
        return body

    def _value(self, field: Any, node: Any, path: str) -> Any:
        if isinstance(field, fields.Nested):
            return self._object(field.schema, node, f"{path}.")
        if isinstance(field, fields.List):
            if isinstance(node, str) and not isinstance(field.inner, fields.Nested):
                return split_lines(node)
            rows = _sorted_rows(node)
            return [self._value(field.inner, row, f"{path}.{at}") for at, row in enumerate(rows)]
        return self._plain(field, node, path) if isinstance(node, str) else node

    def _plain(self, field: Any, text: str, path: str) -> Any:
        if isinstance(field, Flag):
            return text == "true"
        if isinstance(field, StateCode):
            return names.find_state(text) or text
        if isinstance(field, Moment) and LOCAL_TIME.fullmatch(text):
            return self._moment(text)
        if isinstance(field, Whole | Quantity):
            text = without_groups(text)
        if isinstance(field, Whole):
            if INTEGER.fullmatch(text):
                return int(text)
            self.errors[path] = [translate(INTEGER_NEEDED)]
        elif isinstance(field, Quantity | Real):
            if (DEGREES if isinstance(field, Real) else DECIMAL).fullmatch(text):
                return float(text.replace(",", "."))
            self.errors[path] = [translate(NUMBER_NEEDED)]
        return text

    def _moment(self, text: str) -> str:
        """Add the offset of the zone; return an invalid time unchanged."""
        try:
            return datetime.fromisoformat(text).replace(tzinfo=self.zone).isoformat()
        except ValueError:
            return text


def split_lines(typed: str) -> list[str]:
    """Return the non-empty lines of a text, stripped."""
    return [line for text in typed.splitlines() if (line := text.strip())]


def _nest_values(values: Mapping[str, str]) -> dict[str, Any]:
    """Nest values by the parts of their names; drop contradicting ones."""
    tree: dict[str, Any] = {}
    for name, text in values.items():
        *parents, last = name.split(".")
        node: Any = tree
        for parent in parents:
            node = node.setdefault(parent, {}) if isinstance(node, dict) else None
        if text and isinstance(node, dict):
            node.setdefault(last, text)
    return {name: node for name, node in tree.items() if not _is_empty(node)}


def _is_empty(node: Any) -> bool:
    return isinstance(node, dict) and all(_is_empty(inner) for inner in node.values())


def _sorted_rows(node: Any) -> list[Any]:
    """Return the non-empty rows of a list, sorted by number."""
    if not isinstance(node, dict):
        return []
    return [node[at] for at in sorted(node, key=_row_order) if not _is_empty(node[at])]


def _row_order(at: str) -> tuple[int, str]:
    return (int(at), "") if at.isascii() and at.isdigit() and len(at) < 10 else (10**9, at)
