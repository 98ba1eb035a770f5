"""Papers of permits: import certificate, in-transit authorization, export certificate."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from api.papers.sheets import (
    Part,
    SheetBuilder,
    build_sheet,
    cell_with_text,
    print_footer,
    render_sheet,
)
from salsa_ext.core.errors import Message, message
from salsa_ext.core.text import ENGLISH, official_language
from salsa_ext.papers.commands import PermitPaper
from salsa_ext.reference import agencies, names

Face = Mapping[str, Any]
SECTIONS_BY_KIND: Final = {
    "import": "3.2 / 6.2",
    "in_transit": "4.2 / 7.2",
    "export": "2.2.1 / 5.2.1",
}
PARTY_TITLES: Final = {
    "exporter": message("Exporter"),
    "importer": message("Importer"),
    "final_consignee": message("Final consignee"),
    "broker": message("Broker"),
    "carrier": message("Carrier"),
}
GOODS_COLUMNS: Final = (
    (message("Line"), 3),
    (message("Category, type"), 10),
    (message("Make, model"), 10),
    (message("Calibre"), 7),
    (message("Further description"), 11),
    (message("HS code"), 6),
    (message("Quantity"), 6),
)


def render_permit(paper: PermitPaper, at: datetime) -> bytes:
    """Return the PDF of a permit in its state's language and English."""
    facts = paper.facts
    words = SheetBuilder(official_language(facts.state))
    sections = permit_sections(words, facts.kind, facts.face, words.totals(facts.quantities))
    status = None if facts.is_valid else words.named("permit_status", facts.status)
    return render_sheet(
        build_sheet(
            words,
            words.named("permit_kind", facts.kind),
            words.state(facts.state) or "",
            facts.number,
            sections,
            print_footer(at),
            basis=legal_basis(facts.kind),
            token=paper.token,
            status=status,
        ),
        at,
    )


def legal_basis(kind: str) -> str:
    """Return the section of the Model Regulations for a kind."""
    return f"CICAD/doc.1281/03, {SECTIONS_BY_KIND[kind]}"


def permit_sections(
    words: SheetBuilder, kind: str, face: Face, totals: Sequence[Part]
) -> list[Part]:
    """Return the sections of a permit; of a blank form without content."""
    parties = face.get("parties") or {}
    roles = ["importer", "final_consignee", "exporter", "broker"]
    sides = [
        part
        for role in roles
        for part in party_section(words, PARTY_TITLES[role], parties.get(role))
    ]
    return [
        *_document_section(words, face),
        *authority_section(words, face),
        *_states_section(words, face),
        *_references_section(words, kind, face),
        *sides,
        *goods_section(words, face.get("lines") or (), totals),
        *_transit_section(words, kind, face),
        *_remarks_section(words, face),
        *_amendments_section(words, face),
        *words.boxes(
            message("Signatures"),
            [
                message("Authorizing agency: signature, date and seal"),
                message("Applicant: name, signature and date"),
            ],
        ),
    ]


def party_section(
    words: SheetBuilder, title: Message, party: Mapping[str, Any] | None
) -> list[Part]:
    """Return the section of a party; empty without one."""
    if party is None and not words.is_blank:
        return []
    details = party or {}
    kind = (words.code("party_kind", details.get("kind")), words.state(details.get("country")))
    return words.fields(
        title,
        words.field(message("Name"), details.get("name")),
        words.field(message("Kind, country"), ", ".join(filter(None, kind)) or None),
        words.field(message("Address"), details.get("address")),
        words.field(message("Telephone, e-mail"), details.get("contact")),
        words.field(message("Identification"), details.get("identification")),
        words.field(message("Licence"), details.get("licence")),
    )


def authority_section(words: SheetBuilder, face: Face) -> list[Part]:
    """Return the section of the authority, its contact and signatory."""
    signatory = (face.get("parties") or {}).get("signatory") or {}
    agency, ways = agencies.agency_contact(face["agency"]) if face.get("agency") else (None, None)
    return words.fields(
        message("Authorizing agency"),
        words.field(message("Agency"), agency),
        words.field(message("Telephone, e-mail"), ways),
        words.field(message("Signing officer"), signatory.get("name")),
    )


def goods_section(words: SheetBuilder, lines: Sequence[Face], totals: Sequence[Part]) -> list[Part]:
    """Return the table of goods with the totals of each category."""
    rows = [_goods_row(words, line) for line in lines]
    return words.table(message("Goods"), GOODS_COLUMNS, rows, numbers=(0, 6), totals=totals)


def _goods_row(words: SheetBuilder, line: Face) -> list[str | Part]:
    *what, rest = describe_goods(words, line)
    return [
        str(line["line"]),
        *what,
        cell_with_text(rest, line["serial"]),
        line.get("hs_code") or "",
        words.quantity(line["quantity"], line.get("unit")),
    ]


def describe_goods(words: SheetBuilder, line: Face) -> list[str]:
    """Return type, make and model, calibre, and the rest of a line."""
    kind = words.code("type", line["type"]) or line["type_text"] or line["part_kind"]
    make = " ".join(filter(None, (line["make_text"] or line["make"], line["model"])))
    return [
        kind or str(words.code("category", line["category"])),
        make,
        _calibre(words, line),
        _other_description(words, line),
    ]


def _calibre(words: SheetBuilder, line: Face) -> str:
    """Return a calibre as written, a standard name in the language of the paper."""
    code, written = line["calibre"], line["calibre_text"]
    name = names.display_name("calibre", code, ENGLISH) if code else None
    if name and written in (None, name):
        return names.labels("calibre", words.language).get(code, name)
    return written or ""


