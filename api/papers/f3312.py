"""The fields of ATF F 3312.1, National Tracing Center Trace Request (February 2018), of one trace.

Numbers and names of Parts I, II, IV, V and VI are those of the form. Of Part VIII the names alone are
known, so its fields have no number; Part III is for agents of ATF, Part VII for associates, of whom
the service holds nothing. What the service does not hold is empty, to be filled in by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from salsa_ext.errors import Message, say
from salsa_ext.matching.marks import normalise
from salsa_ext.readmodels import names
from salsa_ext.services.trace_forms import AskingForm
from salsa_ext.values.languages import ENGLISH

FORM: Final = "ATF F 3312.1 (February 2018)"
URGENT: Final = ("flash", "urgent")
SERIAL: Final = "5a"
ILLEGIBLE: Final = ("obliterated", "restored")
TOUCHED: Final = (*ILLEGIBLE, "altered")
BY_HAND: Final = (
    ("II", "2a", say("NCIC crime code"), True), ("II", "2b", say("Project code"), False),
    ("IV", "4a", say("ORI number"), True), ("IV", "4c", say("Officer's name"), False),
    ("IV", "4d", say("Badge number"), False), ("IV", "4g", say("Mailing address"), False),
    ("VI", "6a", say("Possessor's name"), False), ("VI", "6b", say("Possessor's alias"), False),
    ("VI", "6c", say("Date of birth of the alias"), False), ("VI", "6d", say("Height"), False),
    ("VI", "6e", say("Weight"), False), ("VI", "6f", say("Sex"), False),
    ("VI", "6g", say("Ethnicity"), False), ("VI", "6h", say("Race"), False),
)  # fmt: skip
PARTS: Final = ("I", "II", "IV", "V", "VI", "VIII", "IX")


@dataclass(frozen=True)
class Field:
    """One field: its part and number in the form, its name, whether it is required, and what it says."""

    part: str
    item: str | None
    name: Message
    required: bool
    value: str | None


def fields_of(form: AskingForm, on: date) -> list[Field]:
    """Return the fields in the order of the form, asked for on a day; codes in English, days as ISO."""
    by_hand = [Field(*one, None) for one in BY_HAND]
    filled = [*_asking(form, on), *_gun(form.view.trace.firearm), *_recovery(form), *by_hand]
    return sorted(filled, key=lambda field: (PARTS.index(field.part), field.item or ""))


def _asking(form: AskingForm, on: date) -> Iterator[Field]:
    trace, office = form.view.trace, form.office
    is_urgent = trace.priority in URGENT
    yield Field("I", "1a", say("Date of request"), False, on.isoformat())
    yield Field("I", "1b", say("Priority"), True, "Urgent" if is_urgent else "Routine")
    yield Field("I", "1b", say("Justification"), is_urgent, trace.priority_reason)
    yield Field("I", "1c", say("Special instructions"), False, _instructions(form))
    yield Field("IV", "4b", say("Telephone"), False, office and office.telephone)
    yield Field("IV", "4b", say("E-mail"), False, office and office.email)
    yield Field("IV", "4e", say("Case number"), False, trace.case_number)
    yield Field("IV", "4f", say("Department or unit"), False, form.agency)


def _instructions(form: AskingForm) -> str | None:
    trace = form.view.trace
    told = [f"Needed by {trace.needed_by.isoformat()}." if trace.needed_by else None,
            "Confidentiality is requested." if trace.confidentiality_requested else None]  # fmt: skip
    return " ".join(filter(None, told)) or None


def _gun(gun: Mapping[str, Any]) -> Iterator[Field]:
    marks = gun.get("marks") or ()
    imported = [mark["text"] for mark in marks if mark["kind"] == "import"]
    others = [mark["text"] for mark in marks if mark["kind"] not in ("import", "manufacture")]
    importer = gun.get("importer_mark") or "; ".join(imported)
    origin = gun.get("country_of_manufacture")
    yield Field("V", SERIAL, say("Serial number"), True, _serial(gun.get("serial")))
    yield Field("V", "5b", say("Obliterated"), False, _obliterated(gun.get("marking")))
    yield Field("V", "5c", say("Manufacturer"), True, _named(gun, "make"))
    yield Field("V", "5d", say("Type"), True, _named(gun, "type"))
    yield Field("V", "5e", say("Calibre"), True, _named(gun, "calibre"))
    yield Field("V", "5f", say("Model"), True, gun.get("model"))
    yield Field("V", "5g", say("Country of origin"), True,
                names.label("state", origin, ENGLISH) if origin else None)  # fmt: skip
    yield Field("V", "5h", say("Importer"), origin not in (None, "USA"), importer or None)
    yield Field("V", "5i", say("Additional markings"), False, "; ".join(others) or None)


def _serial(serial: str | None) -> str | None:
    """Return a serial with its unread characters in words: to who reads the form they are no signs."""
    norm = normalise(serial) if serial else ""
    told = []
    if unread := norm.count("?"):
        told.append(f"{unread} unread, each written ?")
    if "*" in norm:
        told.append("* stands for some that are unread")
    if "[" in norm:
        told.append("brackets hold what one may be")
    return f"{serial} (characters: {'; '.join(told)})" if told else serial


def _obliterated(marking: str | None) -> str | None:
    """Return what is known of it: nothing, where nobody said how the mark is."""
    if marking in (None, "unknown"):
        return None
    return "Yes" if marking in ILLEGIBLE else "No"


def _named(gun: Mapping[str, Any], kind: str) -> str | None:
    code = gun.get(kind)
    said: str | None = names.title(kind, code, ENGLISH) if code else gun.get(f"{kind}_text")
    return said


def _recovery(form: AskingForm) -> Iterator[Field]:
    trace, seizure = form.view.trace, form.seizure
    place = (seizure.place_name, seizure.admin1) if seizure else ()
    country = seizure.country if seizure else trace.owner_state
    state = names.label("state", country, ENGLISH)
    condition = names.label("marking", trace.firearm.get("marking"), ENGLISH)
    yield Field("VIII", None, say("Recovery date"), True, trace.found_on.isoformat())
    yield Field("VIII", None, say("Recovery place"), True, ", ".join(filter(None, (*place, state))))
    yield Field("IX", None, say("Obliterated serial number"), False,
                condition if trace.firearm.get("marking") in TOUCHED else None)  # fmt: skip
    yield Field("IX", None, say("Additional information"), False, trace.circumstances)
