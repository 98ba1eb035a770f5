"""Marks, marking and origin of a firearm, completed from its serial's cell."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from salsa_ext.firearms.marks import cell_reading, keys
from salsa_ext.firearms.marks.distance import compare
from salsa_ext.firearms.marks.keys import is_partly_read, normalise, whole_key
from salsa_ext.firearms.marks.marking_words import is_craft
from salsa_ext.firearms.marks.values import Firearm, Mark, Query
from salsa_ext.reference import names
from salsa_ext.reference.placeholders import read_placeholder


def coarser_readings(texts: Iterable[str]) -> set[str]:
    """Return partly read serials that another completes: `TKA5238?` with `TKA52387`."""
    given = set(texts)
    if len(given) < 2:
        return set()
    partly = {text for text in given if is_partly_read(text) or "[" in text}
    whole = [key.norm for text in given if (key := whole_key(text))] if partly else []
    coarser = set()
    for text in partly:
        if whole_key(text) is None:
            nears = (compare(norm, normalise(text)) for norm in whole)
            if any(near is not None and near.kind == "unread" for near in nears):
                coarser.add(text)
    return coarser


# The condition of a mark by that of its reading; what is only probable is none.
_MARK_CONDITIONS: Final = {
    "visible": "intact",
    "restored": "restored",
    "altered": "altered",
    "obliterated": "obliterated",
}


def marking_of_firearm(firearm: Firearm) -> str:
    """Return the serial's marking: as reported, else from its words."""
    if firearm.marking not in ("unknown", "intact") or firearm.serial is None:
        return firearm.marking
    reading = cell_reading.read_cell(firearm.serial)
    is_known = reading.marks or is_words(firearm.serial)
    return (reading.marking if is_known else None) or firearm.marking


def origin_of_firearm(firearm: Firearm) -> str | None:
    """Return the gun's origin: as reported, else from words as serial, make or type."""
    if firearm.origin_kind not in (None, "unknown"):
        return firearm.origin_kind
    names = filter(None, (firearm.make, firearm.type))
    named = any(read_placeholder(name, frozenset()) == "craft" for name in names)
    return "craft" if named or is_craft(firearm.serial or "") else firearm.origin_kind


def stamped_marks(firearm: Firearm) -> list[Mark]:
    """Return the marks stamped on the gun, without words as serial."""
    words = firearm.serial if firearm.serial and is_words(firearm.serial) else None
    marks = (*firearm.all_marks(), *_extra_marks(firearm.serial, firearm.marks))
    return [mark for mark in marks if words is None or mark.text != words]


def is_words(serial: str) -> bool:
    """Return whether a serial is words, or a number that is no mark.

    `1` mostly means none, yet may be a number; such short ones stay: they are searched with make
    and calibre only.
    """
    if cell_reading.read_cell(serial).marks:
        return False
    readable = [glyph for glyph in keys.normalise(serial) if glyph.isalnum()]
    is_clear = len(readable) >= keys.MIN_DIGITS or not any(map(str.isdigit, readable))
    return bool(readable and is_clear)


def marking_instead_of_serial(cell: str) -> str | None:
    """Return the marking that words in the place of a serial report.

    `obliterated` for RASPADA, `unmarked` for S/N, `unknown` for N/A; None for a serial, for words
    that no list holds and for an empty cell.
    """
    reading = cell_reading.read_cell(cell)
    is_serial = reading.marks or reading.remarks or any(map(str.isdigit, cell))
    return None if is_serial else reading.marking


def with_marks_of_serial(firearm: Firearm) -> Firearm:
    """Return the gun with the further marks in its serial's cell added."""
    return replace(firearm, marks=firearm.marks + _extra_marks(firearm.serial, firearm.marks))


def maker_on(headstamp: str | None) -> str | None:
    """Return the maker that a headstamp names first: `CBC 9MM LUGER`; None if it is no make."""
    words = (headstamp or "").split()
    names_first = (" ".join(words), *words[:1])
    return next((text for text in names_first if names.resolve("make", text)), None)


def query_with_all_marks(query: Query) -> Query:
    """Return the query with every mark of its serial's cell added, and its lot."""
    lot = (Mark("lot", query.lot),) if query.lot else ()
    return replace(query, marks=query.marks + lot + _extra_marks(query.serial, query.marks))


def _extra_marks(serial: str | None, given: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Return marks in a cell that are not given already."""
    known = {(mark.kind, mark.text, mark.location) for mark in given}
    extra = []
    for mark in cell_reading.read_cell(serial).marks if serial else ():
        if mark.text != serial and ("manufacture", mark.text, mark.part) not in known:
            condition = _MARK_CONDITIONS.get(mark.condition or "")
            extra.append(Mark("manufacture", mark.text, location=mark.part, condition=condition))
    return tuple(extra)
