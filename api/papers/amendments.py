"""What was amended of a permit, as a table on its paper (Model Regulations 8.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.papers.sheets import Part, Words
from salsa_ext.errors import Message, say
from salsa_ext.readmodels import contacts

COLUMNS: Final = (
    (say("Date"), 7), (say("What was amended"), 9), (say("Before"), 11), (say("After"), 11),
    (say("Authenticated by"), 13),
)  # fmt: skip
FIELDS: Final[Mapping[str, Message]] = {
    "source": say("Source of the goods"), "route": say("Route"),
    "port_of_entry": say("Port of entry"), "port_of_exit": say("Port of exit"),
    "enters_on": say("Enters on"), "leaves_on": say("Leaves on"), "mode": say("Mode of shipment"),
    "carrier": say("Carrier"),
    "expected_location": say("Expected location of the goods in the state"),
}  # fmt: skip
DATES: Final = ("enters_on", "leaves_on")


def amended(words: Words, face: Mapping[str, Any]) -> list[Part]:
    """Return the table of amendments, or none where nothing was amended or the form is blank."""
    if words.is_blank:
        return []
    rows = [_row(words, one) for one in face.get("amendments") or ()]
    return words.table(say("Amendments"), COLUMNS, rows)


def _row(words: Words, one: Mapping[str, Any]) -> list[str]:
    return [
        words.day(one["on"]) or "", words.both(FIELDS[one["field"]]),
        *(_value(words, one["field"], one[side]) for side in ("before", "after")), _sign(one),
    ]  # fmt: skip


def _value(words: Words, field: str, value: str | None) -> str:
    if field == "mode":
        value = words.code("mode", value)
    elif field in DATES:
        value = words.day(value)
    return value or "–"


def _sign(one: Mapping[str, Any]) -> str:
    """Return the agency with the sign that it set; the mode alone needs none."""
    if not one["authentication"]:
        return "–"
    agency, _ = contacts.office_of(one["agency"])
    return f"{agency}: {one['authentication']}"
