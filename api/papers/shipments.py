"""The paper of a shipment: the export attachment (Model Regulations 2.2.2, 5.2.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from api.papers.permits import TITLES, authority, described, party
from api.papers.rendering import render as render_sheet
from api.papers.sheets import Part, Words, printed, sheet, whole
from salsa_ext.errors import say
from salsa_ext.readmodels import packing
from salsa_ext.readmodels import papers as facing
from salsa_ext.readmodels.packing import Item
from salsa_ext.readmodels.papers import Facts
from salsa_ext.readmodels.permits import PermitView
from salsa_ext.services.papers import ShipmentPaper
from salsa_ext.values.languages import official_language

Face = Mapping[str, Any]
BASIS: Final = "CICAD/doc.1281/03, 2.2.2 / 5.2.2"
ITEMS: Final = (
    (say("Line"), 3), (say("Serial number"), 11), (say("Category, type"), 9),
    (say("Make, model"), 9), (say("Calibre"), 6), (say("Further description"), 9),
    (say("Other marks"), 8), (say("Quantity"), 5),
)  # fmt: skip
BULK: Final = ((say("Line"), 3), (say("Goods"), 24), (say("Lot"), 8), (say("Quantity"), 6))
EXPECTED: Final = ((say("Stage"), 8), (say("Border post"), 14), (say("Expected time"), 10))
ENDORSED: Final = (
    say("Exit: date, port, officer, quantity, seal"),
    say("Entry into transit: date, port, officer, quantity, seal"),
    say("Exit from transit: date, port, officer, quantity, seal"),
    say("Entry: date, port, officer, quantity, seal"),
)


def render(paper: ShipmentPaper, at: datetime) -> bytes:
    """Return the PDF of a shipment in its state's language and English."""
    facts = paper.facts
    words = Words(official_language(facts.state))
    status = None if facts.is_standing else words.named("shipment_status", facts.status)
    sections = [
        *document(words, facts.face, facts, paper.permit),
        *_sequence(words, paper, at), *plan(words, facts.face),
        *items(words, paper.items, facts), *bulk(words, facts.face, paper.permit),
        *endorsements(words),
    ]  # fmt: skip
    return render_sheet(
        sheet(words, words.pair(say("Export attachment")), words.state(facts.state) or "",
              facts.number, sections, printed(at), basis=BASIS, token=paper.token, status=status),
        at)  # fmt: skip


def document(
    words: Words, face: Face, facts: Facts | None = None, permit: PermitView | None = None
) -> list[Part]:
    """Return what the attachment belongs to, and who is who."""
    parties = face.get("parties") or {}
    sides = [
        part
        for side in ("exporter", "importer", "final_consignee", "carrier")
        for part in party(words, TITLES[side], parties.get(side))
    ]
    return [
        *words.fields(
            say("Document"),
            words.field(say("Export certificate"), face.get("permit_number")),
            words.field(say("Import certificate"), face.get("import_permit_number")),
            words.field(say("Date of issue"), words.day(facts.issued_on if facts else None)),
            words.field(say("Valid through"), words.day(facts.valid_through if facts else None)),
            words.field(say("Exporting state"), words.state(face.get("exporting_state"))),
            words.field(say("Importing state"), words.state(face.get("importing_state"))),
            words.field(say("In-transit authorizations"), _transit(words, face), wide=True),
        ),
        *authority(words, face), *sides,
    ]  # fmt: skip


def plan(words: Words, face: Face) -> list[Part]:
    """Return the planned shipment: what Model Regulations 8.5 let an authority amend."""
    places = packing.places(face.get("route") or ())
    route = " → ".join(places[code] for code in face.get("route") or ())
    expected = packing.places(one["post"] for one in face.get("expected") or () if one["post"])
    rows = [[words.code("checkpoint_stage", one["stage"]), expected.get(one["post"], ""),
             _moment(one["at"])] for one in face.get("expected") or ()]  # fmt: skip
    shown = [
        *words.fields(
            say("Planned shipment"),
            words.field(say("Date of shipment"), words.day(face.get("ships_on"))),
            words.field(say("Mode of shipment"), words.code("mode", face.get("mode"))),
            words.field(say("Port of exit"), face.get("port_of_exit")),
            words.field(say("Port of entry"), face.get("port_of_entry")),
            words.field(say("Route"), route or None, wide=True),
            words.field(say("Transport document"), _transport(words, face)),
            words.field(say("Number plates"), ", ".join(face.get("plates") or ()) or None),
            words.field(say("Container"), face.get("container")),
            words.field(say("Seals"), ", ".join(face.get("seals") or ()) or None),
        )
    ]
    return (
        shown if words.is_blank else [*shown, *words.table(say("Expected times"), EXPECTED, rows)]
    )


