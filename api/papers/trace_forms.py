"""The form to send to a state that takes no part: what the International Tracing Instrument asks (17).

For eTrace the fields of ATF F 3312.1 stand on it too, in the order of that form.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from api.i18n import speaking
from api.papers import f3312
from api.papers.f3312 import Field
from api.papers.rendering import LONG_WORD
from api.papers.rendering import render as render_sheet
from api.papers.reports import event_name, find_of, gun_of
from api.papers.sheets import Part, Words, sheet, whole
from api.tables import disarmed
from salsa_ext.errors import say
from salsa_ext.readmodels import names
from salsa_ext.services.trace_forms import AskingForm

KINDS: Final = ("pdf", "csv", "json")
BASIS: Final = say("International Tracing Instrument (A/60/88) III, 17")
OF_PARTIES: Final = "CIFTA XIII"
"""What two parties to the Convention owe each other beside it."""
FOOT: Final = say(
    "For the authority that is named alone. It is not passed on without the consent of the asking state."
)
NO_OFFICE: Final = say(
    "No office that may see this trace is in the register of contacts: write in whom to answer."
)
COLUMNS: Final = (
    (say("Date"), 7), (say("State"), 9), (say("Event"), 11), (say("Serial number"), 11),
    (say("Source"), 12),
)  # fmt: skip
FIELDS: Final = ((say("Part"), 3), (say("Item"), 3), (say("Field"), 12), (say("Value"), 22))
TELEPHONE: Final = re.compile(r"\+[0-9][0-9 ]{6,20}")
NAMES: Final = ("part", "item", "name", "required", "value")


@dataclass(frozen=True)
class Made:
    """A form as a file of a kind, with its SHA-256 in hexadecimal."""

    body: bytes
    kind: str

    @property
    def sha256(self) -> str:
        """Return the hash of the file."""
        return hashlib.sha256(self.body).hexdigest()


def make(form: AskingForm, kind: str, language: str, at: datetime) -> Made:
    """Return a form as a `pdf` in a language, or its fields of F 3312.1 as `csv` or `json`."""
    if kind == "pdf":
        return Made(_pdf(form, language, at), kind)
    said = said_of(form, at)
    return Made(_csv(said["fields"]) if kind == "csv" else _json(said), kind)


def said_of(form: AskingForm, at: datetime) -> dict[str, Any]:
    """Return the fields of F 3312.1 as data, under their English names."""
    told = f3312.fields_of(form, at.date())
    return {"form": f3312.FORM, "leg": str(form.leg.id), "fields": [
        {"part": one.part, "item": one.item, "name": one.name.text, "required": one.required,
         "value": one.value} for one in told
    ]}  # fmt: skip


def _json(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, indent=2).encode()


def _csv(fields: list[dict[str, Any]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(NAMES)
    for row in fields:
        told = row | {"required": "Yes" if row["required"] else "No"}
        writer.writerow([_cell(told[name]) for name in NAMES])
    return buffer.getvalue().encode("utf-8-sig")


def _cell(value: str | None) -> str | None:
    """Return a cell that computes nothing: a telephone number does not, and stays as it is dialled."""
    if value is not None and TELEPHONE.fullmatch(value):
        return value
    cell: str | None = disarmed(value)
    return cell


def _pdf(form: AskingForm, language: str, at: datetime) -> bytes:
    words = Words(language, is_alone=True)
    trace = form.view.trace
    with speaking(language):
        made = sheet(words, words.pair(say("Request for a trace")),
                     words.state(trace.owner_state) or "", trace.case_number,
                     _sections(words, form, at), FOOT, basis=_basis(words, form))  # fmt: skip
        made["number_label"] = words.pair(say("Case number"))
    return render_sheet(made, at)


def _basis(words: Words, form: AskingForm) -> str:
    """Return by which instruments the other state is asked."""
    both = {form.view.trace.owner_state, form.leg.state}
    basis = words.both(BASIS)
    return f"{basis}; {OF_PARTIES}" if both <= names.parties_to_cifta() else basis


def _sections(words: Words, form: AskingForm, at: datetime) -> list[Part]:
    is_etrace = form.leg.channel == "etrace"
    return [
        *_addressed(words, form, at), *_asked(words, form), *gun_of(words, form.view.trace.firearm),
        *find_of(words, form.view.trace, form.seizure), *_known(words, form),
        *(_atf(words, form, at) if is_etrace else []),
        *words.boxes(say("Signatures"), [say("Asking authority: name, signature, date and seal")],
                     across=1),
    ]  # fmt: skip


def _addressed(words: Words, form: AskingForm, at: datetime) -> list[Part]:
    leg, office = form.leg, form.office
    return words.fields(
        say("To and from"),
        words.field(say("Asked state"), words.state(leg.state)),
        words.field(say("Channel"), words.code("leg_channel", leg.channel)),
        words.field(say("Reference there"), leg.reference),
        words.field(say("Asking authority"), form.agency or None),
        words.field(say("Telephone"), office.telephone if office else words.both(NO_OFFICE),
                    wide=office is None),
        words.field(say("E-mail"), office and office.email),
        words.field(say("Made on"), f"{words.day(at.date())}, {at:%H:%M} UTC"),
    )  # fmt: skip


def _asked(words: Words, form: AskingForm) -> list[Part]:
    """Return what the instrument wants to know of the request: 17 (a) and (c)."""
    trace = form.view.trace
    asks = words.both(say("Yes")) if trace.confidentiality_requested else None
    return words.fields(
        say("Trace"),
        words.field(say("Priority"), words.code("priority", trace.priority)),
        words.field(say("Why it cannot wait"), trace.priority_reason),
        words.field(say("Needed by"), words.day(trace.needed_by)),
        words.field(say("Why it is thought illicit"), words.code("illicit_reason", trace.illicit_reason)),
        words.field(say("Legal basis"), trace.legal_basis, wide=True),
        words.field(say("Intended use"), words.code("intended_use", trace.intended_use)),
        words.field(say("Ask for confidentiality"), asks),
    )  # fmt: skip


def _known(words: Words, form: AskingForm) -> list[Part]:
    """Return what is known of the gun so far, as far as it may go to the asked state."""
    return words.table(say("What is known so far"), COLUMNS, [
        (event["occurred_on"], words.state(event["state"]), event_name(words, event["event"]),
         whole(event["serial"]) or "–", event["document_number"] or "–") for event in form.events
    ])  # fmt: skip


def _atf(words: Words, form: AskingForm, at: datetime) -> list[Part]:
    rows = [_row(words, one) for one in f3312.fields_of(form, at.date())]
    return words.table(say("Fields of {form}; * is required", form=f3312.FORM), FIELDS, rows)


def _row(words: Words, field: Field) -> tuple[str | Part | None, ...]:
    star = "*" if field.required else ""
    is_serial = field.item == f3312.SERIAL and LONG_WORD.search(field.value or "")
    value = whole(field.value) if is_serial else field.value
    return field.part, field.item or "", f"{words.both(field.name)}{star}", value
