"""Paper of a shipment: the export attachment (Model Regulations 2.2.2, 5.2.2)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from api.papers.permits import PARTY_TITLES, authority_section, describe_goods, party_section
from api.papers.sheets import (
    Part,
    SheetBuilder,
    build_sheet,
    print_footer,
    render_sheet,
    unbroken_text,
)
from salsa_ext.core.errors import message
from salsa_ext.core.text import official_language
from salsa_ext.papers import facts
from salsa_ext.papers.commands import ShipmentPaper
from salsa_ext.papers.facts import PaperFacts
from salsa_ext.trade.permits.queries import PermitView
from salsa_ext.trade.shipments import queries
from salsa_ext.trade.shipments.queries import PackedItem

Face = Mapping[str, Any]
LEGAL_BASIS: Final = "CICAD/doc.1281/03, 2.2.2 / 5.2.2"
RECEIPT_BASIS: Final = "CIFTA IX.4; CICAD/doc.1281/03, 9.7"
SIGNATURES: Final = message("Signatures")
RECEIVERS: Final = (
    message("Receiving authority: name, signature, date and seal"),
    message("Final consignee: name, signature and date"),
)
ITEM_COLUMNS: Final = (
    (message("Line"), 3),
    (message("Serial number"), 11),
    (message("Category, type"), 9),
    (message("Make, model"), 9),
    (message("Calibre"), 6),
    (message("Further description"), 9),
    (message("Other marks"), 8),
    (message("Quantity"), 5),
)
BULK_COLUMNS: Final = (
    (message("Line"), 3),
    (message("Goods"), 24),
    (message("Lot"), 8),
    (message("Quantity"), 6),
)
EXPECTED_COLUMNS: Final = (
    (message("Stage"), 8),
    (message("Border post"), 14),
    (message("Expected time"), 10),
)
ENDORSEMENTS: Final = (
    message("Exit: date, port, officer, quantity, seal"),
    message("Entry into transit: date, port, officer, quantity, seal"),
    message("Exit from transit: date, port, officer, quantity, seal"),
    message("Entry: date, port, officer, quantity, seal"),
)


def render_shipment(paper: ShipmentPaper, at: datetime) -> bytes:
    """Return the PDF of a shipment in its state's language and English."""
    facts = paper.facts
    words = SheetBuilder(official_language(facts.state))
    status = None if facts.is_valid else words.named("shipment_status", facts.status)
    received = facts.face.get("received")
    sections = [
        *document_sections(words, facts.face, facts),
        *(
            _receipt_section(words, received)
            if received
            else _certificate_section(words, paper, at)
        ),
        *plan_section(words, facts.face),
        *items_section(words, paper.items, facts),
        *bulk_section(words, facts.face, paper.permit),
        *(words.boxes(SIGNATURES, RECEIVERS) if received else endorsement_boxes(words)),
    ]
    return render_sheet(
        build_sheet(
            words,
            words.named("paper", facts.kind),
            words.state(facts.state) or "",
            facts.number,
            sections,
            print_footer(at),
            basis=LEGAL_BASIS if facts.kind == "attachment" else RECEIPT_BASIS,
            token=paper.token,
            status=status,
        ),
        at,
    )


def document_sections(
    words: SheetBuilder, face: Face, facts: PaperFacts | None = None
) -> list[Part]:
    """Return the certificates of the shipment, and its parties."""
    parties = face.get("parties") or {}
    sides = [
        part
        for role in ("exporter", "importer", "final_consignee", "carrier")
        for part in party_section(words, PARTY_TITLES[role], parties.get(role))
    ]
    return [
        *words.fields(
            message("Document"),
            words.field(message("Export certificate"), face.get("permit_number")),
            words.field(message("Import certificate"), face.get("import_permit_number")),
            *_validity_fields(words, facts),
            words.field(message("Exporting state"), words.state(face.get("exporting_state"))),
            words.field(message("Importing state"), words.state(face.get("importing_state"))),
            words.field(
                message("In-transit authorizations"), _transit_permits(words, face), wide=True
            ),
        ),
        *authority_section(words, face),
        *sides,
    ]


def _validity_fields(words: SheetBuilder, facts: PaperFacts | None) -> list[list[Part]]:
    """Return issue and last day; none for a delivery verification, which is no licence."""
    if facts and facts.kind == "delivery_verification":
        return []
    return [
        words.field(message("Date of issue"), words.day(facts.issued_on if facts else None)),
        words.field(message("Valid through"), words.day(facts.valid_through if facts else None)),
    ]


def plan_section(words: SheetBuilder, face: Face) -> list[Part]:
    """Return the planned shipment, as amendable by Model Regulations 8.5."""
    places = facts.post_names(face.get("route") or ())
    route = " → ".join(places[code] for code in face.get("route") or ())
    expected = facts.post_names(step["post"] for step in face.get("expected") or () if step["post"])
    rows = [
        [
            words.code("checkpoint_stage", step["stage"]),
            expected.get(step["post"], ""),
            _expected_time(step["at"]),
        ]
        for step in face.get("expected") or ()
    ]
    parts = [
        *words.fields(
            message("Planned shipment"),
            words.field(message("Date of shipment"), words.day(face.get("ships_on"))),
            words.field(message("Mode of shipment"), words.code("mode", face.get("mode"))),
            words.field(message("Port of exit"), face.get("port_of_exit")),
            words.field(message("Port of entry"), face.get("port_of_entry")),
            words.field(message("Route"), route or None, wide=True),
            words.field(message("Transport document"), _transport(words, face)),
            words.field(message("Number plates"), ", ".join(face.get("plates") or ()) or None),
            words.field(message("Container"), face.get("container")),
            words.field(message("Seals"), ", ".join(face.get("seals") or ()) or None),
        )
    ]
    return (
        parts
        if words.is_blank
        else [*parts, *words.table(message("Expected times"), EXPECTED_COLUMNS, rows)]
    )


