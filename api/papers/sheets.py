"""Sheets of papers: content in two languages, and the PDF/A-2b of it with its QR code."""

import io
import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import segno
import typst
from babel import dates
from flask import url_for

from api.i18n.messages import format_message, format_rough, load_catalogue
from salsa_ext.core.dates import parse_date, within_of
from salsa_ext.core.errors import Message, message
from salsa_ext.core.text import ENGLISH, format_quantity
from salsa_ext.reference import names

Pair = dict[str, str | None]
Part = dict[str, Any]
BLANK_ROWS = 8
MAX_COLUMN_CHARS = 16
"""Characters of what stays whole that can still be read in a narrow column."""


@dataclass(frozen=True)
class SheetBuilder:
    """Builder of sheet parts: a language with English, or one alone."""

    language: str
    is_blank: bool = False
    is_alone: bool = False

    def pair(self, message: Message) -> Pair:
        """Return a message in both languages."""
        english = message.text.format(**message.params)
        if self.language == ENGLISH:
            return {"a": english, "b": None}
        template = load_catalogue(self.language).get(message.text, message.text)
        translated = format_message(template, message.params, self.language)
        return self._pair_of(translated, english)

    def named(self, kind: str, code: str) -> Pair:
        """Return the name of a code in both languages."""
        own, english = (names.label(kind, code, each) for each in (self.language, ENGLISH))
        return self._pair_of(own, english)

    def _pair_of(self, own: str, english: str) -> Pair:
        return {"a": own, "b": None if self.is_alone or english == own else english}

    def code(self, kind: str, code: str | None) -> str | None:
        """Return the name of a code as one text in both languages."""
        if not code:
            return None
        both = self.named(kind, code)
        return f"{both['a']} / {both['b']}" if both["b"] else both["a"]

    def both(self, message: Message) -> str:
        """Return a message as one text in both languages."""
        pair = self.pair(message)
        return f"{pair['a']} / {pair['b']}" if pair["b"] else str(pair["a"])

    def state(self, code: str | None) -> str | None:
        """Return a state by its name and its code."""
        return f"{self.code('state', code)} ({code})" if code else None

    def day(self, on: date | str | None) -> str | None:
        """Return a date as in the Model Regulations, and with month name."""
        if not on:
            return None
        day = parse_date(on) if isinstance(on, str) else on
        if within_of(day):
            return self.day_with_month(day)
        return f"{day:%d/%m/%Y} ({self.day_with_month(day)})"

    def day_with_month(self, on: date | str) -> str:
        """Return a date with month name, for a table column."""
        day = parse_date(on) if isinstance(on, str) else on
        return format_rough(day, self.language) or str(
            dates.format_date(day, "d MMM yyyy", locale=self.language)
        )

    def field(self, label: Message, value: str | Part | None, wide: bool = False) -> list[Part]:
        """Return a field; empty without value, except in a blank form."""
        if value is None and not self.is_blank:
            return []
        return [{"label": self.pair(label), "value": value, "wide": wide}]

    def fields(self, title: Message, *parts: list[Part]) -> list[Part]:
        """Return a section of fields; empty without fields."""
        listed = [part for fields in parts for part in fields]
        return [{"kind": "fields", "title": self.pair(title), "fields": listed}] if listed else []

    def table(
        self,
        title: Message,
        columns: Sequence[tuple[Message, int]],
        rows: Iterable[Sequence[Any]],
        numbers: Sequence[int] = (),
        totals: Sequence[Part] = (),
        blank: int = BLANK_ROWS,
    ) -> list[Part]:
        """Return a table with column widths; a blank one has empty rows."""
        filled: list[Any] = [part for row in rows for part in _split_long_row(row)]
        if self.is_blank:
            filled = [[None] * len(columns) for _ in range(blank)]
        return (
            [
                {
                    "kind": "table",
                    "title": self.pair(title),
                    "widths": [width for _, width in columns],
                    "columns": [self.pair(label) for label, _ in columns],
                    "rows": filled,
                    "numbers": list(numbers),
                    "totals": list(totals),
                }
            ]
            if filled
            else []
        )

    def boxes(
        self, title: Message, labels: Sequence[Message], across: int = 2, height: int = 22
    ) -> list[Part]:
        """Return boxes to sign, seal or write in."""
        pairs = [self.pair(label) for label in labels]
        return [
            {
                "kind": "boxes",
                "title": self.pair(title),
                "boxes": pairs,
                "across": across,
                "height": height,
            }
        ]

    def totals(self, quantities: Mapping[str, str]) -> list[Part]:
        """Return the total of each category."""
        return [
            {"label": self.pair(message("Total")), "value": self.total(name, quantity)}
            for name, quantity in quantities.items()
        ]

    def total(self, name: str, quantity: str) -> str:
        """Return one total as text; `name` is `category` or `category:unit`."""
        category, _, unit = name.partition(":")
        return f"{self.code('category', category)}: {quantity} {unit}".rstrip()

    def quantity(self, value: Any, unit: str | None) -> str:
        """Return an amount with its unit."""
        return f"{format_quantity(value)} {unit or ''}".rstrip()


