"""Blank forms to fill in by hand."""

from datetime import UTC, datetime
from functools import cache
from typing import Final

from api.papers import permits, shipments
from api.papers.sheets import Part, SheetBuilder, build_sheet, render_sheet
from salsa_ext.core.errors import message

FORM_KINDS: Final = ("import", "in_transit", "export", "attachment", "receipt")
FOOTER: Final = message(
    "A form to be filled in by hand; what is written here is recorded in the service later."
)
FIXED_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)  # a form is the same whenever it is made
RECEIVED_COLUMNS: Final = (
    (message("Line"), 3),
    (message("Goods"), 18),
    (message("Quantity shipped"), 7),
    (message("Quantity received"), 7),
    (message("Lot"), 7),
)
DIFFERENCE_COLUMNS: Final = (
    (message("Missing serial numbers"), 1),
    (message("Serial numbers that were not expected"), 1),
)


@cache
def render_blank_form(kind: str, language: str) -> bytes:
    """Return the blank form of a kind in one language and English."""
    words = SheetBuilder(language, is_blank=True)
    basis = (
        None
        if kind == "receipt"
        else permits.legal_basis(kind)
        if kind in permits.SECTIONS_BY_KIND
        else shipments.LEGAL_BASIS
    )
    title = words.named("paper", kind)
    return render_sheet(
        build_sheet(words, title, "", "", _form_sections(words, kind), FOOTER, basis=basis),
        FIXED_TIME,
    )


def _form_sections(words: SheetBuilder, kind: str) -> list[Part]:
    match kind:
        case "attachment":
            return [
                *shipments.document_sections(words, {}),
                *shipments.plan_section(words, {}),
                *shipments.items_section(words, ()),
                *shipments.endorsement_boxes(words),
            ]
        case "receipt":
            return _receipt_sections(words)
    return permits.permit_sections(words, kind, {}, ())


def _receipt_sections(words: SheetBuilder) -> list[Part]:
    """Return the sections of a receipt (CIFTA IX.4, Model Regulations 9.7)."""
    return [
        *words.fields(
            message("Document"),
            words.field(message("Export attachment"), None),
            words.field(message("Export certificate"), None),
            words.field(message("Import certificate"), None),
            words.field(message("Exporting state"), None),
            words.field(message("Importing state"), None),
            words.field(message("Received on"), None),
            words.field(message("Place of receipt"), None),
            words.field(message("Seals"), None),
        ),
        *words.table(message("What was received"), RECEIVED_COLUMNS, (), blank=7),
        *words.table(
            message("What differs from the export attachment"), DIFFERENCE_COLUMNS, (), blank=6
        ),
        *words.fields(
            message("Further information"), words.field(message("Remarks"), None, wide=True)
        ),
        *words.boxes(shipments.SIGNATURES, shipments.RECEIVERS),
    ]
