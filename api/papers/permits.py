"""The papers of permits: import certificate, in-transit authorization, export certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from api.papers.amendments import amended
from api.papers.rendering import render as render_sheet
from api.papers.sheets import Part, Words, printed, sheet, whole_in
from salsa_ext.errors import Message, say
from salsa_ext.readmodels import contacts
from salsa_ext.services.papers import PermitPaper
from salsa_ext.values.languages import official_language

Face = Mapping[str, Any]
BASIS: Final = {"import": "3.2 / 6.2", "in_transit": "4.2 / 7.2", "export": "2.2.1 / 5.2.1"}
TITLES: Final = {
    "exporter": say("Exporter"), "importer": say("Importer"),
    "final_consignee": say("Final consignee"), "broker": say("Broker"), "carrier": say("Carrier"),
}  # fmt: skip
GOODS: Final = (
    (say("Line"), 3), (say("Category, type"), 10), (say("Make, model"), 10), (say("Calibre"), 7),
    (say("Further description"), 11), (say("HS code"), 6), (say("Quantity"), 6),
)  # fmt: skip


def render(paper: PermitPaper, at: datetime) -> bytes:
    """Return the PDF of a permit in its state's language and English."""
    facts = paper.facts
    words = Words(official_language(facts.state))
    sections = sections_of(words, facts.kind, facts.face, words.totals(facts.quantities))
    status = None if facts.status == "issued" else words.named("permit_status", facts.status)
    return render_sheet(
        sheet(words, words.named("permit_kind", facts.kind), words.state(facts.state) or "",
              facts.number, sections, printed(at), basis=basis(facts.kind), token=paper.token,
              status=status), at)  # fmt: skip


def basis(kind: str) -> str:
    """Return where the Model Regulations list the fields of a document."""
    return f"CICAD/doc.1281/03, {BASIS[kind]}"


def sections_of(words: Words, kind: str, face: Face, totals: Sequence[Part]) -> list[Part]:
    """Return the sections of a permit's paper; of a blank form for a face with nothing on it."""
    parties = face.get("parties") or {}
    shown = ["importer", "final_consignee", "exporter", "broker"]
    sides = [part for side in shown for part in party(words, TITLES[side], parties.get(side))]
    return [
        *_document(words, face), *authority(words, face), *_countries(words, face),
        *_references(words, kind, face), *sides, *goods(words, face.get("lines") or (), totals),
        *_plan(words, kind, face), *_remarks(words, face), *amended(words, face),
        *words.boxes(say("Signatures"), [
            say("Authorizing agency: signature, date and seal"),
            say("Applicant: name, signature and date"),
        ]),
    ]  # fmt: skip


def party(words: Words, title: Message, told: Mapping[str, Any] | None) -> list[Part]:
    """Return the block of a party, or none where a paper names none."""
    if told is None and not words.is_blank:
        return []
    of = told or {}
    kind = (words.code("party_kind", of.get("kind")), words.state(of.get("country")))
    return words.fields(
        title,
        words.field(say("Name"), of.get("name")),
        words.field(say("Kind, country"), ", ".join(filter(None, kind)) or None),
        words.field(say("Address"), of.get("address")),
        words.field(say("Telephone, e-mail"), of.get("contact")),
        words.field(say("Identification"), of.get("identification")),
        words.field(say("Licence"), of.get("licence")),
    )


def authority(words: Words, face: Face) -> list[Part]:
    """Return who authorises, how it is reached, and who signs."""
    signatory = (face.get("parties") or {}).get("signatory") or {}
    agency, ways = contacts.office_of(face["agency"]) if face.get("agency") else (None, None)
    return words.fields(
        say("Authorizing agency"),
        words.field(say("Agency"), agency),
        words.field(say("Telephone, e-mail"), ways),
        words.field(say("Signing officer"), signatory.get("name")),
    )


def goods(words: Words, lines: Sequence[Face], totals: Sequence[Part]) -> list[Part]:
    """Return the table of goods with the totals of each category."""
    rows = [_goods_row(words, line) for line in lines]
    return words.table(say("Goods"), GOODS, rows, numbers=(0, 6), totals=totals)


