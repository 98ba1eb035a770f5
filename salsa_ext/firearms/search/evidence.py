"""Score in bits, with reasons, that two descriptions are of one gun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import log2
from typing import Final

from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.marks import distance, keys
from salsa_ext.firearms.marks.distance import MarkComparison, compare
from salsa_ext.firearms.records.values import ALERT, FIELD_EVENTS, MISSING_OR_ALERT

CHECK_EVENT: Final = "check"
MATCH_STRENGTHS: Final = frozenset(("strong", "moderate"))


def can_match(event: str, other: str | None, near: MarkComparison) -> bool:
    """Return whether two events with near marks can be a match.

    Serials are consecutive: if neither was read in the field, or the `other` event may not be known
    (None), the marks have to be equal. An alert is no event of a gun's life: it is a hit, never a
    match.
    """
    if ALERT in (event, other):
        return False
    return near.kind in EQUAL_KINDS or event in FIELD_EVENTS or other in FIELD_EVENTS


def is_crime_related(event: str, other: str | None) -> bool:
    """Return whether one of two events is more than licit trade.

    An unknown event (None) counts as such, so that no missing gun is overlooked.
    """
    return other is None or event in FIELD_EVENTS or other in FIELD_EVENTS


def meets_alert(event: str, evidence: Evidence | None) -> bool:
    """Return whether an alert is hit by a check or a record.

    `event` is CHECK_EVENT for a check. In licit trade the marks have to be equal; a report of loss
    or theft is no hit.
    """
    if not is_match(evidence) or event in MISSING_OR_ALERT:
        return False
    return (
        event == CHECK_EVENT
        or event in FIELD_EVENTS
        or (evidence is not None and evidence.near.kind in EQUAL_KINDS)
    )


def is_match(evidence: Evidence | None) -> bool:
    """Return whether evidence suffices for a match; weaker ones are only listed."""
    return evidence is not None and evidence.strength in MATCH_STRENGTHS


BITS_PER_GLYPH: Final = {"serial": 3.0, "confiscation": 2.0, "mark": 2.0}
MAX_GLYPHS: Final = 8  # more say no more: numbers are given out one after the other
MIN_RARE_GLYPHS: Final = 5  # glyphs; fewer stand on many guns
CONFUSED_GLYPH_BITS: Final = -2.0
SIMILAR_GLYPH_BITS: Final = -6.0
# The share of such errors, by the number of marks that are as near: log2 of both.
PENALTIES: Final = {"one": -8.0, "two": -17.0, "unread_one": -9.0, "core": -5.0}
STRONG: Final = 15.0
STRONG_IF_NEAR: Final = 30.0  # where a glyph differs or is unread: all that is known agrees
POSSIBLE: Final = 4.0
MODERATE: Final = 8.0
FAINT: Final = -8.0  # bits; what has less is not worth a look
SHORT_PENALTY: Final = -4.0
OTHER_SERIAL_PENALTY: Final = -12.0
TOO_EARLY_PENALTY: Final = -6.0  # the year may be misread too
TRUE_AGREEMENT: Final = 0.95  # the share of records of one gun in which a field agrees
MIN_AGREEMENT_BITS, MAX_AGREEMENT_BITS = 0.5, 7.0
EQUAL_KINDS: Final = frozenset(("same", "confusable"))
COMPATIBLE_KINDS: Final = EQUAL_KINDS | {"unread"}  # the same, as far as it can be read
CONTRADICTING_FIELDS: Final = frozenset(("make", "calibre_family", "type"))
MAKER_FIELDS: Final = frozenset(
    ("make", "calibre_family")
)  # what tells numbers of two makers apart


@dataclass(frozen=True)
class Description:
    """The compared fields of a gun, as codes.

    `year` is the year of manufacture, `model` folded text, `reported_year` the year of the recorded event
    or the find, `manufactured_year` the year before which no event is possible. `related` are calibre
    families fired from the same guns (5.56x45 and .223 Remington), `kin` makes of the same house
    (Browning and FN Herstal), `akin` types for the same gun (carbine and rifle). `likely` are
    uncertain fields with their probable codes: they count half where they agree, and never against.
    """

    serial_norm: str
    make: str | None = None
    calibre_family: str | None = None
    type: str | None = None
    country: str | None = None
    year: int | None = None
    model: str | None = None
    reported_year: int | None = None
    manufactured_year: int | None = None
    related: frozenset[str] = frozenset()
    kin: frozenset[str] = frozenset()
    akin: frozenset[str] = frozenset()
    likely: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Reason:
    """One piece of evidence: code, sentence, bits."""

    code: str
    text: Message
    bits: float


@dataclass(frozen=True)
class Weight:
    """A field's bits where both sides agree, and where they differ."""

    name: str
    agrees: float
    differs: float
    same: Message
    other: Message
    related: float = 0.0

    def bits(self, outcome: str) -> float:
        """Return the bits of an outcome: `same`, `other`, `likely`, `related`."""
        if outcome == "same":
            return self.agrees
        if outcome == "other":
            return self.differs
        return self.agrees / 2 if outcome == "likely" else self.related

    def reason(self, outcome: str) -> Reason:
        """Return the reason for an outcome."""
        said = {
            "same": self.same,
            "other": self.other,
            "likely": LIKELY_TEXTS.get(self.name, self.same),
            "related": RELATED_TEXTS.get(self.name, self.same),
        }
        code = f"{self.name.removesuffix('_family')}_{outcome}"
        return Reason(code, said[outcome], self.bits(outcome))

    def outcome(self, asked: Description, held: Description) -> str | None:
        """Compare the field of two descriptions; None if one lacks it."""
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
        """Return the bits the field would add if `held` agreed.

        0 if `held` has a value.
        """
        if getattr(held, self.name) is not None:
            return 0.0
        if getattr(asked, self.name) is not None:
            return self.agrees
        return self.bits("likely") if any(name == self.name for name, _ in asked.likely) else 0.0

    def _related_to(self, asked: Description) -> frozenset[str]:
        related = {"make": asked.kin, "calibre_family": asked.related, "type": asked.akin}
        return related.get(self.name, frozenset())


