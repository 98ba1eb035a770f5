"""Trace form for a state asked outside the service (ITI 17), and ATF F 3312.1 as files."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from api.http.tables import escape_formula
from api.i18n.messages import use_language
from api.papers.sheets import (
    LONG_WORD,
    Part,
    SheetBuilder,
    build_sheet,
    render_sheet,
    unbroken_text,
)
from api.papers.trace_report import event_name, find_section, gun_section
from salsa_ext.core.errors import message
from salsa_ext.reference import names
from salsa_ext.tracing.channels.atf_form import (
    ATF_FORM,
    SERIAL_ITEM,
    FormField,
    atf_fields,
    missing_fields,
)
from salsa_ext.tracing.channels.forms import RequestForm

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


def render_trace_form(form: RequestForm, kind: str, at: datetime) -> FormFile:
    """Return a form as `pdf`, or its fields as `csv` or `json`."""
    if kind == "pdf":
        return FormFile(_render_pdf(form, at), kind)
    content = form_data(form, at)
    return FormFile(_write_csv(content["fields"]) if kind == "csv" else _write_json(content), kind)


def form_data(form: RequestForm, at: datetime) -> dict[str, Any]:
    """Return the fields of ATF F 3312.1 with their English names."""
    fields = atf_fields(form, at.date())
    return {
        "form": ATF_FORM,
        "leg": str(form.leg.id),
        "fields": [vars(field) | {"name": field.name.text} for field in fields],
        "missing": [field.name.text for field in missing_fields(fields)],
    }


def render_working_file(forms: Sequence[RequestForm], kind: str, at: datetime) -> FormFile:
    """Return the forms of several guns as one file: `csv`, a line for each gun, or `json`."""
    guns: list[dict[str, Any]] = [
        {"trace": str(form.view.trace.id), "line": form.view.trace.firearm.get("line")}
        | form_data(form, at)
        for form in forms
    ]
    if kind == "json":
        return FormFile(_write_json({"form": ATF_FORM, "guns": guns}), kind)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    names = [
        " ".join(filter(None, (field["item"], field["name"]))) + ("*" if field["required"] else "")
        for field in (guns[0]["fields"] if guns else ())
    ]
    writer.writerow(["Trace", *names, "Missing"])
    for gun in guns:
        values = [_csv_cell(field["value"]) for field in gun["fields"]]
        writer.writerow([gun["trace"], *values, "; ".join(gun["missing"])])
    return FormFile(buffer.getvalue().encode("utf-8-sig"), kind)


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


def _render_pdf(form: RequestForm, at: datetime) -> bytes:
    words = SheetBuilder(form.language, is_alone=True)
    trace = form.view.trace
    with use_language(form.language):
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
    is_etrace = form.attempt.channel == "etrace"
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
        words.field(message("Channel"), words.code("leg_channel", form.attempt.channel)),
        words.field(message("Reference there"), form.attempt.reference),
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