def items_section(
    words: SheetBuilder, items: Collection[PackedItem], facts: PaperFacts | None = None
) -> list[Part]:
    """Return the list of items, or their number if too many."""
    totals = words.totals(facts.quantities) if facts else []
    has_arrived = facts is not None and facts.kind == "delivery_verification"
    title = message("Goods that arrived") if has_arrived else message("Goods of this shipment")
    if len(items) > queries.MAX_ITEMS:
        counted = words.pair(
            message(
                "{count} items are in the electronic manifest, which the QR code seals.",
                count=len(items),
            )
        )
        sentence = " / ".join(filter(None, counted.values()))
        return words.fields(
            title,
            words.field(message("Items"), sentence, wide=True),
            *(words.field(message("Total"), total["value"]) for total in totals),
        )
    return words.table(
        title, ITEM_COLUMNS, [_item_row(words, item) for item in items], (0, 7), totals
    )


def bulk_section(words: SheetBuilder, face: Face, permit: PermitView) -> list[Part]:
    """Return the goods without serial numbers."""
    lines = {line.line: facts.line_values(line) for line in permit.lines}
    rows = []
    for entry in face["bulk"]:
        line = lines.get(entry["line"])
        goods = ", ".join(filter(None, describe_goods(words, line))) if line else ""
        quantity = words.quantity(entry["quantity"], line["unit"] if line else None)
        rows.append([str(entry["line"]), goods, entry.get("lot") or "", quantity])
    return words.table(message("Goods without serial numbers"), BULK_COLUMNS, rows, numbers=(0, 3))


def endorsement_boxes(words: SheetBuilder) -> list[Part]:
    """Return the boxes that customs endorse, and those that are signed."""
    return [
        *words.boxes(message("Customs endorsements"), ENDORSEMENTS),
        *words.boxes(
            SIGNATURES,
            [
                message("Authorizing agency: signature, date and seal"),
                message("Carrier: name, signature and date"),
            ],
        ),
    ]


def _certificate_section(words: SheetBuilder, paper: ShipmentPaper, at: datetime) -> list[Part]:
    """Return the number of the shipment and the certificate's balance."""
    left = facts.sum_quantities(_RemainingLine(line) for line in paper.permit.lines)
    balance = "; ".join(words.total(name, quantity) for name, quantity in left.items())
    label = message("Left on the certificate on {day}", day=f"{at:%d/%m/%Y}")
    return words.fields(
        message("Under the export certificate"),
        words.field(message("Shipment no."), str(facts.sequence_number(paper.view.shipment))),
        words.field(label, balance),
    )


def _receipt_section(words: SheetBuilder, received: Face) -> list[Part]:
    """Return what arrived, and what differs from the goods of the shipment."""
    missing = ", ".join(item["serial"] or "–" for item in received["missing"])
    read = ", ".join(f"{pair['shipped']} → {pair['received']}" for pair in received["miskeyed"])
    other = ", ".join(f"{row['line']}: {row['quantity']}" for row in received["differences"])
    return words.fields(
        message("What was received"),
        words.field(message("Received on"), words.day(received["received_on"])),
        words.field(message("Firearms received"), str(received["item_count"])),
        words.field(message("Missing serial numbers"), missing or None, wide=True),
        words.field(
            message("Serial numbers that were not expected"),
            ", ".join(received["unexpected"]) or None,
            wide=True,
        ),
        words.field(message("Received under another serial number"), read or None, wide=True),
        words.field(message("Differing quantities, by line"), other or None, wide=True),
    )


class _RemainingLine:
    """Permit line with its balance as quantity."""

    def __init__(self, line: Any) -> None:
        self.category, self.unit = line.category, line.unit
        self.quantity = line.quantity - line.shipped


def _item_row(words: SheetBuilder, item: PackedItem) -> list[Any]:
    row = dict(item.row) | {"serial": None}
    kind, make, calibre, rest = describe_goods(words, row)
    marks = ", ".join(item.marks)
    quantity = words.quantity(item.row["quantity"], item.row["unit"])
    serial = unbroken_text(item.row["serial"]) or ""
    return [str(row["line"]), serial, kind, make, calibre, rest, marks, quantity]


def _transit_permits(words: SheetBuilder, face: Face) -> str | None:
    """Return the in-transit authorizations with their known last days."""
    named = face.get("transit_permits") or ()
    until = facts.transit_last_days(named)
    permits = []
    for number in named:
        last = words.day(until.get((number["state"], number["number"])))
        permits.append(f"{number['state']} {number['number']}" + (f" → {last}" if last else ""))
    return "; ".join(permits) or None


def _transport(words: SheetBuilder, face: Face) -> str | None:
    kind, number = face.get("document_kind"), face.get("document_number")
    return f"{words.code('transport_document', kind)} {number}" if kind else None


def _expected_time(at: str) -> str:
    """Return an expected time in the time zone of its place."""
    moment = datetime.fromisoformat(at)
    return f"{moment:%d/%m/%Y %H:%M} (UTC{moment:%z})"
