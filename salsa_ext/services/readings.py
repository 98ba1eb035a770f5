"""What a serial's cell says of a gun beside its text: further marks, and how they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from salsa_ext.matching import marks
from salsa_ext.matching.prose import is_craft, marking_of
from salsa_ext.matching.readings import MarkRead, Reading, read
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.values.actor import Actor
from salsa_ext.values.firearms import Firearm, Mark
from salsa_ext.values.inquiries import Query

# As a mark's condition is told; what is only probable is not told as a condition.
_CONDITIONS: Final = {
    "visible": "intact", "restored": "restored", "altered": "altered", "obliterated": "obliterated",
}  # fmt: skip


def show(*, actor: Actor, text: str) -> Reading:
    """Return how a cell is understood; it reads no record, and leaves no trace in the audit."""
    require(actor, Permission.CHECK_MAKE)
    return read(text)


def marking(firearm: Firearm) -> str:
    """Return how the serial is marked: as reported, else what words in its place say.

    Words where the serial should stand are no intact mark, whatever is ticked beside them.
    """
    if firearm.marking not in ("unknown", "intact") or firearm.serial is None:
        return firearm.marking
    reading = read(firearm.serial)
    is_told = reading.marks or _is_prose(firearm.serial)
    return (reading.marking if is_told else None) or firearm.marking


def origin_kind(firearm: Firearm) -> str | None:
    """Return how the gun came about: as reported, else what words in place of its serial say."""
    is_told = firearm.origin_kind not in (None, "unknown")
    return "craft" if not is_told and is_craft(firearm.serial or "") else firearm.origin_kind


def borne(firearm: Firearm) -> list[Mark]:
    """Return what is stamped on the gun: prose in place of a serial stays in the record alone."""
    said = firearm.serial if firearm.serial and _is_prose(firearm.serial) else None
    borne = (*firearm.all_marks(), *_further(firearm.serial, firearm.marks))
    return [mark for mark in borne if said is None or mark.text != said]


def _is_prose(serial: str) -> bool:
    """Tell words from a mark; `1` or `NA` mostly stands for none, yet some gun has that number.

    Such a short one is searched only with make and calibre beside it, so it stays.
    """
    is_long = marks.readable(marks.normalise(serial)) >= marks.NUMBERED
    return not read(serial).marks and (is_long or marking_of(serial) is not None)


def with_further(firearm: Firearm) -> Firearm:
    """Return the gun with the marks that its serial's cell holds beside those that were told."""
    return replace(firearm, marks=firearm.marks + _further(firearm.serial, firearm.marks))


def all_of(query: Query) -> Query:
    """Return the query with every mark of its cell, so that each is searched."""
    return replace(query, marks=query.marks + _further(query.serial, query.marks))


def _further(serial: str | None, told: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Return the marks that a cell holds and that are not the cell itself, nor told already."""
    found = (_mark(mark) for mark in (read(serial).marks if serial else ()) if mark.text != serial)
    known = {(mark.kind, mark.text, mark.location) for mark in told}
    return tuple(mark for mark in found if (mark.kind, mark.text, mark.location) not in known)


def _mark(mark: MarkRead) -> Mark:
    condition = _CONDITIONS.get(mark.condition or "")
    return Mark("manufacture", mark.text, location=mark.part, condition=condition)
