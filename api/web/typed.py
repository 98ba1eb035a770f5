"""A form of the pages as it was typed, and what is wrong with it."""

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

from api.i18n import day, translate, with_states
from api.said import flatten
from api.web.bodies import LOCAL, NUMBER, Body
from salsa_ext.errors import Invalid, Message, Named, say
from salsa_ext.values.ids import new_id
from salsa_ext.values.zones import UTC

NEEDED = say("This field is required.")


@dataclass
class Form:
    """Values by path as they were typed, and what is wrong by path ("" is the whole).

    `token` marks one filling-in: sent twice, it has one effect. `labels` collects, while the page
    is made, what each field is called, for the summary of what is wrong.
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
    zone: str = UTC
    opened: str = ""
    """The field that takes the focus."""
    called: dict[str, str] = field(default_factory=dict)
    """What fields and actions of the interface are called on the page, by their names there."""

    def get(self, path: str) -> str:
        """Return what stands in a field."""
        return self.values.get(path, "")

    def said(self, path: str) -> list[str]:
        """Return what is wrong with a field."""
        return self.errors.get(path, [])

    def said_within(self, path: str) -> list[str]:
        """Return what is wrong with a field or with any of its parts."""
        return [text for at, said in self.errors.items()
                if at == path or at.startswith(f"{path}.") for text in said]  # fmt: skip

    def picked(self, path: str) -> set[str]:
        """Return what was picked of several."""
        return {text for at, text in self.values.items() if at.startswith(f"{path}.")}

    def name(self, path: str, label: str) -> str:
        """Remember what a field is called, and return its id."""
        self.labels[path] = label
        return path.replace(".", "-")

    def typed(self, prefix: str) -> bool:
        """Tell whether something stands in a part of the form."""
        return any(text and path.startswith(prefix) for path, text in self.values.items())

    def touches(self, *prefixes: str) -> bool:
        """Tell whether something stands, or is wrong, in parts of the form."""
        wrong = any(path.startswith(prefixes) for path in self.errors)
        return wrong or any(self.typed(prefix) for prefix in prefixes)

    def rows(self, name: str) -> range:
        """Return the numbers of the rows of a list; there is one at least."""
        return range(max([1, *(at + 1 for at in self._places(name))]))

    def place(self, path: str) -> str | None:
        """Return the field to which an error leads: its own, that it is a part of, or its first part."""
        if path in self.labels:
            return path
        if (whole := path.rpartition(".")[0]) in self.labels:
            return whole
        return next((name for name in self.labels if path and name.startswith(f"{path}.")), None)

    def close_up(self, name: str) -> None:
        """Number the rows of a list anew, leaving out those where nothing was typed."""
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
        self, schema: Schema, amend: Callable[[dict[str, Any]], None] | None = None,
        zone: str = UTC, needed: Iterable[str] = (),
    ) -> Any:  # fmt: skip
        """Return the value that the form makes by a schema; `amend(json)` completes it before.

        Moments are typed in `zone`. Raises ValidationError with all that is wrong: by the schema, as
        `amend` says by Invalid, and of the `needed` fields those that are empty.
        """
        self.zone = zone
        body = Body(schema, self.values, zone)
        wrong = {path: [translate(NEEDED)] for path in needed
                 if not (self.get(path) or self.picked(path))}  # fmt: skip
        try:
            if amend:
                amend(body.json)
        except Invalid as error:
            wrong |= {path: [*map(self.say, said)] for path, said in error.errors.items()}
        try:
            loaded = schema.load(body.json)
        except ValidationError as error:
            raise ValidationError(dict(flatten(error.messages)) | body.wrong | wrong) from error
        if wrong:
            raise ValidationError(wrong)
        return loaded

    def moment(self, path: str) -> datetime | str | None:
        """Return the moment that was typed in a field, in the zone of the form.

        None stands for an empty field, the text itself for what is no moment.
        """
        typed = self.get(path)
        try:
            at = datetime.fromisoformat(typed) if LOCAL.fullmatch(typed) else None
        except ValueError:
            at = None
        return at.replace(tzinfo=ZoneInfo(self.zone)) if at else typed or None

    def say(self, message: Message) -> str:
        """Return a sentence in which fields, actions, days and states are called as on the page."""
        params = {key: self._shown(value) for key, value in message.params.items()}
        return translate(with_states(Message(message.text, params)))

    def lead(self, title: str, address: str) -> None:
        """Let the sentence that names what there is already lead there, by its title and not its id."""
        link = Markup('<a href="{}">{}</a>').format(address, title)
        said = self.errors.get("", [])
        self.errors[""] = [escape(text).replace(str(self.existing), link) for text in said]

    def _shown(self, value: Any) -> Any:
        """Return what a sentence names as the page does: a field by its label, a day in the reader's words."""
        if isinstance(value, datetime):
            value = value.astimezone(ZoneInfo(self.zone))
            return f"{day(value.date())}, {value:%H:%M}"
        if isinstance(value, date):
            return day(value)
        return self._call(value) if isinstance(value, Named) else value

    def _call(self, named: Named) -> str:
        ends = {path.rpartition(".")[2]: label for path, label in self.called.items()}
        known = ends | self.called
        return ", ".join(
            translate(say("“{name}”", name=known[name])) if name in known else name
            for name in named.names
        )


def codes_in(typed: str) -> list[str]:
    """Return the codes that were typed in one field, separated by commas or blanks."""
    return [code.upper() for code in re.split(r"[\s,;]+", typed) if code]


def amount(typed: str) -> float | str:
    """Return a number that was typed, or what was typed where it is none."""
    return float(typed.replace(",", ".")) if NUMBER.fullmatch(typed) else typed


def summary(form: Form) -> Iterator[tuple[str | None, str, str]]:
    """Yield, for each thing that is wrong, the id of its field, its name, and the sentence."""
    for path, said in form.errors.items():
        place = form.place(path)
        at = place.replace(".", "-") if place else None
        for sentence in said:
            yield at, form.labels.get(place or "", ""), sentence
