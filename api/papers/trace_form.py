"""Trace form for a non-participating state (ITI 17), and ATF F 3312.1.

For eTrace it contains the fields of ATF F 3312.1, the National Tracing Center Trace Request
(February 2018). Numbers and names of Parts I, II, IV, V and VI are those of the form; of Part VIII
only the names are known; Parts III and VII are for agents of ATF and associates. Unknown fields are
empty, to be filled in by hand.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from api.http.tables import escape_formula
from api.i18n.messages import use_language
from api.papers.rendering import LONG_WORD, render_sheet
from api.papers.sheets import Part, SheetBuilder, build_sheet, unbroken_text
from api.papers.trace_report import event_name, find_section, gun_section
from salsa_ext.core.errors import Message, message
from salsa_ext.core.text import ENGLISH
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.reference import names
from salsa_ext.tracing.traces.channels import RequestForm

FILE_KINDS: Final = ("pdf", "csv", "json")
LEGAL_BASIS: Final = message("International Tracing Instrument (A/60/88) V, 17")
TREATY_BASIS: Final = "CIFTA XIII"
"""Duties of two parties to the Convention in addition to it."""
FOOTER: Final = message(
    "For the authority that is named alone. It is not passed on without the consent of the asking state."
)
NO_OFFICE: Final = message(
    "No office that may see this trace is in the register of contacts. Write the contact for"
    " the answer."
)
EVENT_COLUMNS: Final = (
    (message("Date"), 7),
    (message("State"), 9),
    (message("Event"), 11),
    (message("Serial number"), 11),
    (message("Source"), 12),
)
FIELD_COLUMNS: Final = (
    (message("Part"), 3),
    (message("Item"), 3),
    (message("Field"), 12),
    (message("Value"), 22),
)
TELEPHONE: Final = re.compile(r"\+[0-9][0-9 ]{6,20}")
CSV_COLUMNS: Final = ("part", "item", "name", "required", "value")


@dataclass(frozen=True)
class FormFile:
    """Form as a file, with its hexadecimal SHA-256."""

    body: bytes
    kind: str

    @property
    def sha256(self) -> str:
        """Return the hash of the file."""
        return hashlib.sha256(self.body).hexdigest()


def render_trace_form(form: RequestForm, kind: str, language: str, at: datetime) -> FormFile:
    """Return a form as `pdf`, or its fields as `csv` or `json`."""
    if kind == "pdf":
        return FormFile(_render_pdf(form, language, at), kind)
    content = form_data(form, at)
    return FormFile(_write_csv(content["fields"]) if kind == "csv" else _write_json(content), kind)


def form_data(form: RequestForm, at: datetime) -> dict[str, Any]:
    """Return the fields of ATF F 3312.1 with their English names."""
    fields = atf_fields(form, at.date())
    return {
        "form": ATF_FORM,
        "leg": str(form.leg.id),
        "fields": [
            {
                "part": field.part,
                "item": field.item,
                "name": field.name.text,
                "required": field.required,
                "value": field.value,
            }
            for field in fields
        ],
    }


def _write_json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


def _write_csv(fields: list[dict[str, Any]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(CSV_COLUMNS)
    for row in fields:
        values = row | {"required": "Yes" if row["required"] else "No"}
        writer.writerow([_csv_cell(values[name]) for name in CSV_COLUMNS])
    return buffer.getvalue().encode("utf-8-sig")


def _csv_cell(value: str | None) -> str | None:
    """Escape a formula; a telephone number is none."""
    if value is not None and TELEPHONE.fullmatch(value):
        return value
    cell: str | None = escape_formula(value)
    return cell


def _render_pdf(form: RequestForm, language: str, at: datetime) -> bytes:
    words = SheetBuilder(language, is_alone=True)
    trace = form.view.trace
    with use_language(language):
        document = build_sheet(
            words,
            words.pair(message("Request for a trace")),
            words.state(trace.owner_state) or "",
            trace.case_number,
            _form_sections(words, form, at),
            FOOTER,
            basis=_legal_basis(words, form),
        )
        document["number_label"] = words.pair(message("Case number"))
    return render_sheet(document, at)


def _legal_basis(words: SheetBuilder, form: RequestForm) -> str:
    """Return the instruments on which the request is based."""
    both = {form.view.trace.owner_state, form.leg.state}
    basis = words.both(LEGAL_BASIS)
    return f"{basis}; {TREATY_BASIS}" if both <= names.cifta_parties() else basis


def _form_sections(words: SheetBuilder, form: RequestForm, at: datetime) -> list[Part]:
    is_etrace = form.leg.channel == "etrace"
    return [
        *_address_section(words, form, at),
        *_trace_section(words, form),
        *gun_section(words, form.view.trace.firearm),
        *find_section(words, form.view.trace, form.seizure),
        *_events_section(words, form),
        *(_atf_section(words, form, at) if is_etrace else []),
        *words.boxes(
            message("Signatures"),
            [message("Asking authority: name, signature, date and seal")],
            across=1,
        ),
    ]


def _address_section(words: SheetBuilder, form: RequestForm, at: datetime) -> list[Part]:
    leg, office = form.leg, form.office
    return words.fields(
        message("To and from"),
        words.field(message("Asked state"), words.state(leg.state)),
        words.field(message("Channel"), words.code("leg_channel", leg.channel)),
        words.field(message("Reference there"), leg.reference),
        words.field(message("Asking authority"), form.agency or None),
        words.field(
            message("Telephone"),
            office.telephone if office else words.both(NO_OFFICE),
            wide=office is None,
        ),
        words.field(message("E-mail"), office and office.email),
        words.field(message("Made on"), f"{words.day(at.date())}, {at:%H:%M} UTC"),
    )


def _trace_section(words: SheetBuilder, form: RequestForm) -> list[Part]:
    """Return the request's data by ITI 17 (a) and (c)."""
    trace = form.view.trace
    asks = words.both(message("Yes")) if trace.confidentiality_requested else None
    return words.fields(
        message("Trace"),
        words.field(message("Priority"), words.code("priority", trace.priority)),
        words.field(message("Why it cannot wait"), trace.priority_reason),
        words.field(message("Needed by"), words.day(trace.needed_by)),
        words.field(
            message("Why it is thought illicit"), words.code("illicit_reason", trace.illicit_reason)
        ),
        words.field(message("Legal basis"), trace.legal_basis, wide=True),
        words.field(message("Intended use"), words.code("intended_use", trace.intended_use)),
        words.field(message("Ask for confidentiality"), asks),
    )


