"""Why a trace is likely to fail, and which field would change that: general experience; pure.

An assumption and nothing learned. It goes by two published figures: without the serial, or without
the make and the import data, between 40 and 70 of 100 requests fail (briefing of 2011 on eTrace and
INTERPOL), and about a third fail whatever they say, for the records are lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from salsa_ext.errors import Message, say
from salsa_ext.matching import marks
from salsa_ext.matching.prose import marking_of

BEST: Final = 0.65
PRIOR: Final = {
    "serial": 0.15, "part": 0.6, "make": 0.6, "calibre": 0.8, "origin": 0.7, "type": 0.9,
    "model": 0.95,
}  # fmt: skip
"""What can be missing, with what is left then of the share that is answered."""

MISSING: Final = {
    "serial": say("No serial of the gun can be read."),
    "part": say("Only a part of the serial can be read."),
    "make": say("The trace has no make."),
    "calibre": say("The trace has no calibre."),
    "origin": say("The trace has neither the country of manufacture nor an import mark."),
    "type": say("The trace has no type."),
    "model": say("The trace has no model."),
}
SHARE: Final = say("An assumption from general experience: about {answered} of 100 traces that say as much as"
                   " this one are answered.")  # fmt: skip
GAIN: Final = say("By general experience about {answered} of 100 are answered without it, and about {more}"
                  " with it.")  # fmt: skip


@dataclass(frozen=True)
class Lack:
    """Something that is missing: the share of traces that is answered without it, and with it."""

    field: str
    without: float
    with_it: float

    @property
    def gain(self) -> float:
        """Return by how much the share of the answered grows."""
        return self.with_it - self.without

    @property
    def texts(self) -> list[Message]:
        """Say what is missing, and what it would change."""
        shares = {"answered": _of_100(self.without), "more": _of_100(self.with_it)}
        return [MISSING[self.field], Message(GAIN.text, shares)]


@dataclass(frozen=True)
class Outlook:
    """The share of traces that is answered which say as much, and what is missing, what helps most first."""

    share: float
    lacks: list[Lack]

    @property
    def text(self) -> Message:
        """Say how many of such traces are answered."""
        return Message(SHARE.text, {"answered": _of_100(self.share)})

    @property
    def next(self) -> str | None:
        """Return the field that would help most; None where nothing is missing."""
        return self.lacks[0].field if self.lacks else None


def of(firearm: Mapping[str, Any]) -> Outlook:
    """Return what general experience says of a description."""
    lacks = frozenset(_lacking(firearm))
    found = [
        Lack(field, _share(lacks), _share(lacks - {field})) for field in PRIOR if field in lacks
    ]
    return Outlook(_share(lacks), sorted(found, key=lambda lack: -lack.gain))


def _share(lacks: frozenset[str]) -> float:
    return BEST * prod(PRIOR[name] for name in lacks)


def _of_100(share: float) -> int:
    return round(100 * share)


def _lacking(firearm: Mapping[str, Any]) -> Iterator[str]:
    serial = firearm.get("serial") or ""
    if not serial or marking_of(serial) or not marks.readable(marks.normalise(serial)):
        yield "serial"
    elif marks.key(serial) is None:
        yield "part"
    for field in ("make", "calibre", "type", "model"):
        if not (firearm.get(field) or firearm.get(f"{field}_text")):
            yield field
    if not tells_origin(firearm):
        yield "origin"


def tells_origin(firearm: Mapping[str, Any]) -> bool:
    """Tell whether a description says where a gun was made, or an import mark of it where it came to."""
    imported = (mark["kind"] == "import" and mark.get("state") for mark in firearm.get("marks", ()))
    return bool(firearm.get("country_of_manufacture")) or any(imported)