def _goods_row(words: Words, line: Face) -> list[str | Part]:
    *what, rest = described(words, line)
    return [str(line["line"]), *what, whole_in(rest, line["serial"]), line.get("hs_code") or "",
            words.quantity(line["quantity"], line.get("unit"))]  # fmt: skip


def described(words: Words, line: Face) -> list[str]:
    """Return what a line or an item is: type, make and model, calibre, and the rest."""
    kind = words.code("type", line["type"]) or line["type_text"] or line["part_kind"]
    make = " ".join(filter(None, (line["make_text"] or line["make"], line["model"])))
    return [kind or str(words.code("category", line["category"])), make,
            line["calibre_text"] or line["calibre"] or "", _rest(words, line)]  # fmt: skip


def _rest(words: Words, line: Face) -> str:
    country, year = line["country_of_manufacture"], line["year"]
    antique = words.pair(say("antique"))["a"] if line["antique"] else None
    part = line["part_kind"] if line["type"] or line["type_text"] else None
    lot = f"{words.pair(say('Lot'))['a']} {line['lot']}" if line["lot"] else None
    told = (words.code("state", country), str(year) if year else None, part, line["headstamp"],
            lot, line["serial"], antique)  # fmt: skip
    return ", ".join(filter(None, told))


def _document(words: Words, face: Face) -> list[Part]:
    until = min(filter(None, (face.get("expires_on"), face.get("latest_import_on"))), default=None)
    return words.fields(
        say("Document"),
        words.field(say("Issuing state"), words.state(face.get("state"))),
        words.field(
            say("Kind of document"), words.code("document_kind", face.get("document_kind"))
        ),
        words.field(say("Date of issue"), words.day(face.get("issued_on"))),
        words.field(say("Valid through"), words.day(until)),
        words.field(say("The certificate expires on"), words.day(face.get("expires_on"))),
        words.field(say("Latest day of import"), words.day(face.get("latest_import_on"))),
        words.field(say("Regime"), words.code("regime", face.get("regime"))),
        words.field(say("Replaces number"), face.get("replaces")),
    )


def _countries(words: Words, face: Face) -> list[Part]:
    transit = ", ".join(str(words.state(code)) for code in face.get("transit_states") or ())
    return words.fields(
        say("States concerned"),
        words.field(say("Exporting state"), words.state(face.get("exporting_state"))),
        words.field(say("Importing state"), words.state(face.get("importing_state"))),
        words.field(say("Transit states"), transit or None, wide=True),
    )


def _references(words: Words, kind: str, face: Face) -> list[Part]:
    transit = ", ".join(f"{one['state']} {one['number']}"
                        for one in face.get("transit_permits") or ())  # fmt: skip
    own = {"import": say("Import certificate"), "export": say("Export certificate")}
    found = [
        words.field(label, face.get(f"{name}_permit_number"))
        for name, label in own.items()
        if name != kind
    ]
    if kind != "in_transit":
        found.append(words.field(say("In-transit authorizations"), transit or None))
    return words.fields(say("Documents of the other states"), *found)


def _plan(words: Words, kind: str, face: Face) -> list[Part]:
    if kind != "in_transit":
        return []
    plan = face.get("plan") or {}
    carrier = ((face.get("parties") or {}).get("carrier") or {}).get("name")
    return words.fields(
        say("Planned transit"),
        words.field(say("Route"), plan.get("route"), wide=True),
        words.field(say("Port of entry"), plan.get("port_of_entry")),
        words.field(say("Port of exit"), plan.get("port_of_exit")),
        words.field(say("Enters on"), words.day(plan.get("enters_on"))),
        words.field(say("Leaves on"), words.day(plan.get("leaves_on"))),
        words.field(say("Mode of shipment"), words.code("mode", plan.get("mode"))),
        words.field(say("Carrier"), carrier),
        words.field(say("Expected location of the goods in the state"),
                    plan.get("expected_location"), wide=True),
    )  # fmt: skip


def _remarks(words: Words, face: Face) -> list[Part]:
    return words.fields(
        say("Further information"),
        words.field(say("Source of the goods"), face.get("source"), wide=True),
        words.field(say("End use"), face.get("end_use"), wide=True),
        words.field(say("Conditions"), face.get("conditions"), wide=True),
    )
