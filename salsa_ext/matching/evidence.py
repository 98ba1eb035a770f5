"""How strongly two descriptions speak for one gun: an additive score in bits, with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from salsa_ext.errors import Message, say
from salsa_ext.matching.marks import readable

BITS_PER_GLYPH: Final = {"serial": 3.0, "confiscation": 2.0, "mark": 2.0}
CONFUSED_GLYPH: Final = -2.0
STRONG: Final = 15.0
MODERATE: Final = 8.0
DECISIVE: Final = -12.0


@dataclass(frozen=True)
class Description:
    """What is compared of a gun; codes, not raw text. `year` is the year of manufacture.

    `related` are the families of cartridges that the same guns fire, as 5.56x45 and .223 Remington.
    `likely` are fields and what they probably mean where it is not certain: it speaks for a gun where
    it agrees, by half, and never against one.
    """

    serial_norm: str
    make: str | None = None
    calibre_family: str | None = None
    type: str | None = None
    country: str | None = None
    year: int | None = None
    related: frozenset[str] = frozenset()
    likely: tuple[tuple[str, str], ...] = ()


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

    @property
    def serial_bits(self) -> float:
        """Return what the serial, or the other mark that is shared, says alone."""
        return sum(one.bits for one in self.reasons if one.code.startswith(("serial", "mark")))

    @property
    def is_by_serial(self) -> bool:
        """Tell whether a serial is shared, and not another mark alone."""
        return self.by == "serial"

    @property
    def strength(self) -> str | None:
        """Return strong, moderate or weak; a mark that several guns may bear is never strong."""
        if any(reason.bits <= DECISIVE for reason in self.reasons):
            return None
        if self.bits >= STRONG and self.by != "mark":
            return "strong"
        return "moderate" if self.bits >= MODERATE else "weak" if self.bits > 0 else None


def weigh(
    asked: Description, held: Description, by: str = "serial", *, has_other_serial: bool = False
) -> Evidence:
    """Compare what is asked with what is held; both share a skeleton already.

    `by` says which mark they share: the `serial`, that of a `confiscation`, or another `mark`.
    `has_other_serial` says that both have a serial that can be read, and not the same.
    """
    reasons = [*_mark(asked, held, by), *_fields(asked, held)]
    if has_other_serial:
        reasons.append(Reason("serial_other", say("The record has another serial."), DECISIVE))
    bits = round(sum(reason.bits for reason in reasons), 1)
    return Evidence(bits, tuple(reasons), by)


def _mark(asked: Description, held: Description, by: str) -> Sequence[Reason]:
    glyphs = min(readable(asked.serial_norm), readable(held.serial_norm))
    bits = BITS_PER_GLYPH[by] * min(glyphs, 8)
    code = "serial" if by == "serial" else "mark"
    if asked.serial_norm == held.serial_norm:
        reasons = [Reason(f"{code}_same", _same(by), bits)]
    else:
        apart = sum(a != b for a, b in zip(asked.serial_norm, held.serial_norm, strict=False))
        text = _confusable(by, apart)
        reasons = [Reason(f"{code}_confusable", text, bits + CONFUSED_GLYPH * apart)]
    if glyphs < 5:
        text = say("A serial this short is common: alone it is weak evidence.")
        reasons.append(Reason("serial_short", text, -4.0))
    return reasons


def _same(by: str) -> Message:
    if by == "serial":
        return say("The serial is the same.")
    return say("Another mark of the gun is the same.")


def _confusable(by: str, count: int) -> Message:
    if by == "serial":
        return say(
            "The serial differs in {count} character(s) that are often confused.", count=count
        )
    return say("Another mark of the gun differs in {count} character(s) that are often confused.",
               count=count)  # fmt: skip


WEIGHTS: Final = (
    ("make", 4.0, -12.0, say("The make is the same."), say("The make differs.")),
    ("calibre_family", 3.0, -8.0, say("The calibre is the same, or counts as the same."),
     say("The calibre differs.")),
    ("type", 1.5, -5.0, say("The type is the same."), say("The type differs.")),
    ("country", 1.5, -3.0, say("The country of manufacture is the same."),
     say("The country of manufacture differs.")),
    ("year", 2.0, -3.0, say("The year of manufacture is the same."),
     say("The year of manufacture differs.")),
)  # fmt: skip


RELATED: Final = Reason("calibre_related", say("The calibre is fired from the same guns."), 1.5)


LIKELY: Final = {
    "make": say("The make is probably the same."),
    "calibre_family": say("The calibre is probably the same."),
    "type": say("The type is probably the same."),
}


def _likely(asked: Description, held: Description) -> list[Reason]:
    bits = {name: agrees for name, agrees, *_ in WEIGHTS}
    return [
        Reason(f"{name.removesuffix('_family')}_likely", LIKELY[name], bits[name] / 2)
        for name, code in asked.likely
        if code == getattr(held, name)
    ]


def _fields(asked: Description, held: Description) -> list[Reason]:
    reasons = _likely(asked, held)
    for name, agrees, differs, same, other in WEIGHTS:
        mine, theirs = getattr(asked, name), getattr(held, name)
        if mine is None or theirs is None:
            continue
        code = name.removesuffix("_family")
        if name == "calibre_family" and theirs in asked.related:
            reasons.append(RELATED)
        elif mine == theirs:
            reasons.append(Reason(f"{code}_same", same, agrees))
        else:
            reasons.append(Reason(f"{code}_other", other, differs))
    return reasons


def verdict(strengths: Sequence[str | None]) -> str:
    """Return hit, possible or no_hit from the strengths of all candidates."""
    if "strong" in strengths:
        return "hit"
    return "possible" if any(strengths) else "no_hit"
