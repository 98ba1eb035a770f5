"""What a sheet is made of: fields, tables and boxes, each named in one or two languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel import dates

from api.articles import written
from api.i18n import catalogue
from salsa_ext.errors import Message, say
from salsa_ext.readmodels import names
from salsa_ext.readmodels.papers import amount
from salsa_ext.values.languages import ENGLISH

Pair = dict[str, str | None]
Part = dict[str, Any]
BLANK_ROWS = 8
MOST_IN_COLUMN = 16
"""Characters of what stays whole that can still be read in a narrow column."""


@dataclass(frozen=True)
class Words:
    """How a paper speaks: a state's language with English beside it, or one language alone.

    On a blank form what is not known is a line to write on; on a paper it is left out.
    """

    language: str
    is_blank: bool = False
    is_alone: bool = False

    def pair(self, message: Message) -> Pair:
        """Return a sentence in both languages."""
        english = message.text.format(**message.params)
        if self.language == ENGLISH:
            return {"a": english, "b": None}
        template = catalogue(self.language).get(message.text, message.text)
        said = written(template, message.params, self.language)
        return self._beside(said, english)

    def named(self, kind: str, code: str) -> Pair:
        """Return the name of a code in both languages."""
        own, english = (names.label(kind, code, each) for each in (self.language, ENGLISH))
        return self._beside(own, english)

    def _beside(self, own: str, english: str) -> Pair:
        return {"a": own, "b": None if self.is_alone or english == own else english}

    def code(self, kind: str, code: str | None) -> str | None:
        """Return the name of a code as one text, both languages where they differ."""
        if not code:
            return None
        both = self.named(kind, code)
        return f"{both['a']} / {both['b']}" if both["b"] else both["a"]

    def both(self, message: Message) -> str:
        """Return a sentence as one text, in both languages where they differ."""
        pair = self.pair(message)
        return f"{pair['a']} / {pair['b']}" if pair["b"] else str(pair["a"])

    def state(self, code: str | None) -> str | None:
        """Return a state by its name and its code."""
        return f"{self.code('state', code)} ({code})" if code else None

    def day(self, on: date | str | None) -> str | None:
        """Return a date as the Model Regulations write it, and with the month in letters."""
        if not on:
            return None
        told = date.fromisoformat(on) if isinstance(on, str) else on
        return f"{told:%d/%m/%Y} ({self.in_letters(told)})"

    def in_letters(self, on: date | str) -> str:
        """Return a date with the month in letters alone, for a column of a table."""
        told = date.fromisoformat(on) if isinstance(on, str) else on
        return str(dates.format_date(told, "d MMM yyyy", locale=self.language))

    def field(self, label: Message, value: str | Part | None, wide: bool = False) -> list[Part]:
        """Return a field, or none where a paper has nothing to say in it."""
        if value is None and not self.is_blank:
            return []
        return [{"label": self.pair(label), "value": value, "wide": wide}]

    def fields(self, title: Message, *found: list[Part]) -> list[Part]:
        """Return a section of fields, or none where there is no field in it."""
        listed = [one for fields in found for one in fields]
        return [{"kind": "fields", "title": self.pair(title), "fields": listed}] if listed else []

    def table(
        self, title: Message, columns: Sequence[tuple[Message, int]], rows: Iterable[Sequence[Any]],
        numbers: Sequence[int] = (), totals: Sequence[Part] = (), blank: int = BLANK_ROWS,
    ) -> list[Part]:  # fmt: skip
        """Return a table of columns with their widths; a blank one has rows to write in."""
        filled: list[Any] = [part for row in rows for part in _with_long(row)]
        if self.is_blank:
            filled = [[None] * len(columns) for _ in range(blank)]
        return [{
            "kind": "table", "title": self.pair(title), "widths": [width for _, width in columns],
            "columns": [self.pair(label) for label, _ in columns], "rows": filled,
            "numbers": list(numbers), "totals": list(totals),
        }] if filled else []  # fmt: skip

    def boxes(
        self, title: Message, labels: Sequence[Message], across: int = 2, height: int = 22
    ) -> list[Part]:
        """Return boxes to sign, seal or write in."""
        pairs = [self.pair(label) for label in labels]
        return [{"kind": "boxes", "title": self.pair(title), "boxes": pairs, "across": across,
                 "height": height}]  # fmt: skip

    def totals(self, quantities: Mapping[str, str]) -> list[Part]:
        """Return the total of each category."""
        return [
            {"label": self.pair(say("Total")), "value": self.total(name, quantity)}
            for name, quantity in quantities.items()
        ]

    def total(self, name: str, quantity: str) -> str:
        """Return one total as text; `name` is `category` or `category:unit`."""
        category, _, unit = name.partition(":")
        return f"{self.code('category', category)}: {quantity} {unit}".rstrip()

    def quantity(self, value: Any, unit: str | None) -> str:
        """Return an amount with its unit."""
        return f"{amount(value)} {unit or ''}".rstrip()


def whole(text: str | None) -> Part | None:
    """Return a text that stands on one line, such as a serial number, which is searched for and copied."""
    return {"whole": text} if text else None


def whole_in(said: str, text: str | None) -> str | Part:
    """Return what is said in a cell, from which a text that is too long to stand whole in it is taken out."""
    if not text or len(text) <= MOST_IN_COLUMN:
        return said
    return {"whole": text, "beside": said.replace(text, "…")}


def _with_long(row: Sequence[Any]) -> list[list[Any]]:
    """Return a row, and under it across all columns what has to stay whole and is too long for its own."""
    long = [cell for cell in row if isinstance(cell, dict) and len(cell["whole"]) > MOST_IN_COLUMN]
    kept = [cell.get("beside", "…") if cell in long else cell for cell in row]
    return [kept, *([{"whole": cell["whole"], "across": True}] for cell in long)]


def sheet(
    words: Words, title: Pair, issuer: str, number: str, sections: list[Part], foot: Message,
    *, basis: str | None = None, token: str | None = None, status: Pair | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return all that the template needs; a `status` that is not good becomes the watermark too."""
    return {
        "lang": words.language, "title": title, "issuer": issuer, "number": number,
        "is_blank": words.is_blank, "basis": basis, "token": token, "watermark": status,
        "status": None, "sections": sections, "foot": words.pair(foot),
        "number_label": words.pair(say("Number")), "page": words.pair(say("Page")),
        "token_label": words.pair(say("The text of the QR code, for where no camera reads it:")),
    }  # fmt: skip


def printed(at: datetime) -> Message:
    """Return what stands at the foot: when it was printed, and how it is checked."""
    return say("Printed on {moment} UTC. Check it at /verify of the service, or without a network by"
               " salsa verify and the published keys.", moment=f"{at:%Y-%m-%d %H:%M}")  # fmt: skip