RELATED_BITS: Final = 1.5
AKIN_TYPE_BITS: Final = (
    0.5  # what one calls a carbine another calls a rifle: it says hardly anything
)
RELATED_TEXTS: Final = {
    "make": message(
        "The make is another of the same house: its parent, its brand, or a brand beside it."
    ),
    "calibre_family": message("The calibre is fired from the same guns."),
    "type": message("The type is one that such a gun is called too, or a part of it."),
}
LIKELY_TEXTS: Final = {
    "make": message("The make is probably the same."),
    "calibre_family": message("The calibre is probably the same."),
    "type": message("The type is probably the same."),
    "model": message("The model is probably the same."),
}
WEIGHTS: Final = (
    Weight(
        "make",
        4.0,
        -5.0,
        message("The make is the same."),
        message("The make differs."),
        RELATED_BITS,
    ),
    Weight(
        "calibre_family",
        3.0,
        -5.0,
        message("The calibre is the same, or counts as the same."),
        message("The calibre differs."),
        RELATED_BITS,
    ),
    Weight(
        "type",
        1.5,
        -3.0,
        message("The type is the same."),
        message("The type differs."),
        AKIN_TYPE_BITS,
    ),
    Weight(
        "country",
        1.5,
        -3.0,
        message("The country of manufacture is the same."),
        message("The country of manufacture differs."),
    ),
    Weight(
        "year",
        2.0,
        -3.0,
        message("The year of manufacture is the same."),
        message("The year of manufacture differs."),
    ),
    Weight("model", 2.5, -1.5, message("The model is the same."), message("The model differs.")),
)