def _other_description(words: SheetBuilder, line: Face) -> str:
    country, year = line["country_of_manufacture"], line["year"]
    antique = words.pair(message("antique"))["a"] if line["antique"] else None
    part = line["part_kind"] if line["type"] or line["type_text"] else None
    lot = f"{words.pair(message('Lot'))['a']} {line['lot']}" if line["lot"] else None
    origin = (
        words.code("state", country),
        str(year) if year else None,
        part,
        line["headstamp"],
        lot,
        line["serial"],
        antique,
    )
    return ", ".join(filter(None, origin))


def _document_section(words: SheetBuilder, face: Face) -> list[Part]:
    until = min(filter(None, (face.get("expires_on"), face.get("latest_import_on"))), default=None)
    return words.fields(
        message("Document"),
        words.field(message("Issuing state"), words.state(face.get("state"))),
        words.field(
            message("Kind of document"), words.code("document_kind", face.get("document_kind"))
        ),
        words.field(message("Date of issue"), words.day(face.get("issued_on"))),
        words.field(message("Valid through"), words.day(until)),
        words.field(message("The certificate expires on"), words.day(face.get("expires_on"))),
        words.field(message("Latest day of import"), words.day(face.get("latest_import_on"))),
        words.field(message("Regime"), words.code("regime", face.get("regime"))),
        words.field(message("Replaces number"), face.get("replaces")),
    )


def _states_section(words: SheetBuilder, face: Face) -> list[Part]:
    transit = ", ".join(str(words.state(code)) for code in face.get("transit_states") or ())
    return words.fields(
        message("States concerned"),
        words.field(message("Exporting state"), words.state(face.get("exporting_state"))),
        words.field(message("Importing state"), words.state(face.get("importing_state"))),
        words.field(message("Transit states"), transit or None, wide=True),
    )


def _references_section(words: SheetBuilder, kind: str, face: Face) -> list[Part]:
    transit = ", ".join(
        f"{permit['state']} {permit['number']}" for permit in face.get("transit_permits") or ()
    )
    own = {"import": message("Import certificate"), "export": message("Export certificate")}
    own_fields = [
        words.field(label, face.get(f"{name}_permit_number"))
        for name, label in own.items()
        if name != kind
    ]
    if kind != "in_transit":
        own_fields.append(words.field(message("In-transit authorizations"), transit or None))
    return words.fields(message("Documents of the other states"), *own_fields)


def _transit_section(words: SheetBuilder, kind: str, face: Face) -> list[Part]:
    if kind != "in_transit":
        return []
    plan = face.get("plan") or {}
    carrier = ((face.get("parties") or {}).get("carrier") or {}).get("name")
    return words.fields(
        message("Planned transit"),
        words.field(message("Route"), plan.get("route"), wide=True),
        words.field(message("Port of entry"), plan.get("port_of_entry")),
        words.field(message("Port of exit"), plan.get("port_of_exit")),
        words.field(message("Enters on"), words.day(plan.get("enters_on"))),
        words.field(message("Leaves on"), words.day(plan.get("leaves_on"))),
        words.field(message("Mode of shipment"), words.code("mode", plan.get("mode"))),
        words.field(message("Carrier"), carrier),
        words.field(
            message("Expected location of the goods in the state"),
            plan.get("expected_location"),
            wide=True,
        ),
    )


def _remarks_section(words: SheetBuilder, face: Face) -> list[Part]:
    return words.fields(
        message("Further information"),
        words.field(message("Source of the goods"), face.get("source"), wide=True),
        words.field(message("End use"), face.get("end_use"), wide=True),
        words.field(message("Conditions"), face.get("conditions"), wide=True),
    )


AMENDMENT_COLUMNS: Final = (
    (message("Date"), 7),
    (message("What was amended"), 9),
    (message("Before"), 11),
    (message("After"), 11),
    (message("Authenticated by"), 13),
)
AMENDMENT_FIELDS: Final[Mapping[str, Message]] = {
    "source": message("Source of the goods"),
    "route": message("Route"),
    "port_of_entry": message("Port of entry"),
    "port_of_exit": message("Port of exit"),
    "enters_on": message("Enters on"),
    "leaves_on": message("Leaves on"),
    "mode": message("Mode of shipment"),
    "carrier": message("Carrier"),
    "expected_location": message("Expected location of the goods in the state"),
}
AMENDMENT_DATES: Final = ("enters_on", "leaves_on")


def _amendments_section(words: SheetBuilder, face: Mapping[str, Any]) -> list[Part]:
    """Return the table of amendments (Model Regulations 8.5), if any."""
    if words.is_blank:
        return []
    rows = [_amendment_row(words, amendment) for amendment in face.get("amendments") or ()]
    return words.table(message("Amendments"), AMENDMENT_COLUMNS, rows)


def _amendment_row(words: SheetBuilder, amendment: Mapping[str, Any]) -> list[str]:
    return [
        words.day(amendment["on"]) or "",
        words.both(AMENDMENT_FIELDS[amendment["field"]]),
        *(
            _amended_value(words, amendment["field"], amendment[moment])
            for moment in ("before", "after")
        ),
        _authentication(amendment),
    ]


def _amended_value(words: SheetBuilder, field: str, value: str | None) -> str:
    if field == "mode":
        value = words.code("mode", value)
    elif field in AMENDMENT_DATES:
        value = words.day(value)
    return value or "–"


def _authentication(amendment: Mapping[str, Any]) -> str:
    """Return agency and authentication; a changed mode needs none."""
    if not amendment["authentication"]:
        return "–"
    agency, _ = agencies.agency_contact(amendment["agency"])
    return f"{agency}: {amendment['authentication']}"
