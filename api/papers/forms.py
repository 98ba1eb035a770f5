"""Blank forms, for where there is no system yet: the papers with nothing on them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Final

from api.papers import permits, shipments
from api.papers.rendering import render as render_sheet
from api.papers.sheets import Part, Words, sheet
from salsa_ext.errors import say

KINDS: Final = ("import", "in_transit", "export", "attachment", "receipt")
FOOT: Final = say(
    "A form to be filled in by hand; what is written here is recorded in the service later."
)
STILL: Final = datetime(2026, 1, 1, tzinfo=UTC)  # a form is the same whenever it is made
COUNTED: Final = (
    (say("Line"), 3), (say("Goods"), 18), (say("Quantity shipped"), 7),
    (say("Quantity received"), 7), (say("Lot"), 7),
)  # fmt: skip
SERIALS: Final = (
    (say("Missing serial numbers"), 1),
    (say("Serial numbers that were not expected"), 1),
)


@cache
def render(kind: str, language: str) -> bytes:
    """Return the blank form of a kind in one language and English."""
    words = Words(language, is_blank=True)
    basis = (
        None
        if kind == "receipt"
        else permits.basis(kind)
        if kind in permits.BASIS
        else shipments.BASIS
    )
    title = words.named("paper", kind)
    return render_sheet(
        sheet(words, title, "", "", _sections(words, kind), FOOT, basis=basis), STILL
    )


def _sections(words: Words, kind: str) -> list[Part]:
    match kind:
        case "attachment":
            return [
                *shipments.document(words, {}), *shipments.plan(words, {}),
                *shipments.items(words, ()), *shipments.endorsements(words),
            ]  # fmt: skip
        case "receipt":
            return _receipt(words)
    return permits.sections_of(words, kind, {}, ())


def _receipt(words: Words) -> list[Part]:
    """Return what an importing state confirms (CIFTA IX.4, Model Regulations 9.7)."""
    return [
        *words.fields(
            say("Document"),
            words.field(say("Export attachment"), None),
            words.field(say("Export certificate"), None),
            words.field(say("Import certificate"), None),
            words.field(say("Exporting state"), None),
            words.field(say("Importing state"), None),
            words.field(say("Received on"), None),
            words.field(say("Place of receipt"), None),
            words.field(say("Seals"), None),
        ),
        *words.table(say("What was received"), COUNTED, (), blank=7),
        *words.table(say("What differs from the export attachment"), SERIALS, (), blank=6),
        *words.fields(say("Further information"), words.field(say("Remarks"), None, wide=True)),
        *words.boxes(say("Signatures"), [
            say("Receiving authority: name, signature, date and seal"),
            say("Final consignee: name, signature and date"),
        ]),
    ]  # fmt: skip
