"""A submitted form of the pages with its errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape
from marshmallow import Schema, ValidationError

from api.http.errors import flatten_errors
from api.i18n.messages import format_day, translate, with_state_names
from api.web.form_bodies import DECIMAL, LOCAL_TIME, FormBody
from salsa_ext.core.errors import FieldLabels, Invalid, Message, message
from salsa_ext.core.ids import new_id
from salsa_ext.core.time import UTC_ZONE

REQUIRED = message("This field is required.")


@dataclass
class Form:
    """Typed values and errors by field path ("" is the whole form).

    `token` identifies one filling-in: sent twice, it has one effect. `labels` collects the names of
    fields while the page is rendered, for the summary of errors. `is_under_way`: the first
    submission is still being processed. `confirm` is the field that confirms what was refused.
    `existing` is the id of the record that already exists. `opened` is the field that gets the
    focus. `called` maps names of fields and actions of the API to their names on the page.
    """

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    token: str = field(default_factory=lambda: str(new_id()))
    labels: dict[str, str] = field(default_factory=dict)
    status: int = 200
    is_under_way: bool = False
    """Whether the first sending is being taken still: it is not refused, and is sent again."""
    confirm: str = ""
    """The field by which what was refused can be confirmed."""
    existing: UUID | None = None
    """What there is already of that which was sent: it was refused for that."""
    zone: str = UTC_ZONE
    opened: str = ""
    """The field that takes the focus."""
    called: dict[str, str] = field(default_factory=dict)
    """What fields and actions of the interface are called on the page, by their names there."""

    def get(self, path: str) -> str:
        """Return the typed value of a field."""
        return self.values.get(path, "")

    def said(self, path: str) -> list[str]:
        """Return the errors of a field."""
        return self.errors.get(path, [])

    def said_within(self, path: str) -> list[str]:
        """Return the errors of a field and of its parts."""
        return [
            text
            for at, said in self.errors.items()
            if at == path or at.startswith(f"{path}.")
            for text in said
        ]

    def picked(self, path: str) -> set[str]:
        """Return the chosen values of a multiple choice."""
        return {text for at, text in self.values.items() if at.startswith(f"{path}.")}

    def name(self, path: str, label: str) -> str:
        """Store the label of a field and return its HTML id."""
        self.labels[path] = label
        return path.replace(".", "-")

    def typed(self, prefix: str) -> bool:
        """Return whether any field of a part has a value."""
        return any(text and path.startswith(prefix) for path, text in self.values.items())

    def touches(self, *prefixes: str) -> bool:
        """Return whether any part has a value or an error."""
        wrong = any(path.startswith(prefixes) for path in self.errors)
        return wrong or any(self.typed(prefix) for prefix in prefixes)

    def rows(self, name: str) -> range:
        """Return the row numbers of a list, at least one."""
        return range(max([1, *(at + 1 for at in self._places(name))]))

    def place(self, path: str) -> str | None:
        """Return the field that an error links to.

        Its own field, the field that it is a part of, or its first part; None without any.
        """
        if path in self.labels:
            return path
        if (whole := path.rpartition(".")[0]) in self.labels:
            return whole
        return next((name for name in self.labels if path and name.startswith(f"{path}.")), None)

    def close_up(self, name: str) -> None:
        """Remove the empty rows of a list and renumber the others."""
        kept = [at for at in sorted(self._places(name)) if self.typed(f"{name}.{at}.")]
        moved = {f"{name}.{old}.": f"{name}.{new}." for new, old in enumerate(kept)}
        old = [path for path in self.values if path.startswith(f"{name}.")]
        typed = {path: self.values.pop(path) for path in old}
        for before, after in moved.items():
            for path, text in typed.items():
                if path.startswith(before):
                    self.values[after + path.removeprefix(before)] = text

    def _places(self, name: str) -> set[int]:
        numbered = re.compile(rf"{re.escape(name)}\.([0-9]{{1,4}})\.")
        return {int(found[1]) for path in self.values if (found := numbered.match(path))}

    def load(
        self,
        schema: Schema,
        amend: Callable[[dict[str, Any]], None] | None = None,
        zone: str = UTC_ZONE,
        needed: Iterable[str] = (),
    ) -> Any:
        """Load the form by a schema; `amend(json)` completes the JSON first.

        Times are local to `zone`. Raises ValidationError with all errors: of the schema, of `amend`
        (Invalid), and of empty `needed` fields.
        """
        self.zone = zone
        body = FormBody(schema, self.values, zone)
        wrong = {
            path: [translate(REQUIRED)]
            for path in needed
            if not (self.get(path) or self.picked(path))
        }
        try:
            if amend:
                amend(body.json)
        except Invalid as error:
            wrong |= {path: [*map(self.say, said)] for path, said in error.errors.items()}
        try:
            loaded = schema.load(body.json)
        except ValidationError as error:
            raise ValidationError(
                dict(flatten_errors(error.messages)) | body.wrong | wrong
            ) from error
        if wrong:
            raise ValidationError(wrong)
        return loaded

    def moment(self, path: str) -> datetime | str | None:
        """Return the typed time in the form's zone.

        None for an empty field, the text itself if it is no time.
        """
        typed = self.get(path)
        try:
            at = datetime.fromisoformat(typed) if LOCAL_TIME.fullmatch(typed) else None
        except ValueError:
            at = None
        return at.replace(tzinfo=ZoneInfo(self.zone)) if at else typed or None

    def say(self, message: Message) -> str:
        """Translate a message with the page's names of fields and actions."""
        params = {key: self._shown(value) for key, value in message.params.items()}
        return translate(with_state_names(Message(message.text, params)))

    def lead(self, title: str, address: str) -> None:
        """Replace the existing record's id in the error by a link."""
        link = Markup('<a href="{}">{}</a>').format(address, title)
        said = self.errors.get("", [])
        self.errors[""] = [escape(text).replace(str(self.existing), link) for text in said]

    def _shown(self, value: Any) -> Any:
        """Format a parameter of a message as on the page."""
        if isinstance(value, datetime):
            value = value.astimezone(ZoneInfo(self.zone))
            return f"{format_day(value.date())}, {value:%H:%M}"
        if isinstance(value, date):
            return format_day(value)
        return self._call(value) if isinstance(value, FieldLabels) else value

    def _call(self, named: FieldLabels) -> str:
        ends = {path.rpartition(".")[2]: label for path, label in self.called.items()}
        known = ends | self.called
        return ", ".join(
            translate(message("“{name}”", name=known[name])) if name in known else name
            for name in named.names
        )


def codes_in(typed: str) -> list[str]:
    """Return the codes that were typed in one field, separated by commas or blanks."""
    return [code.upper() for code in re.split(r"[\s,;]+", typed) if code]


def parse_number(typed: str) -> float | str:
    """Return a typed number; the text itself if it is none."""
    return float(typed.replace(",", ".")) if DECIMAL.fullmatch(typed) else typed


def error_summary(form: Form) -> Iterator[tuple[str | None, str, str]]:
    """Yield (field id, field label, text) for each error."""
    for path, said in form.errors.items():
        place = form.place(path)
        at = place.replace(".", "-") if place else None
        for sentence in said:
            yield at, form.labels.get(place or "", ""), sentence
