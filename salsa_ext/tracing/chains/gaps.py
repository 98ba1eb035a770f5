"""What a trace lacks, in its description and its answers; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.marks.vocabulary import marking_of
from salsa_ext.firearms.records.values import Event

ORIGIN_EVENTS: Final = ("manufacture", "import")
DISTINCTIVE_FIELDS: Final = ("make", "model", "calibre")


def description_gaps(firearm: Mapping[str, Any], chain: Sequence[Event]) -> Iterator[Message]:
    """Yield what the description lacks, unless the chain shows it."""
    if not has_legible_serial(firearm):
        yield message("A legible serial, from the frame or a laboratory.")
    if not firearm.get("make"):
        yield message("The make: serials repeat between makers.")
    if not firearm.get("calibre"):
        yield message("The calibre.")
    if not has_origin(firearm) and not any(event["event"] in ORIGIN_EVENTS for event in chain):
        yield message("The country of manufacture, or the import mark.")


def has_legible_serial(firearm: Mapping[str, Any]) -> bool:
    """Return whether the description has a legible serial."""
    serial: str = firearm.get("serial") or ""
    return bool(serial) and marking_of(serial) is None


def distinguishing_text(groups: Sequence[Sequence[Event]]) -> Message:
    """Return what would distinguish the candidate guns."""
    kinds = (
        {event.get(name) for gun in groups for event in gun} - {None} for name in DISTINCTIVE_FIELDS
    )
    if len(groups) > 1 and all(len(kind) <= 1 for kind in kinds):
        return message(
            "A surer reading of the serial, from the frame or a laboratory: in all else that is recorded"
            " the candidates are alike."
        )
    return message("Something that tells the candidates apart: make, model, calibre, photograph.")


def circular_referrals(referrals: Mapping[str, str]) -> set[str]:
    """Return the states whose referrals lead back to themselves."""
    return {state for state in referrals if state in _referral_path(referrals, state)}


def _referral_path(referrals: Mapping[str, str], state: str) -> list[str]:
    """Return the states along referrals, until one repeats or refers to none."""
    way: list[str] = []
    while (state := referrals.get(state, "")) and state not in way:
        way.append(state)
    return way


BEST: Final = 0.65
PRIOR: Final = {
    "serial": 0.15,
    "part": 0.6,
    "make": 0.6,
    "calibre": 0.8,
    "origin": 0.7,
    "type": 0.9,
    "model": 0.95,
}
"""What can be missing, with what is left then of the share that is answered."""

MISSING: Final = {
    "serial": message("No serial of the gun can be read."),
    "part": message("Only a part of the serial can be read."),
    "make": message("The trace has no make."),
    "calibre": message("The trace has no calibre."),
    "origin": message("The trace has neither the country of manufacture nor an import mark."),
    "type": message("The trace has no type."),
    "model": message("The trace has no model."),
}
SHARE: Final = message(
    "An assumption from general experience: about {answered} of 100 traces that say as much as"
    " this one are answered."
)
GAIN: Final = message(
    "By general experience about {answered} of 100 are answered without it, and about {more}"
    " with it."
)


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
    lacks = frozenset(_missing_fields(firearm))
    found = [
        Lack(field, _share(lacks), _share(lacks - {field})) for field in PRIOR if field in lacks
    ]
    return Outlook(_share(lacks), sorted(found, key=lambda lack: -lack.gain))


def _share(lacks: frozenset[str]) -> float:
    return BEST * prod(PRIOR[name] for name in lacks)


def _of_100(share: float) -> int:
    return round(100 * share)


def _missing_fields(firearm: Mapping[str, Any]) -> Iterator[str]:
    serial = firearm.get("serial") or ""
    if not serial or marking_of(serial) or not keys.count_readable(keys.normalise(serial)):
        yield "serial"
    elif keys.whole_key(serial) is None:
        yield "part"
    for field in ("make", "calibre", "type", "model"):
        if not (firearm.get(field) or firearm.get(f"{field}_text")):
            yield field
    if not has_origin(firearm):
        yield "origin"


def has_origin(firearm: Mapping[str, Any]) -> bool:
    """Return whether a description has a country of manufacture or import mark."""
    imported = (mark["kind"] == "import" and mark.get("state") for mark in firearm.get("marks", ()))
    return bool(firearm.get("country_of_manufacture")) or any(imported)
