"""What the description of a gun lacks, before a trace is sent and in its result; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.marks.firearm_marks import is_words
from salsa_ext.firearms.records.event_kinds import ORIGIN_EVENTS, Event

DISTINCTIVE_FIELDS: Final = ("make", "model", "calibre")
ANSWERED_SHARE: Final = 0.65
"""Assumed share of traces with a complete description that is answered."""
REMAINING_SHARE: Final = {
    "serial": 0.15,
    "part": 0.6,
    "make": 0.6,
    "calibre": 0.8,
    "origin": 0.7,
    "type": 0.9,
    "model": 0.95,
}
"""What can be missing, with what then remains of the share."""
MISSING: Final = {
    "serial": message("No serial of the gun can be read."),
    "part": message("Only a part of the serial can be read."),
    "make": message("The trace has no make."),
    "calibre": message("The trace has no calibre."),
    "origin": message("The trace has neither the country of manufacture nor an import mark."),
    "type": message("The trace has no type."),
    "model": message("The trace has no model."),
}
HELPFUL: Final = {
    "serial": message("A legible serial, from the frame or a laboratory."),
    "make": message("The make: serials repeat between makers."),
    "calibre": message("The calibre."),
    "origin": message("The country of manufacture, or the import mark."),
}
"""What would help to find more of a gun."""


@dataclass(frozen=True)
class Gap:
    """A missing field: the share of traces answered without it, and with it."""

    field: str
    share_without: float
    share_with: float

    @property
    def gain(self) -> float:
        """Return by how much the share grows."""
        return self.share_with - self.share_without

    @property
    def texts(self) -> list[Message]:
        """Return what is missing, and what it would change."""
        gain = message(
            "It is assumed that about {answered} of 100 are answered without it, and about {more}"
            " with it.",
            answered=round(100 * self.share_without),
            more=round(100 * self.share_with),
        )
        return [MISSING[self.field], gain]


@dataclass(frozen=True)
class Outlook:
    """The share of such traces that is answered, and the gaps, largest gain first."""

    share: float
    gaps: list[Gap]

    @property
    def text(self) -> Message:
        """Return how many of such traces are answered."""
        return message(
            "An assumption, not a measurement: about {answered} of 100 traces that say as much as"
            " this one are answered.",
            answered=round(100 * self.share),
        )

    @property
    def next(self) -> str | None:
        """Return the field that would help most, or None."""
        return self.gaps[0].field if self.gaps else None


def predict_answers(firearm: Mapping[str, Any]) -> Outlook:
    """Return the outlook of a description."""
    missing = missing_fields(firearm)
    share = _answered_share(missing)
    gaps = [Gap(field, share, _answered_share(missing - {field})) for field in missing]
    return Outlook(share, sorted(gaps, key=lambda gap: (-gap.gain, gap.field)))


def _answered_share(missing: set[str]) -> float:
    return ANSWERED_SHARE * prod(REMAINING_SHARE[field] for field in missing)


def missing_fields(firearm: Mapping[str, Any]) -> set[str]:
    """Return what a description lacks, as keys of MISSING."""
    fields = ("make", "calibre", "type", "model")
    missing = {name for name in fields if not (firearm.get(name) or firearm.get(f"{name}_text"))}
    serial = firearm.get("serial") or ""
    if not serial or is_words(serial) or not keys.count_readable(keys.normalise(serial)):
        missing.add("serial")
    elif keys.whole_key(serial) is None:
        missing.add("part")
    imports = (mark["kind"] == "import" and mark.get("state") for mark in firearm.get("marks", ()))
    if not firearm.get("country_of_manufacture") and not any(imports):
        missing.add("origin")
    return missing


def description_gaps(firearm: Mapping[str, Any], chain: Sequence[Event]) -> Iterator[Message]:
    """Yield what would help, unless the chain shows it."""
    missing = missing_fields(firearm)
    if any(event["event"] in ORIGIN_EVENTS for event in chain):
        missing.discard("origin")
    yield from (text for field, text in HELPFUL.items() if field in missing)


def distinguishing_text(guns: Sequence[Sequence[Event]]) -> Message:
    """Return what would distinguish the candidate guns."""
    values = (
        {event.get(name) for gun in guns for event in gun} - {None} for name in DISTINCTIVE_FIELDS
    )
    if len(guns) > 1 and all(len(known) <= 1 for known in values):
        return message(
            "A surer reading of the serial, from the frame or a laboratory: in all else that is"
            " recorded the candidates are alike."
        )
    return message("Something that distinguishes the candidates: make, model, calibre, photograph.")