def unbroken_text(text: str | None) -> Part | None:
    """Return a text never broken across lines, such as a serial number."""
    return {"whole": text} if text else None


def cell_with_text(cell: str, text: str | None) -> str | Part:
    """Return a cell, with a long unbreakable text replaced by an ellipsis."""
    if not text or len(text) <= MAX_COLUMN_CHARS:
        return cell
    return {"whole": text, "row_text": cell.replace(text, "…")}


def _split_long_row(row: Sequence[Any]) -> list[list[Any]]:
    """Return a row and extra rows for its long unbreakable texts."""
    long = [
        cell for cell in row if isinstance(cell, dict) and len(cell["whole"]) > MAX_COLUMN_CHARS
    ]
    cells = [cell.get("row_text", "…") if cell in long else cell for cell in row]
    return [cells, *([{"whole": cell["whole"], "across": True}] for cell in long)]


def build_sheet(
    words: SheetBuilder,
    title: Pair,
    issuer: str,
    number: str,
    sections: list[Part],
    footer: Message,
    *,
    basis: str | None = None,
    token: str | None = None,
    status: Pair | None = None,
) -> dict[str, Any]:
    """Return the data of the template; `status` is also the watermark."""
    return {
        "lang": words.language,
        "title": title,
        "issuer": issuer,
        "number": number,
        "is_blank": words.is_blank,
        "basis": basis,
        "token": token,
        "watermark": status,
        "status": None,
        "sections": sections,
        "foot": words.pair(footer),
        "number_label": words.pair(message("Number")),
        "page": words.pair(message("Page")),
        "token_label": words.pair(
            message("The text of the QR code, for where no camera reads it:")
        ),
    }


def print_footer(at: datetime) -> Message:
    """Return the footer: time of printing and how to verify."""
    return message(
        "Printed on {moment} UTC. Check it at {address}, or without a network by salsa verify and"
        " the published keys.",
        moment=f"{at:%d/%m/%Y %H:%M}",
        address=url_for("account.verify_form", _external=True),
    )


TEMPLATE = (Path(__file__).parent / "paper.typ").read_bytes()
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
LONG_WORD = re.compile(r"\S{22,}")
ZERO_WIDTH = "\u200b"
TOKEN_LINE = 110
MAX_TAGGED_ROWS = 500  # rows; tags for who hears a document read make up most of a long one


def render_sheet(sheet: dict[str, Any], at: datetime) -> bytes:
    """Return the PDF of a sheet with its creation time.

    The template gets JSON text and an empty root folder, so that nothing in it can name a file. A
    glyph missing in all fonts (an emoji) is not allowed in PDF/A: then it is a common PDF with a
    box in its place.
    """
    is_long = any(len(part.get("rows", ())) > MAX_TAGGED_ROWS for part in sheet["sections"])
    data = json.dumps(_printable(sheet) | _qr_code(sheet.get("token")))
    options = {"timestamp": int(at.timestamp()), "pdf_tags": not is_long}
    try:
        return _compile(data, pdf_standards=["a-2b"], **options)
    except typst.TypstError:
        return _compile(data, **options)


def _compile(data: str, **options: Any) -> bytes:
    with tempfile.TemporaryDirectory() as nowhere:
        compiler = typst.Compiler(
            TEMPLATE,
            root=nowhere,
            ignore_system_fonts=True,
            sys_inputs={"data": data},
            package_path=nowhere,
            package_cache_path=nowhere,
        )
        document = compiler.compile(format="pdf", **options)
    if not isinstance(document, bytes):
        raise AssertionError("one document gives one file")
    return document


def _qr_code(token: str | None) -> dict[str, Any]:
    """Return the QR code as SVG, and its token in lines."""
    if token is None:
        return {"qr": None, "token": None, "token_lines": []}
    buffer = io.BytesIO()
    segno.make(token, error="m", micro=False).save(
        buffer, kind="svg", border=4, xmldecl=False, omitsize=True, light="white"
    )
    lines = [token[start : start + TOKEN_LINE] for start in range(0, len(token), TOKEN_LINE)]
    return {"qr": buffer.getvalue().decode(), "token": token, "token_lines": lines}


def _printable(value: Any) -> Any:
    """Remove control characters, break long words; whole texts (serials) and drawings stay."""
    if isinstance(value, str):
        return LONG_WORD.sub(_breakable, CONTROL.sub(" ", value))
    if isinstance(value, dict) and "whole" in value:
        return value | {"whole": CONTROL.sub(" ", value["whole"])}
    if isinstance(value, dict):
        return {key: inner if key == "svg" else _printable(inner) for key, inner in value.items()}
    return [*map(_printable, value)] if isinstance(value, list | tuple) else value


def _breakable(word: re.Match[str]) -> str:
    return re.sub(r"(.{8})(?=.)", rf"\1{ZERO_WIDTH}", word[0])
