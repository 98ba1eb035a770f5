"""How strongly two descriptions speak for one gun: an additive score in bits, with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from salsa_ext.errors import Message, say
from salsa_ext.matching import sentences
from salsa_ext.matching.nearness import Nearness, compare

BITS_PER_GLYPH: Final = {"serial": 3.0, "confiscation": 2.0, "mark": 2.0}
MOST_GLYPHS: Final = 8  # more say no more: numbers are given out one after the other
COMMON: Final = 5  # glyphs; fewer stand on many guns
CONFUSED_GLYPH: Final = -2.0
ALIKE_GLYPH: Final = -6.0
# The share of such errors, by the number of marks that are as near: log2 of both.
PENALTIES: Final = {"one": -8.0, "two": -14.0, "unread_one": -9.0, "core": -5.0}
STRONG: Final = 15.0
MODERATE: Final = 8.0
DECISIVE: Final = -12.0
CONTRADICTIONS: Final = frozenset(("make_other", "calibre_other", "type_other"))


@dataclass(frozen=True)
class Description:
    """What is compared of a gun; codes, not raw text. `year` is the year of manufacture."""

    serial_norm: str
    make: str | None = None
    calibre_family: str | None = None
    type: str | None = None
    country: str | None = None
    year: int | None = None


@dataclass(frozen=True)
class Reason:
    """One piece of evidence: its code, a sentence, and the bits it adds or takes."""

    code: str
    text: Message
    bits: float


@dataclass(frozen=True)
class Evidence:
    """The sum of the reasons; `strength` is None where they speak against one gun."""

    bits: float
    reasons: tuple[Reason, ...]
    by: str = "serial"
    nearness: str = "same"

    @property
    def serial_bits(self) -> float:
        """Return what the serial, or the other mark that is shared, says alone."""
        return sum(one.bits for one in self.reasons if one.code.startswith(("serial", "mark")))

    @property
    def is_by_serial(self) -> bool:
        """Tell whether a serial is shared, and not another mark alone."""
        return self.by == "serial"

    @property
    def _is_contradicted(self) -> bool:
        return any(one.code in CONTRADICTIONS for one in self.reasons)

    @property
    def strength(self) -> str | None:
        """Return strong, moderate or weak.

        A mark that several guns may bear is never strong, nor is what another make, calibre or type
        speaks against: somebody has to look at the gun first.
        """
        if any(reason.bits <= DECISIVE for reason in self.reasons):
            return None
        if self.bits >= STRONG and self.by != "mark" and not self._is_contradicted:
            return "strong"
        return "moderate" if self.bits >= MODERATE else "weak" if self.bits > 0 else None


def weigh(
    asked: Description, held: Description, by: str = "serial", *, has_other_serial: bool = False
) -> Evidence | None:
    """Compare what is asked with what is held; None where their marks are not near.

    `by` says which mark they share: the `serial`, that of a `confiscation`, or another `mark`.
    `has_other_serial` says that both have a serial that can be read, and not the same.
    """
    near = compare(asked.serial_norm, held.serial_norm)
    if near is None:
        return None
    reasons = [*_mark(near, by), *_fields(asked, held)]
    if has_other_serial:
        reasons.append(Reason("serial_other", say("The record has another serial."), DECISIVE))
    bits = round(sum(reason.bits for reason in reasons), 1)
    return Evidence(bits, tuple(reasons), by, near.kind)


def _mark(near: Nearness, by: str) -> Sequence[Reason]:
    """Return what the mark says: so much for each glyph that agrees, less for what can differ."""
    code = "serial" if by == "serial" else "mark"
    bits = BITS_PER_GLYPH[by] * min(near.glyphs, MOST_GLYPHS) + _penalty(near)
    reasons = [Reason(f"{code}_{near.kind}", sentences.of(near, by), bits)]
    if near.glyphs < COMMON:
        text = say("A serial this short is common: alone it is weak evidence.")
        reasons.append(Reason("serial_short", text, -4.0))
    return reasons


def _penalty(near: Nearness) -> float:
    if near.kind == "confusable":
        return CONFUSED_GLYPH * near.count
    if near.kind == "one" and (near.is_alike or near.is_swap):
        return ALIKE_GLYPH
    return PENALTIES.get(near.kind, 0.0)


WEIGHTS: Final = (
    ("make", 4.0, -5.0, say("The make is the same."), say("The make differs.")),
    ("calibre_family", 3.0, -5.0, say("The calibre is the same, or counts as the same."),
     say("The calibre differs.")),
    ("type", 1.5, -3.0, say("The type is the same."), say("The type differs.")),
    ("country", 1.5, -3.0, say("The country of manufacture is the same."),
     say("The country of manufacture differs.")),
    ("year", 2.0, -3.0, say("The year of manufacture is the same."),
     say("The year of manufacture differs.")),
)  # fmt: skip


def _fields(asked: Description, held: Description) -> list[Reason]:
    reasons = []
    for name, agrees, differs, same, other in WEIGHTS:
        mine, theirs = getattr(asked, name), getattr(held, name)
        if mine is None or theirs is None:
            continue
        code = name.removesuffix("_family")
        if mine == theirs:
            reasons.append(Reason(f"{code}_same", same, agrees))
        else:
            reasons.append(Reason(f"{code}_other", other, differs))
    return reasons


def verdict(strengths: Sequence[str | None]) -> str:
    """Return hit, possible or no_hit from the strengths of all candidates."""
    if "strong" in strengths:
        return "hit"
    return "possible" if any(strengths) else "no_hit"