def items(words: Words, found: Collection[Item], facts: Facts | None = None) -> list[Part]:
    """Return the list of serial-numbered items; of more than can be read, only how many."""
    totals = words.totals(facts.quantities) if facts else []
    if len(found) > packing.MOST_ITEMS:
        told = words.pair(say("{count} items stand in the electronic manifest, which the QR code seals.",
                              count=len(found)))  # fmt: skip
        said = " / ".join(filter(None, told.values()))
        return words.fields(say("Goods of this shipment"), words.field(say("Items"), said, wide=True),
                            *(words.field(say("Total"), one["value"]) for one in totals))  # fmt: skip
    title = say("Goods of this shipment")
    return words.table(title, ITEMS, [_row(words, item) for item in found], (0, 7), totals)


def bulk(words: Words, face: Face, permit: PermitView) -> list[Part]:
    """Return the goods without serial numbers."""
    lines = {line.line: facing.vars_of(line) for line in permit.lines}
    rows = []
    for entry in face["bulk"]:
        line = lines.get(entry["line"])
        told = ", ".join(filter(None, described(words, line))) if line else ""
        quantity = words.quantity(entry["quantity"], line and line["unit"])
        rows.append([str(entry["line"]), told, entry.get("lot") or "", quantity])
    return words.table(say("Goods without serial numbers"), BULK, rows, numbers=(0, 3))


def endorsements(words: Words) -> list[Part]:
    """Return the boxes that customs endorse, and those that are signed."""
    return [
        *words.boxes(say("Customs endorsements"), ENDORSED),
        *words.boxes(say("Signatures"), [
            say("Authorizing agency: signature, date and seal"),
            say("Carrier: name, signature and date"),
        ]),
    ]  # fmt: skip


def _sequence(words: Words, paper: ShipmentPaper, at: datetime) -> list[Part]:
    """Return the how-manieth shipment it is, and what is left of the certificate that day."""
    left = facing.totals(_Left(line) for line in paper.permit.lines)
    balance = "; ".join(words.total(name, quantity) for name, quantity in left.items())
    label = say("Left on the certificate on {day}", day=f"{at:%d/%m/%Y}")
    return words.fields(
        say("Under the export certificate"),
        words.field(say("Shipment no."), str(packing.sequence(paper.view.shipment))),
        words.field(label, balance),
    )


class _Left:
    """A line of a permit with what is left of it for its quantity."""

    def __init__(self, line: Any) -> None:
        self.category, self.unit = line.category, line.unit
        self.quantity = line.quantity - line.shipped


def _row(words: Words, item: Item) -> list[Any]:
    row = dict(item.row) | {"serial": None}
    kind, make, calibre, rest = described(words, row)
    marks = ", ".join(item.marks)
    quantity = words.quantity(item.row["quantity"], item.row["unit"])
    serial = whole(item.row["serial"]) or ""
    return [str(row["line"]), serial, kind, make, calibre, rest, marks, quantity]


def _transit(words: Words, face: Face) -> str | None:
    """Return the in-transit authorizations, each with its last day where it is known."""
    named = face.get("transit_permits") or ()
    until = packing.last_days(named)
    told = []
    for one in named:
        last = words.day(until.get((one["state"], one["number"])))
        told.append(f"{one['state']} {one['number']}" + (f" → {last}" if last else ""))
    return "; ".join(told) or None


def _transport(words: Words, face: Face) -> str | None:
    kind, number = face.get("document_kind"), face.get("document_number")
    return f"{words.code('transport_document', kind)} {number}" if kind else None


def _moment(at: str) -> str:
    """Return an expected moment as written, in the time of its place."""
    told = datetime.fromisoformat(at)
    return f"{told:%d/%m/%Y %H:%M} (UTC{told:%z})"