@dataclass(frozen=True)
class Evidence:
    """Evidence that two descriptions are of one gun, in bits.

    `fields` are the weights that count, each with its outcome. `is_too_early`: one side's event
    precedes the other side's manufacture. `crowd`: how many other guns fit about as well, and the
    bits lost to them. `telling`: specificity of the mark (`keys.specificity`). `has_rival`: another
    gun has the mark and fits as well. `is_partial`: the searched mark is not fully readable.
    `unsaid`: bits that the query's fields would add if the record had them. Reasons are worded when
    read.
    """

    near: MarkComparison
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
        other = OTHER_SERIAL_PENALTY if self.has_other_serial else 0.0
        early = TOO_EARLY_PENALTY if self.is_too_early else 0.0
        return round(
            self.serial_bits + fields + other + early - (self.crowd[1] if self.crowd else 0.0), 1
        )

    @cached_property
    def serial_bits(self) -> float:
        """Return the bits of the shared mark alone."""
        return _mark_bits(self.near, self.by) + _short_mark_bits(self.near)

    @property
    def at_most(self) -> float:
        """Return the bits if the record had all fields and no rivals.

        Only if it fits all that was read and no field differs; else `bits`.
        """
        differs = any(outcome == "other" for _, outcome in self.fields)
        if (
            differs
            or self.has_other_serial
            or self.is_too_early
            or self.by == "mark"
            or self.near.kind not in COMPATIBLE_KINDS
        ):
            return self.bits
        return round(self.bits + self.unsaid + (self.crowd[1] if self.crowd else 0.0), 1)

    @property
    def is_sure(self) -> bool:
        """Return whether it is strong by an equal serial."""
        return self.is_by_serial and self.near.kind in EQUAL_KINDS and self.strength == "strong"

    @property
    def is_of_its_own(self) -> bool:
        """Return whether the serial is equal and specific to one maker."""
        return self.is_by_serial and self.near.kind in EQUAL_KINDS and self._is_named

    @property
    def is_by_serial(self) -> bool:
        """Return whether a serial is shared, not just another mark."""
        return self.by == "serial"

    @property
    def strength(self) -> str | None:
        """Return strong, moderate or weak; None if too faint.

        Never strong: marks that several guns may have, and a differing make, calibre or type; a
        person has to see the gun first. A short number needs an equal make or calibre. Near marks
        are strong if all else agrees.
        """
        if self.has_other_serial or self.bits < FAINT:
            return None
        enough = STRONG if self.near.kind in EQUAL_KINDS else STRONG_IF_NEAR
        if self.bits >= enough and self._is_its_own and not self._is_contradicted:
            return "strong"
        return "moderate" if self.bits >= MODERATE else "weak"

    @property
    def is_possible(self) -> bool:
        """Return whether the answer is at least `possible`.

        Enough bits, or a record that fits all of a partly read mark.
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
        """Return whether mark and equal fields identify one gun."""
        return self.by != "mark" and not self.has_rival and self._is_named

    @property
    def _is_named(self) -> bool:
        if self.telling == "words":
            return False
        named = any(
            outcome == "same" and weight.name in MAKER_FIELDS for weight, outcome in self.fields
        )
        return named or self.telling == "mark"

    @property
    def _is_contradicted(self) -> bool:
        return self.is_too_early or any(
            outcome == "other" and weight.name in CONTRADICTING_FIELDS
            for weight, outcome in self.fields
        )

    def _reasons(self) -> Iterator[Reason]:
        code = "serial" if self.by == "serial" else "mark"
        said = _mark_bits(self.near, self.by)
        yield Reason(f"{code}_{self.near.kind}", distance.describe(self.near, self.by), said)
        if short := _short_mark_bits(self.near):
            text = message("A serial this short is common: alone it is weak evidence.")
            yield Reason("serial_short", text, short)
        for weight, outcome in self.fields:
            yield weight.reason(outcome)
        if self.has_other_serial:
            yield Reason(
                "serial_other", message("The record has another serial."), OTHER_SERIAL_PENALTY
            )
        if self.is_too_early:
            text = message("What is told of the gun happened before the year in which it was made.")
            yield Reason("year_impossible", text, TOO_EARLY_PENALTY)
        if self.crowd:
            count, bits = self.crowd
            text = message("{count} other gun(s) fit about as well.", count=count)
            yield Reason("crowd", text, -bits)


def weights_for(query: Description, shares: Mapping[tuple[str, str], float]) -> Sequence[Weight]:
    """Return the weights, higher for rarer values of the query.

    `shares` is each value's share of the records; without one the usual weight stays (Fellegi and
    Sunter: log2 of m over u).
    """
    return [
        weight if share is None else replace(weight, agrees=_agreement_bits(share))
        for weight in WEIGHTS
        for share in [shares.get((weight.name, str(getattr(query, weight.name))))]
    ]


def _agreement_bits(share: float) -> float:
    return round(min(max(log2(TRUE_AGREEMENT / share), MIN_AGREEMENT_BITS), MAX_AGREEMENT_BITS), 1)


def weigh(
    query: Description,
    record: Description,
    by: str = "serial",
    *,
    has_other_serial: bool = False,
    weights: Sequence[Weight] = WEIGHTS,
) -> Evidence | None:
    """Compare a query with a record; None if their marks are not near.

    `by` is the shared mark: `serial`, `confiscation` or another `mark`. `has_other_serial`: both
    have a readable serial, and not the same.
    """
    near = compare(query.serial_norm, record.serial_norm)
    if near is None:
        return None
    outcomes = ((weight, weight.outcome(query, record)) for weight in weights)
    fields = tuple((weight, outcome) for weight, outcome in outcomes if outcome)
    too_early = is_too_early(query, record) or is_too_early(record, query)
    telling = _shared_specificity(query.serial_norm, record.serial_norm)
    partial = any(sign in keys.skeleton(query.serial_norm) for sign in keys.UNREADABLE)
    unsaid = sum(weight.unsaid(query, record) for weight in weights)
    return Evidence(
        near,
        by,
        fields,
        has_other_serial,
        too_early,
        telling=telling,
        is_partial=partial,
        unsaid=unsaid,
    )


def is_too_early(gun: Description, event: Description) -> bool:
    """Return whether an event precedes the other side's manufacture."""
    return bool(
        gun.manufactured_year
        and event.reported_year
        and event.reported_year < gun.manufactured_year
    )


