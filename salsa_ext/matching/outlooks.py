"""Why a trace is likely to fail, and which field would change that; pure.

Learned from how traces ended that said as much as this one. Where too few did, a plain prior speaks,
and says that it is one. The prior goes by two published figures: without the serial, or without the
make and the import data, between 40 and 70 of 100 requests fail (briefing of 2011 on eTrace and
INTERPOL), and about a third fail whatever they say, for the records are lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from salsa_ext.errors import Message, say
from salsa_ext.matching import marks
from salsa_ext.matching.prose import marking_of

COMPLETE: Final = "complete"
ANSWERED: Final = ("traced", "partly")
"""Outcomes of a trace that led to a record."""
ENOUGH: Final = 10
"""Traces of each kind below which nothing is learned from them."""
BEST: Final = 0.65
PRIOR: Final = {
    "serial": 0.15, "part": 0.6, "make": 0.6, "calibre": 0.8, "origin": 0.7, "type": 0.9,
    "model": 0.95,
}  # fmt: skip
"""What can be missing, with what is left then of the share that is answered, before any is seen."""
MARKS: Final = ("serial", "part")
"""A legible serial, or a whole one: where that is missing is what traces are alike by first."""

MISSING: Final = {
    "serial": say("No serial of the gun can be read."),
    "part": say("Only a part of the serial can be read."),
    "make": say("The trace has no make."),
    "calibre": say("The trace has no calibre."),
    "origin": say("The trace has neither the country of manufacture nor an import mark."),
    "type": say("The trace has no type."),
    "model": say("The trace has no model."),
}
LEARNED: Final = {
    "own": say("Of {traces} traces of your state that lacked this too, {answered} were answered; of {others}"
               " that had it, {more} were."),
    "region": say("Of {traces} traces of other states that lacked this too, {answered} were answered; of"
                  " {others} that had it, {more} were."),
    "prior": say("By general experience about {answered} of 100 are answered without it, and about {more}"
                 " with it."),
}  # fmt: skip
STANDS: Final = {
    "own": say("Of {traces} traces of your state that said as much as this one, {answered} were answered."),
    "region": say("Of {traces} traces of other states that said as much as this one, {answered} were"
                  " answered."),
    "prior": say("Too few traces are there to learn from. By general experience about {answered} of 100 that"
                 " say as much as this one are answered."),
}  # fmt: skip


@dataclass(frozen=True)
class Tally:
    """How many traces ended, and how many of them were answered by a record."""

    traces: int = 0
    answered: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.traces + other.traces, self.answered + other.answered)

    @property
    def share(self) -> float:
        """Return which share was answered."""
        return self.answered / self.traces


Tallies = Mapping[str, Tally]
"""How traces ended, by what was missing of each (its profile)."""
Sources = tuple[tuple[str, Callable[[], Tallies]], ...]


@dataclass(frozen=True)
class Learned:
    """How traces end without something and with it: shares, from what, and the counts if any."""

    basis: str
    without: float
    with_it: float
    counts: tuple[Tally, Tally] | None = None

    @property
    def gain(self) -> float:
        """Return by how much the share of the answered grows, never below nothing."""
        return max(0.0, self.with_it - self.without)


@dataclass(frozen=True)
class Lack:
    """Something that is missing, and what it would change."""

    field: str
    learned: Learned

    @property
    def texts(self) -> list[Message]:
        """Say what is missing, and what traces without it and with it came to."""
        return [MISSING[self.field], _said(self.learned)]


@dataclass(frozen=True)
class Outlook:
    """How traces end that say as much as this one, and what is missing, what helps most first."""

    basis: str
    share: float
    tally: Tally | None
    lacks: list[Lack]

    @property
    def text(self) -> Message:
        """Say how traces like this one ended."""
        tally = self.tally or Tally(100, _of_100(self.share))
        return Message(STANDS[self.basis].text,
                       {"traces": tally.traces, "answered": tally.answered})  # fmt: skip

    @property
    def next(self) -> str | None:
        """Return the field that would help most; None where nothing would."""
        return self.lacks[0].field if self.lacks and self.lacks[0].learned.gain > 0 else None


def lacking(firearm: Mapping[str, Any]) -> frozenset[str]:
    """Return what a description lacks of what a search and a person go by."""
    return frozenset(_lacking(firearm))


def profile(firearm: Mapping[str, Any]) -> str:
    """Return what a description lacks as one code, by which traces are counted."""
    return code_of(lacking(firearm))


def code_of(lacks: frozenset[str]) -> str:
    """Return the code of a profile: what is missing, in the order of PRIOR."""
    return "-".join(name for name in PRIOR if name in lacks) or COMPLETE


def of(firearm: Mapping[str, Any], own: Tallies, region: Callable[[], Tallies]) -> Outlook:
    """Return what traces that ended say of one that is not sent yet.

    `own` are the traces of the asking state; `region` gives those of others that may be told, and
    is asked only where the own are too few.
    """
    lacks = lacking(firearm)
    sources: Sources = (("own", lambda: own), ("region", region))
    found = [Lack(field, _learned(field, lacks, sources)) for field in PRIOR if field in lacks]
    found.sort(key=lambda lack: -lack.learned.gain)
    for basis, source in sources:
        tally = source().get(code_of(lacks), Tally())
        if tally.traces >= ENOUGH:
            return Outlook(basis, tally.share, tally, found)
    return Outlook("prior", _prior(lacks), None, found)


def _learned(field: str, lacks: frozenset[str], sources: Sources) -> Learned:
    """Compare twins, alike in all but the field; else all that are alike in how the serial is read."""
    for basis, source in sources:
        tallies = source()
        for pair in (_twins(field, lacks, tallies), _kind(field, lacks, tallies)):
            if min(one.traces for one in pair) >= ENOUGH:
                return Learned(basis, pair[0].share, pair[1].share, pair)
    return Learned("prior", _prior(lacks), _prior(lacks - {field}))


def _twins(field: str, lacks: frozenset[str], tallies: Tallies) -> tuple[Tally, Tally]:
    codes = code_of(lacks), code_of(lacks - {field})
    return tallies.get(codes[0], Tally()), tallies.get(codes[1], Tally())


def _kind(field: str, lacks: frozenset[str], tallies: Tallies) -> tuple[Tally, Tally]:
    """Return all traces without the field and with it, of those whose serial was read as well."""
    asked = lacks & {*MARKS} - {field}
    without, with_it = Tally(), Tally()
    for code, tally in tallies.items():
        theirs = frozenset(code.split("-"))
        if theirs & {*MARKS} - {field} != asked:
            continue
        if field in theirs:
            without += tally
        else:
            with_it += tally
    return without, with_it


def _prior(lacks: frozenset[str]) -> float:
    return BEST * prod(PRIOR[name] for name in lacks)


def _said(learned: Learned) -> Message:
    if learned.counts is None:
        shares = {"answered": _of_100(learned.without), "more": _of_100(learned.with_it)}
        return Message(LEARNED["prior"].text, shares)
    without, with_it = learned.counts
    return Message(LEARNED[learned.basis].text, {
        "traces": without.traces, "answered": without.answered, "others": with_it.traces,
        "more": with_it.answered,
    })  # fmt: skip


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