def _events_section(words: SheetBuilder, form: RequestForm) -> list[Part]:
    """Return the known events that may be shared with the recipient."""
    return words.table(
        message("What is known so far"),
        EVENT_COLUMNS,
        [
            (
                event["occurred_on"],
                words.state(event["state"]),
                event_name(words, event["event"]),
                unbroken_text(event["serial"]) or "–",
                event["document_number"] or "–",
            )
            for event in form.events
        ],
    )


def _atf_section(words: SheetBuilder, form: RequestForm, at: datetime) -> list[Part]:
    rows = [_field_row(words, field) for field in atf_fields(form, at.date())]
    return words.table(
        message("Fields of {form}; * is required", form=ATF_FORM), FIELD_COLUMNS, rows
    )


def _field_row(words: SheetBuilder, field: FormField) -> tuple[str | Part | None, ...]:
    star = "*" if field.required else ""
    is_serial = field.item == SERIAL_ITEM and LONG_WORD.search(field.value or "")
    value = unbroken_text(field.value) if is_serial else field.value
    return field.part, field.item or "", f"{words.both(field.name)}{star}", value


ATF_FORM: Final = "ATF F 3312.1 (February 2018)"
URGENT_PRIORITIES: Final = ("flash", "urgent")
SERIAL_ITEM: Final = "5a"
ILLEGIBLE_MARKINGS: Final = ("obliterated", "restored")
CHANGED_MARKINGS: Final = (*ILLEGIBLE_MARKINGS, "altered")
BY_HAND: Final = (
    ("II", "2a", message("NCIC crime code"), True),
    ("II", "2b", message("Project code"), False),
    ("IV", "4a", message("ORI number"), True),
    ("IV", "4c", message("Officer's name"), False),
    ("IV", "4d", message("Badge number"), False),
    ("IV", "4g", message("Mailing address"), False),
    ("VI", "6a", message("Possessor's name"), False),
    ("VI", "6b", message("Possessor's alias"), False),
    ("VI", "6c", message("Date of birth of the alias"), False),
    ("VI", "6d", message("Height"), False),
    ("VI", "6e", message("Weight"), False),
    ("VI", "6f", message("Sex"), False),
    ("VI", "6g", message("Ethnicity"), False),
    ("VI", "6h", message("Race"), False),
)
FORM_PARTS: Final = ("I", "II", "IV", "V", "VI", "VIII", "IX")


@dataclass(frozen=True)
class FormField:
    """Field of the form: part, item, name, required, value."""

    part: str
    item: str | None
    name: Message
    required: bool
    value: str | None