def _shared_specificity(query_norm: str, record_norm: str) -> str:
    """Return the lower specificity of two near marks.

    A mark with misread digits counts as having them.
    """
    said = {keys.specificity(query_norm), keys.specificity(record_norm)} - {"words"}
    return "number" if "number" in said else said.pop() if said else "words"


def _mark_bits(near: MarkComparison, by: str) -> float:
    """Return the bits of the mark: per equal glyph, less for errors."""
    penalty = PENALTIES.get(near.kind, 0.0)
    if near.kind == "confusable":
        penalty = CONFUSED_GLYPH_BITS * near.count
    elif near.kind == "one" and (near.is_alike or near.is_swap):
        penalty = SIMILAR_GLYPH_BITS
    return BITS_PER_GLYPH[by] * min(near.glyphs, MAX_GLYPHS) + penalty


def _short_mark_bits(near: MarkComparison) -> float:
    return SHORT_PENALTY if near.glyphs < MIN_RARE_GLYPHS else 0.0


def verdict(candidates: Sequence[Evidence]) -> str:
    """Return `hit` (one strong), `possible` (one worth comparing) or `no_hit`."""
    if any(one.strength == "strong" for one in candidates):
        return "hit"
    return "possible" if any(one.is_possible for one in candidates) else "no_hit"
