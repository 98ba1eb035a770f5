"""The fields of ATF F 3312.1, the National Tracing Center Trace Request (February 2018).

Numbers and names of Parts I, II, IV, V and VI are those of the form; of Part VIII and the end of
VI only the names are known; Parts III and VII are for agents of ATF and associates. What nobody
knows or typed is empty.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, Message, message
from salsa_ext.core.text import ENGLISH
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.reference import names
from salsa_ext.reference.packaged import read_csv
from salsa_ext.tracing.channels.forms import RequestForm, build_form
from salsa_ext.tracing.traces import queries as trace_queries
from salsa_ext.tracing.traces.attempts import ETRACE, Attempt, find_attempt
from salsa_ext.tracing.traces.models import TraceLeg
from salsa_ext.tracing.traces.queries import TraceView
from salsa_ext.tracing.traces.values import Possessor, RecoveryAddress

ATF_FORM: Final = "ATF F 3312.1 (February 2018)"
URGENT_PRIORITIES: Final = ("flash", "urgent")
SERIAL_ITEM: Final = "5a"
ORI_ITEM: Final = "4a"
NO_ORI: Final = message(
    "Your administrator enters the ORI number of the office on the page of its agency."
)
ILLEGIBLE_MARKINGS: Final = ("obliterated", "restored")
CHANGED_MARKINGS: Final = (*ILLEGIBLE_MARKINGS, "altered")
POSSESSOR_FIELDS: Final = (
    ("6a", message("Possessor's name"), "name"),
    ("6b", message("Possessor's alias"), "alias"),
    ("6c", message("Date of birth of the alias"), "alias_birth_date"),
    ("6d", message("Height"), "height"),
    ("6e", message("Weight"), "weight"),
    ("6f", message("Sex"), "sex"),
    ("6g", message("Ethnicity"), "ethnicity"),
    ("6h", message("Race"), "race"),
    (None, message("Date of birth"), "birth_date"),
    (None, message("Address"), "address"),
    (None, message("Identification"), "identification"),
)
RECOVERY_FIELDS: Final = (
    (message("Recovery street"), "street"),
    (message("Recovery city"), "city"),
    (message("Recovery state or province"), "region"),
    (message("Recovery postal code"), "postal_code"),
)
LAST: Final = "~"
"""Place of the fields of a part whose number is not known."""
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
    filled = [
        *_request_fields(form, on),
        *_gun_fields(form.view.trace.firearm),
        *_possessor_fields(form),
        *_recovery_fields(form),
    ]
    return sorted(filled, key=lambda field: (FORM_PARTS.index(field.part), field.item or LAST))


def missing_fields(fields: Sequence[FormField]) -> list[FormField]:
    """Return the required fields without a value."""
    return [field for field in fields if field.required and not field.value]


def check_complete(actor: Actor, trace_id: UUID, leg_id: UUID) -> None:
    """Raise Invalid where the form of a leg lacks what eTrace requires."""
    view = trace_queries.load(actor, trace_id)
    leg = next(leg for leg in view.legs if leg.id == leg_id)
    if missing := _missing_of_leg(actor, view, leg):
        problem = message(
            "eTrace requires what the form lacks: {fields}. Fill it in, or confirm it.",
            fields=tuple(field.name for field in missing),
        )
        needs_office = any(field.item == ORI_ITEM for field in missing)
        raise Invalid({"confirm_incomplete": [problem, *([NO_ORI] if needs_office else ())]})


def missing_of_trace(actor: Actor, view: TraceView) -> list[FormField]:
    """Return what eTrace requires and the form of a trace lacks, until it is answered."""
    require(actor, Permission.TRACE_REQUEST)
    for leg in view.legs:
        attempt = find_attempt(leg, ETRACE)
        if attempt is not None and attempt.answered_on is None:
            return _missing_of_leg(actor, view, leg)
    return []


def _missing_of_leg(actor: Actor, view: TraceView, leg: TraceLeg) -> list[FormField]:
    form = build_form(actor, view, leg, Attempt(ETRACE))
    return missing_fields(atf_fields(form, actor.now().date()))


def crime_code(contexts: Sequence[str]) -> str | None:
    """Return the NCIC code of the first crime context that has one, with its name."""
    codes = {row["context"]: row for row in read_csv("ncic_crimes")}
    row = next((codes[context] for context in contexts if context in codes), None)
    if row is None:
        return None
    remark = "" if row["verified"] == "yes" else ", unverified"
    return f"{row['code']} ({row['name']}{remark})"


def _request_fields(form: RequestForm, on: date) -> Iterator[FormField]:
    trace, office, typed = form.view.trace, form.office, form.etrace_data
    contexts = form.seizure.crime_context if form.seizure else ()
    is_urgent = trace.priority in URGENT_PRIORITIES
    yield FormField("I", "1a", message("Date of request"), False, on.isoformat())
    yield FormField("I", "1b", message("Priority"), True, "Urgent" if is_urgent else "Routine")
    yield FormField("I", "1b", message("Justification"), is_urgent, trace.priority_reason)
    yield FormField("I", "1c", message("Special instructions"), False, _instructions(form))
    code = typed.crime_code or crime_code(contexts)
    yield FormField("II", "2a", message("NCIC crime code"), True, code)
    yield FormField("II", "2b", message("Project code"), False, typed.project_code)
    yield FormField("IV", ORI_ITEM, message("ORI number"), True, office and office.ori)
    yield FormField("IV", "4b", message("Telephone"), False, office and office.telephone)
    yield FormField("IV", "4b", message("E-mail"), False, office and office.email)
    yield FormField("IV", "4c", message("Officer's name"), False, typed.officer)
    yield FormField("IV", "4d", message("Badge number"), False, typed.badge)
    yield FormField("IV", "4g", message("Mailing address"), False, office and office.address)
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
    imported = dict.fromkeys(mark["text"] for mark in marks if mark["kind"] == "import")
    others = [mark["text"] for mark in marks if mark["kind"] not in ("import", "manufacture")]
    importer = gun.get("importer_mark") or "; ".join(imported)
    origin = gun.get("country_of_manufacture")
    is_readable = gun.get("marking") != "obliterated"
    serial = _serial_text(gun.get("serial"))
    yield FormField("V", SERIAL_ITEM, message("Serial number"), is_readable, serial)
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
        notes.append("* means unread characters")
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


def _possessor_fields(form: RequestForm) -> Iterator[FormField]:
    possessor = form.etrace_data.possessor or Possessor()
    for item, name, attribute in POSSESSOR_FIELDS:
        value = getattr(possessor, attribute)
        text = value.isoformat() if isinstance(value, date) else value
        yield FormField("VI", item, name, False, text)


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
    address = form.etrace_data.recovery or RecoveryAddress()
    known = dict(zip(("city", "region"), place, strict=False))
    for name, attribute in RECOVERY_FIELDS:
        value = getattr(address, attribute) or known.get(attribute)
        yield FormField("VIII", None, name, False, value)
    yield FormField("VIII", None, message("Recovery country"), False, state)
    yield FormField(
        "IX",
        None,
        message("Obliterated serial number"),
        False,
        condition if trace.firearm.get("marking") in CHANGED_MARKINGS else None,
    )
    yield FormField("IX", None, message("Additional information"), False, trace.circumstances)