def atf_fields(form: RequestForm, on: date) -> list[FormField]:
    """Return the fields in form order; English codes, ISO dates."""
    by_hand = [FormField(*field, None) for field in BY_HAND]
    filled = [
        *_request_fields(form, on),
        *_gun_fields(form.view.trace.firearm),
        *_recovery_fields(form),
        *by_hand,
    ]
    return sorted(filled, key=lambda field: (FORM_PARTS.index(field.part), field.item or ""))


def _request_fields(form: RequestForm, on: date) -> Iterator[FormField]:
    trace, office = form.view.trace, form.office
    is_urgent = trace.priority in URGENT_PRIORITIES
    yield FormField("I", "1a", message("Date of request"), False, on.isoformat())
    yield FormField("I", "1b", message("Priority"), True, "Urgent" if is_urgent else "Routine")
    yield FormField("I", "1b", message("Justification"), is_urgent, trace.priority_reason)
    yield FormField("I", "1c", message("Special instructions"), False, _instructions(form))
    yield FormField("IV", "4b", message("Telephone"), False, office and office.telephone)
    yield FormField("IV", "4b", message("E-mail"), False, office and office.email)
    yield FormField("IV", "4e", message("Case number"), False, trace.case_number)
    yield FormField("IV", "4f", message("Department or unit"), False, form.agency)


def _instructions(form: RequestForm) -> str | None:
    trace = form.view.trace
    sentences = [
        f"Needed by {trace.needed_by.isoformat()}." if trace.needed_by else None,
        "Confidentiality is requested." if trace.confidentiality_requested else None,
    ]
    return " ".join(filter(None, sentences)) or None


def _gun_fields(gun: Mapping[str, Any]) -> Iterator[FormField]:
    marks = gun.get("marks") or ()
    imported = [mark["text"] for mark in marks if mark["kind"] == "import"]
    others = [mark["text"] for mark in marks if mark["kind"] not in ("import", "manufacture")]
    importer = gun.get("importer_mark") or "; ".join(imported)
    origin = gun.get("country_of_manufacture")
    yield FormField(
        "V", SERIAL_ITEM, message("Serial number"), True, _serial_text(gun.get("serial"))
    )
    yield FormField("V", "5b", message("Obliterated"), False, _obliterated_text(gun.get("marking")))
    yield FormField("V", "5c", message("Manufacturer"), True, _english_name(gun, "make"))
    yield FormField("V", "5d", message("Type"), True, _english_name(gun, "type"))
    yield FormField("V", "5e", message("Calibre"), True, _english_name(gun, "calibre"))
    yield FormField("V", "5f", message("Model"), True, gun.get("model"))
    yield FormField(
        "V",
        "5g",
        message("Country of origin"),
        True,
        names.label("state", origin, ENGLISH) if origin else None,
    )
    yield FormField("V", "5h", message("Importer"), origin not in (None, "USA"), importer or None)
    yield FormField("V", "5i", message("Additional markings"), False, "; ".join(others) or None)


def _serial_text(serial: str | None) -> str | None:
    """Return a serial with its unread characters explained in words."""
    norm = normalise(serial) if serial else ""
    notes = []
    if unread := norm.count("?"):
        notes.append(f"{unread} unread, each written ?")
    if "*" in norm:
        notes.append("* stands for some that are unread")
    if "[" in norm:
        notes.append("brackets hold what one may be")
    return f"{serial} (characters: {'; '.join(notes)})" if notes else serial


def _obliterated_text(marking: str | None) -> str | None:
    """Return Yes or No, or None for an unknown marking."""
    if marking in (None, "unknown"):
        return None
    return "Yes" if marking in ILLEGIBLE_MARKINGS else "No"


def _english_name(gun: Mapping[str, Any], kind: str) -> str | None:
    code = gun.get(kind)
    name: str | None = names.display_name(kind, code, ENGLISH) if code else gun.get(f"{kind}_text")
    return name


def _recovery_fields(form: RequestForm) -> Iterator[FormField]:
    trace, seizure = form.view.trace, form.seizure
    place = (seizure.place_name, seizure.admin1) if seizure else ()
    country = seizure.country if seizure else trace.owner_state
    state = names.label("state", country, ENGLISH)
    condition = names.label("marking", trace.firearm.get("marking"), ENGLISH)
    yield FormField("VIII", None, message("Recovery date"), True, trace.found_on.isoformat())
    yield FormField(
        "VIII", None, message("Recovery place"), True, ", ".join(filter(None, (*place, state)))
    )
    yield FormField(
        "IX",
        None,
        message("Obliterated serial number"),
        False,
        condition if trace.firearm.get("marking") in CHANGED_MARKINGS else None,
    )
    yield FormField("IX", None, message("Additional information"), False, trace.circumstances)
