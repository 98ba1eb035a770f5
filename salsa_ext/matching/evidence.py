"""How strongly two descriptions speak for one gun: an additive score in bits, with its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import log2
from typing import Final

from salsa_ext.errors import Message, say
from salsa_ext.matching import marks, sentences
from salsa_ext.matching.nearness import Nearness, compare

BITS_PER_GLYPH: Final = {"serial": 3.0, "confiscation": 2.0, "mark": 2.0}
MOST_GLYPHS: Final = 8  # more say no more: numbers are given out one after the other
COMMON: Final = 5  # glyphs; fewer stand on many guns
CONFUSED_GLYPH: Final = -2.0
ALIKE_GLYPH: Final = -6.0
# The share of such errors, by the number of marks that are as near: log2 of both.
PENALTIES: Final = {"one": -8.0, "two": -17.0, "unread_one": -9.0, "core": -5.0}
STRONG: Final = 15.0
STRONG_THOUGH_NEAR: Final = 30.0  # where a glyph differs or is unread: all that is known agrees
POSSIBLE: Final = 4.0
MODERATE: Final = 8.0
FAINT: Final = -8.0  # bits; what has less is not worth a look
SHORT: Final = -4.0
DECISIVE: Final = -12.0
TOO_EARLY: Final = -6.0  # the year may be misread too
RIGHT: Final = 0.95  # the share of records of one gun in which a field agrees
LEAST_AGREEMENT, MOST_AGREEMENT = 0.5, 7.0
CERTAIN: Final = frozenset(("same", "confusable"))
FITTING: Final = CERTAIN | {"unread"}  # the same, as far as it can be read
DECIDING: Final = frozenset(("make", "calibre_family", "type"))
NAMING: Final = frozenset(("make", "calibre_family"))  # what tells numbers of two makers apart


@dataclass(frozen=True)
class Description:
    """What is compared of a gun; codes, not raw text. `year` is the year of manufacture.

    `model` is folded text, `told_in` the year of what a record tells, or in which the gun was found,
    and `made_in` that before which nothing can be told of it: `year`, or that of its manufacture.
    `related` are the families of cartridges that the same guns fire, as 5.56x45 and .223 Remington,
    `kin` the makes of the same house, as Browning and FN Herstal, and `akin` the types that the same
    gun is called, as carbine and rifle.
    `likely` are fields and what they probably mean where it is not certain: it speaks for a gun where
    it agrees, by half, and never against one.
    """

    serial_norm: str
    make: str | None = None
    calibre_family: str | None = None
    type: str | None = None
    country: str | None = None
    year: int | None = None
    model: str | None = None
    told_in: int | None = None
    made_in: int | None = None
    related: frozenset[str] = frozenset()
    kin: frozenset[str] = frozenset()
    akin: frozenset[str] = frozenset()
    likely: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Reason:
    """One piece of evidence: its code, a sentence, and the bits it adds or takes."""

    code: str
    text: Message
    bits: float


@dataclass(frozen=True)
class Weight:
    """What a field says: the bits where both sides agree, and where they differ."""

    name: str
    agrees: float
    differs: float
    same: Message
    other: Message
    related: float = 0.0

    def bits(self, outcome: str) -> float:
        """Return the bits of `same`, `other`, `likely` the same, or `related`."""
        if outcome == "same":
            return self.agrees
        if outcome == "other":
            return self.differs
        return self.agrees / 2 if outcome == "likely" else self.related

    def reason(self, outcome: str) -> Reason:
        """Return the reason that an outcome is."""
        said = {"same": self.same, "other": self.other, "likely": LIKELY.get(self.name, self.same),
                "related": RELATED_TEXTS.get(self.name, self.same)}  # fmt: skip
        code = f"{self.name.removesuffix('_family')}_{outcome}"
        return Reason(code, said[outcome], self.bits(outcome))

    def outcome(self, asked: Description, held: Description) -> str | None:
        """Compare the field of two descriptions; None where it says nothing."""
        mine, theirs = getattr(asked, self.name), getattr(held, self.name)
        if theirs is None or (mine is None and (self.name, theirs) not in asked.likely):
            return None
        if mine is None:
            return "likely"
        if mine == theirs:
            return "same"
        if self.name == "model" and (mine.startswith(theirs) or theirs.startswith(mine)):
            return "likely"  # PT 92 and PT 92 AF
        return "related" if theirs in self._related_to(asked) else "other"

    def unsaid(self, asked: Description, held: Description) -> float:
        """Return the bits that the field would add, did `held` say what `asked` does; 0 where it says any."""
        if getattr(held, self.name) is not None:
            return 0.0
        if getattr(asked, self.name) is not None:
            return self.agrees
        return self.bits("likely") if any(name == self.name for name, _ in asked.likely) else 0.0

    def _related_to(self, asked: Description) -> frozenset[str]:
        related = {"make": asked.kin, "calibre_family": asked.related, "type": asked.akin}
        return related.get(self.name, frozenset())


RELATED: Final = 1.5
AKIN: Final = 0.5  # what one calls a carbine another calls a rifle: it says hardly anything
RELATED_TEXTS: Final = {
    "make": say(
        "The make is another of the same house: its parent, its brand, or a brand beside it."
    ),
    "calibre_family": say("The calibre is fired from the same guns."),
    "type": say("The type is one that such a gun is called too, or a part of it."),
}
LIKELY: Final = {
    "make": say("The make is probably the same."),
    "calibre_family": say("The calibre is probably the same."),
    "type": say("The type is probably the same."),
    "model": say("The model is probably the same."),
}
WEIGHTS: Final = (
    Weight("make", 4.0, -5.0, say("The make is the same."), say("The make differs."), RELATED),
    Weight("calibre_family", 3.0, -5.0, say("The calibre is the same, or counts as the same."),
     say("The calibre differs."), RELATED),
    Weight("type", 1.5, -3.0, say("The type is the same."), say("The type differs."), AKIN),
    Weight("country", 1.5, -3.0, say("The country of manufacture is the same."),
     say("The country of manufacture differs.")),
    Weight("year", 2.0, -3.0, say("The year of manufacture is the same."),
     say("The year of manufacture differs.")),
    Weight("model", 2.5, -1.5, say("The model is the same."), say("The model differs.")),
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What speaks for and against one gun, in bits; the reasons are put into words when asked for.

    `fields` are the weights that count, each with how the field compares. `is_too_early` says that
    one side tells of a year before that in which the gun of the other was made. `crowd` is how many
    other guns fit about as well, and the bits that they take away. `telling` is how far the mark can
    name one gun (`marks.telling`), and `has_rival` says that another gun bears it and fits as well.
    `is_partial` says that of the asked mark not all could be read. `unsaid` are the bits that the
    asked fields would add of which the record says nothing.
    """

    near: Nearness
    by: str = "serial"
    fields: tuple[tuple[Weight, str], ...] = ()
    has_other_serial: bool = False
    is_too_early: bool = False
    crowd: tuple[int, float] | None = None
    telling: str = "mark"
    has_rival: bool = False
    is_partial: bool = False
    unsaid: float = 0.0

    @cached_property
    def bits(self) -> float:
        """Return the sum of the reasons."""
        fields = sum(weight.bits(outcome) for weight, outcome in self.fields)
        other = DECISIVE if self.has_other_serial else 0.0
        early = TOO_EARLY if self.is_too_early else 0.0
        return round(
            self.serial_bits + fields + other + early - (self.crowd[1] if self.crowd else 0.0), 1
        )

    @cached_property
    def serial_bits(self) -> float:
        """Return what the serial, or the other mark that is shared, says alone."""
        return _mark_bits(self.near, self.by) + _shortness(self.near)

    @property
    def at_most(self) -> float:
        """Return the bits that there would be, did the record say all that is asked, and stood it alone.

        That is so where it fits all that was read, and nothing that it says differs: what a record
        does not say contradicts nothing. Otherwise there are no more than `bits`.
        """
        differs = any(outcome == "other" for _, outcome in self.fields)
        if (
            differs
            or self.has_other_serial
            or self.is_too_early
            or self.by == "mark"
            or self.near.kind not in FITTING
        ):
            return self.bits
        return round(self.bits + self.unsaid + (self.crowd[1] if self.crowd else 0.0), 1)

    @property
    def is_sure(self) -> bool:
        """Tell whether it is strong by the very serial that was read."""
        return self.is_by_serial and self.near.kind in CERTAIN and self.strength == "strong"

    @property
    def is_of_its_own(self) -> bool:
        """Tell whether it bears the very serial that was read, and that is no number which many makers give."""
        return self.is_by_serial and self.near.kind in CERTAIN and self._is_named

    @property
    def is_by_serial(self) -> bool:
        """Tell whether a serial is shared, and not another mark alone."""
        return self.by == "serial"

    @property
    def strength(self) -> str | None:
        """Return strong, moderate or weak; None where it is not worth a look.

        A mark that several guns may bear or do bear is never strong, nor is what another make,
        calibre or type speaks against: somebody has to look at the gun first. A short number alone
        takes a make or calibre that agrees. Marks that are only near are strong where all else that
        is known agrees.
        """
        if self.has_other_serial or self.bits < FAINT:
            return None
        enough = STRONG if self.near.kind in CERTAIN else STRONG_THOUGH_NEAR
        if self.bits >= enough and self._is_its_own and not self._is_contradicted:
            return "strong"
        return "moderate" if self.bits >= MODERATE else "weak"

    @property
    def is_worth_a_look(self) -> bool:
        """Tell what makes an answer `possible`: some bits, or a record that fits all that could be read.

        Of a mark of which little was read each of many is unlikely, and yet it may be among them.
        """
        if self.strength is None:
            return False
        fits = self.is_partial and self.near.kind == "unread" and not self._is_contradicted
        return fits or self.bits >= POSSIBLE

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return each piece of evidence with its sentence."""
        return tuple(self._reasons())

    @property
    def _is_its_own(self) -> bool:
        """Tell whether the mark, with what agrees beside it, names one gun."""
        return self.by != "mark" and not self.has_rival and self._is_named

    @property
    def _is_named(self) -> bool:
        if self.telling == "words":
            return False
        named = any(outcome == "same" and weight.name in NAMING for weight, outcome in self.fields)
        return named or self.telling == "mark"

    @property
    def _is_contradicted(self) -> bool:
        return self.is_too_early or any(
            outcome == "other" and weight.name in DECIDING for weight, outcome in self.fields
        )

    def _reasons(self) -> Iterator[Reason]:
        code = "serial" if self.by == "serial" else "mark"
        said = _mark_bits(self.near, self.by)
        yield Reason(f"{code}_{self.near.kind}", sentences.of(self.near, self.by), said)
        if short := _shortness(self.near):
            text = say("A serial this short is common: alone it is weak evidence.")
            yield Reason("serial_short", text, short)
        for weight, outcome in self.fields:
            yield weight.reason(outcome)
        if self.has_other_serial:
            yield Reason("serial_other", say("The record has another serial."), DECISIVE)
        if self.is_too_early:
            text = say("What is told of the gun happened before the year in which it was made.")
            yield Reason("year_impossible", text, TOO_EARLY)
        if self.crowd:
            count, bits = self.crowd
            text = say("{count} other gun(s) fit about as well.", count=count)
            yield Reason("crowd", text, -bits)


def weights_for(asked: Description, shares: Mapping[tuple[str, str], float]) -> Sequence[Weight]:
    """Return the weights with what agreement in the asked values says: the rarer, the more.

    `shares` is how large a part of the records has a value of a field; where it is not known the
    weight stays that of a usual one (Fellegi and Sunter: log2 of m over u).
    """
    return [
        weight if share is None else replace(weight, agrees=_agreement(share))
        for weight in WEIGHTS
        for share in [shares.get((weight.name, str(getattr(asked, weight.name))))]
    ]


def _agreement(share: float) -> float:
    return round(min(max(log2(RIGHT / share), LEAST_AGREEMENT), MOST_AGREEMENT), 1)


def weigh(
    asked: Description, held: Description, by: str = "serial", *, has_other_serial: bool = False,
    weights: Sequence[Weight] = WEIGHTS,
) -> Evidence | None:  # fmt: skip
    """Compare what is asked with what is held; None where their marks are not near.

    `by` says which mark they share: the `serial`, that of a `confiscation`, or another `mark`.
    `has_other_serial` says that both have a serial that can be read, and not the same.
    """
    near = compare(asked.serial_norm, held.serial_norm)
    if near is None:
        return None
    outcomes = ((weight, weight.outcome(asked, held)) for weight in weights)
    fields = tuple((weight, outcome) for weight, outcome in outcomes if outcome)
    too_early = is_too_early(asked, held) or is_too_early(held, asked)
    telling = _telling(asked.serial_norm, held.serial_norm)
    partial = any(sign in marks.skeleton(asked.serial_norm) for sign in marks.UNREADABLE)
    unsaid = sum(weight.unsaid(asked, held) for weight in weights)
    return Evidence(near, by, fields, has_other_serial, too_early, telling=telling,
                    is_partial=partial, unsaid=unsaid)  # fmt: skip


def is_too_early(made: Description, told: Description) -> bool:
    """Tell whether one side tells of a year before that in which the gun of the other was made."""
    return bool(made.made_in and told.told_in and told.told_in < made.made_in)


def _telling(asked: str, held: str) -> str:
    """Return the less that one of two near marks tells; one that has its digits misread has them."""
    said = {marks.telling(asked), marks.telling(held)} - {"words"}
    return "number" if "number" in said else said.pop() if said else "words"


def _mark_bits(near: Nearness, by: str) -> float:
    """Return what the mark says: so much for each glyph that agrees, less for what can differ."""
    penalty = PENALTIES.get(near.kind, 0.0)
    if near.kind == "confusable":
        penalty = CONFUSED_GLYPH * near.count
    elif near.kind == "one" and (near.is_alike or near.is_swap):
        penalty = ALIKE_GLYPH
    return BITS_PER_GLYPH[by] * min(near.glyphs, MOST_GLYPHS) + penalty


def _shortness(near: Nearness) -> float:
    return SHORT if near.glyphs < COMMON else 0.0


def verdict(found: Sequence[Evidence]) -> str:
    """Return hit, possible or no_hit: a hit where one is strong, possible where one is worth a look."""
    if any(one.strength == "strong" for one in found):
        return "hit"
    return "possible" if any(one.is_worth_a_look for one in found) else "no_hit"
