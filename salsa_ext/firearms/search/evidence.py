"""Score in bits, with reasons, that two descriptions are of one gun."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import log2
from typing import Final

from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.marks import distance, keys
from salsa_ext.firearms.marks.distance import MarkComparison, compare
from salsa_ext.firearms.records.event_kinds import (
    ALERT,
    FIELD_EVENTS,
    FOUND_EVENTS,
    MISSING_OR_ALERT,
    ONCE_EVENTS,
    SEIZED,
)

CHECK_EVENT: Final = "check"
MATCH_STRENGTHS: Final = frozenset(("strong", "moderate"))


def can_match(
    event: str, other: str | None, near: MarkComparison, *, is_one_state: bool = False
) -> bool:
    """Return whether a person should look at two events with near marks.

    Where one of the guns was found or is missing; with equal marks also where the `other` event may
    not be known (None), and where one state recorded twice what a gun has once. Else it is the gun's
    lawful life (`guns`). An alert is no event of it: it is a hit, never a match.
    """
    if ALERT in (event, other):
        return False
    if event in FIELD_EVENTS or other in FIELD_EVENTS:
        return True
    is_duplicate = is_one_state and event == other and event in ONCE_EVENTS
    return near.kind in EQUAL_KINDS and (other is None or is_duplicate)


def count_unregistered(events: Collection[str]) -> int:
    """Return how many seizures bear a mark; 0 if a register or report does, too.

    Of more than MAX_SURE_SEIZURES it may be what all guns of a maker's year bear, however few a
    small register has of them; of more than MAX_SEIZURES it is that, or words.
    """
    seizures = sum(event in SEIZED for event in events)
    return seizures if FOUND_EVENTS.issuperset(events) else 0


def weigh_alert(event: str, evidence: Evidence | None) -> Evidence | None:
    """Return the evidence that a check or a record hits an alert; None if it does not.

    `event` is CHECK_EVENT for a check. In licit trade the marks have to be equal; a report of loss
    or theft is no hit. However many bear the mark, its state asked to hear of it.
    """
    if evidence is None or event in MISSING_OR_ALERT:
        return None
    evidence = replace(evidence, is_missing=True, is_common=False)
    is_near_enough = event in FIELD_EVENTS | {CHECK_EVENT} or evidence.near.kind in EQUAL_KINDS
    return evidence if is_near_enough and is_match(evidence) else None


def is_match(evidence: Evidence | None) -> bool:
    """Return whether evidence suffices for a match; weaker ones are only listed.

    Where others fit as well, or one and no glyph was hard to read or it may be a number of the same
    series, the mark is rather that of another gun; where two digits differ, always. A missing gun
    that was hard to read is worth a look among any number.
    """
    if evidence is None or evidence.strength not in MATCH_STRENGTHS:
        return False
    near = evidence.near
    if near.kind.startswith("unread") and near.glyphs < MIN_RARE_GLYPHS:
        return False  # fits too many guns to be a clue to any
    if near.kind in EQUAL_KINDS or (evidence.is_missing and near.is_hard_to_read):
        return True
    is_neighbour = near.kind == "unread_one" or (near.kind == "two" and near.is_of_series)
    if is_neighbour and not evidence.is_missing:
        return False
    most = int(near.is_hard_to_read and not (near.is_of_series and evidence.has_rival))
    return (evidence.crowd[0] if evidence.crowd else 0) <= most


MAX_SURE_SEIZURES, MAX_SEIZURES = 2, 4  # of one mark that no register has: a gun comes back once
BITS_PER_GLYPH: Final = {"serial": 3.0, "confiscation": 2.0, "lot": 2.0, "mark": 2.0}
MAX_GLYPHS: Final = 8  # more say no more: numbers are given out one after the other
MIN_RARE_GLYPHS: Final = 5  # glyphs; shorter marks are on many guns
CONFUSED_GLYPH_BITS: Final = -2.0
SIMILAR_GLYPH_BITS: Final = -6.0
# The share of such errors, by the number of marks that are as near: log2 of both.
PENALTIES: Final = {"one": -8.0, "two": -17.0, "unread_one": -9.0, "core": -5.0}
STRONG: Final = 15.0
STRONG_IF_UNREAD: Final = 24.0  # where one glyph is unread: six others, make and calibre
STRONG_IF_NEAR: Final = (
    30.0  # where a glyph differs or several are unread: all that is known agrees
)
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
MAKER_FIELDS: Final = frozenset(("make", "calibre_family"))
"""What distinguishes numbers of two makers."""


@dataclass(frozen=True)
class Description:
    """The compared fields of a gun, as codes.

    `year` is the year of manufacture, `model` folded text, `reported_year` that of the recorded event
    or the find, `manufactured_year` that before which no event is possible. `related` are calibre
    families fired from the same guns (5.56x45 and .223 Remington), `kin` makes of the same house
    (Browning and FN Herstal), `akin` types for the same gun (carbine and rifle). `likely` are
    uncertain fields with their probable codes: they count half where they agree, and never against.
    `possible_families` are those of an uncertain calibre with theirs: any other counts against.
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
    possible_families: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reason:
    """One piece of evidence: code, sentence, bits."""

    code: str
    text: Message
    bits: float


@dataclass(frozen=True)
class Weight:
    """A field's bits where both sides agree, differ, or are related."""

    name: str
    agrees: float
    differs: float
    related: float = 0.0

    def bits(self, outcome: str) -> float:
        """Return the bits of an outcome: `same`, `other`, `likely`, `related`."""
        outcomes = {"same": self.agrees, "other": self.differs, "likely": self.agrees / 2}
        return outcomes.get(outcome, self.related)

    def reason(self, outcome: str) -> Reason:
        """Return the reason for an outcome."""
        code = f"{self.name.removesuffix('_family')}_{outcome}"
        return Reason(code, REASON_TEXTS[code], self.bits(outcome))

    def outcome(self, query: Description, record: Description) -> str | None:
        """Compare the field of two descriptions; None if one lacks it."""
        mine, theirs = getattr(query, self.name), getattr(record, self.name)
        if theirs is None:
            return None
        if mine is None:
            possible = query.possible_families if self.name == "calibre_family" else ()
            unlikely = "other" if possible and theirs not in possible else None
            return "likely" if (self.name, theirs) in query.likely else unlikely
        if mine == theirs:
            return "same"
        if self.name == "model" and (mine.startswith(theirs) or theirs.startswith(mine)):
            return "likely"  # PT 92 and PT 92 AF
        related = {"make": query.kin, "calibre_family": query.related, "type": query.akin}
        return "related" if theirs in related.get(self.name, ()) else "other"

    def missing_bits(self, query: Description, record: Description) -> float:
        """Return the bits that a field missing from the record would add if it agreed."""
        if getattr(record, self.name) is not None:
            return 0.0
        if getattr(query, self.name) is not None:
            return self.agrees
        return self.bits("likely") if any(name == self.name for name, _ in query.likely) else 0.0


REASON_TEXTS: Final = {
    "make_same": message("The make is the same."),
    "make_other": message("The make differs."),
    "make_likely": message("The make is probably the same."),
    "make_related": message(
        "The make is another of the same company: its parent, its brand, or a sister brand."
    ),
    "calibre_same": message("The calibre is the same, or counts as the same."),
    "calibre_other": message("The calibre differs."),
    "calibre_likely": message("The calibre is probably the same."),
    "calibre_related": message("The calibre is fired from the same guns."),
    "type_same": message("The type is the same."),
    "type_other": message("The type differs."),
    "type_likely": message("The type is probably the same."),
    "type_related": message("The type is one that such a gun is called too, or a part of it."),
    "country_same": message("The country of manufacture is the same."),
    "country_other": message("The country of manufacture differs."),
    "year_same": message("The year of manufacture is the same."),
    "year_other": message("The year of manufacture differs."),
    "model_same": message("The model is the same."),
    "model_other": message("The model differs."),
    "model_likely": message("The model is probably the same."),
}
WEIGHTS: Final = (
    Weight("make", 4.0, -5.0, 1.5),
    Weight("calibre_family", 3.0, -5.0, 1.5),
    # what one calls a carbine another calls a rifle: a related type means hardly anything
    Weight("type", 1.5, -3.0, 0.5),
    Weight("country", 1.5, -3.0),
    Weight("year", 2.0, -3.0),
    Weight("model", 2.5, -1.5),
)


@dataclass(frozen=True)
class Evidence:
    """Evidence that two descriptions are of one gun, in bits.

    `fields` are the weights that count, each with its outcome. `is_too_early`: one side's event
    precedes the other side's manufacture. `crowd`: how many other guns fit about as well, and the
    bits lost to them. `specificity` is that of the mark (`keys.specificity`). `has_rival`: another
    gun has the mark and fits as well. `is_common`: so many seized guns bear the mark that it is a
    prefix, or words; `is_unregistered`: it may be one. `is_missing`: one of the two is missing, or
    an alert, and the other was found or checked. `is_partial`: the searched mark is not fully readable.
    `missing_bits`: what the query's fields would add if the record had them. Reasons are worded
    when read.
    """

    near: MarkComparison
    by: str = "serial"
    fields: tuple[tuple[Weight, str], ...] = ()
    has_other_serial: bool = False
    is_too_early: bool = False
    crowd: tuple[int, float] | None = None
    specificity: str = "mark"
    has_rival: bool = False
    is_common: bool = False
    is_unregistered: bool = False
    is_missing: bool = False
    is_partial: bool = False
    missing_bits: float = 0.0

    @cached_property
    def bits(self) -> float:
        """Return the sum of the reasons."""
        bits = self.serial_bits + sum(weight.bits(outcome) for weight, outcome in self.fields)
        bits += OTHER_SERIAL_PENALTY if self.has_other_serial else 0.0
        bits += TOO_EARLY_PENALTY if self.is_too_early else 0.0
        return round(bits - (self.crowd[1] if self.crowd else 0.0), 1)

    @cached_property
    def serial_bits(self) -> float:
        """Return the bits of the shared mark alone."""
        return _mark_bits(self.near, self.by) + _short_mark_bits(self.near)

    @property
    def at_most(self) -> float:
        """Return the bits if the record had all fields and no rivals."""
        differs = any(outcome == "other" for _, outcome in self.fields)
        if (
            differs
            or self.has_other_serial
            or self.is_too_early
            or self.by == "mark"
            or self.near.kind not in COMPATIBLE_KINDS
        ):
            return self.bits
        return round(self.bits + self.missing_bits + (self.crowd[1] if self.crowd else 0.0), 1)

    @property
    def is_sure(self) -> bool:
        """Return whether it is strong by an equal serial."""
        return self.is_by_serial and self.near.kind in EQUAL_KINDS and self.strength == "strong"

    @property
    def is_of_its_own(self) -> bool:
        """Return whether the serial is equal and specific to one maker."""
        return self.is_by_serial and self.near.kind in EQUAL_KINDS and self._is_specific

    @property
    def is_by_serial(self) -> bool:
        """Return whether a serial is shared, not just another mark."""
        return self.by == "serial"

    @cached_property
    def strength(self) -> str | None:
        """Return strong, moderate or weak; None if too faint.

        Never strong: marks that several guns may have, and a differing make, calibre or type; a
        person has to see the gun first; nor a near mark that others fit as well. Two of these, or
        one and a near mark, are weak however long the mark, unless an equal one is that of a
        missing gun. A short number needs an equal make or calibre. Near marks are strong if all
        else agrees.
        """
        if self.has_other_serial or self.bits < FAINT:
            return None
        is_equal = self.near.kind in EQUAL_KINDS
        is_other_gun = self._contradictions > is_equal and not (is_equal and self.is_missing)
        is_other_gun |= self.by == "lot" and self._contradictions > 0  # each maker has lots
        if self.is_common or is_other_gun:
            return "weak"
        enough = STRONG if is_equal else STRONG_IF_NEAR
        if self.near.has_one_unread:
            enough = STRONG_IF_UNREAD
        has_doubt = self.has_rival or self.is_unregistered or self._is_contradicted
        has_doubt |= not is_equal and self.crowd is not None
        is_of_one_gun = self.by != "mark" and self._is_specific and not has_doubt
        if self.bits >= enough and is_of_one_gun:
            return "strong"
        return "moderate" if self.bits >= MODERATE else "weak"

    @property
    def is_conclusive(self) -> bool:
        """Return whether an outcome may rest on it.

        Strong, no other year of manufacture, and a number that other makers give out too has the
        same make.
        """
        outcomes = {weight.name: outcome for weight, outcome in self.fields}
        is_of_maker = self.specificity == "mark" or outcomes.get("make") in ("same", "related")
        return self.strength == "strong" and outcomes.get("year") != "other" and is_of_maker

    @property
    def strength_in_trace(self) -> str | None:
        """Return the strength for a trace: strong only if conclusive."""
        is_doubtful = self.strength == "strong" and not self.is_conclusive
        return "moderate" if is_doubtful else self.strength

    @property
    def may_be_same(self) -> bool:
        """Return whether a person should compare the two: not weak, or little is known."""
        is_unknown = self.is_possible and not self._is_contradicted
        return self.strength in MATCH_STRENGTHS or is_unknown

    @property
    def is_possible(self) -> bool:
        """Return whether the answer is at least `possible`."""
        if self.strength is None:
            return False
        fits = self.is_partial and self.near.kind == "unread" and not self._is_contradicted
        return fits or self.bits >= POSSIBLE

    @property
    def _is_specific(self) -> bool:
        """Return whether mark and equal fields are of one maker."""
        is_maker_equal = any(
            outcome == "same" and weight.name in MAKER_FIELDS for weight, outcome in self.fields
        )
        is_telling = self.specificity == "mark" and self.by != "lot"
        return self.specificity != "words" and (is_maker_equal or is_telling)

    @property
    def _contradictions(self) -> int:
        return sum(
            outcome == "other" and weight.name in CONTRADICTING_FIELDS
            for weight, outcome in self.fields
        )

    @property
    def _is_contradicted(self) -> bool:
        return self.is_too_early or self._contradictions > 0

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return each piece of evidence with its sentence."""
        code = f"{'serial' if self.is_by_serial else 'mark'}_{self.near.kind}"
        text = distance.describe(self.near, self.by)
        reasons = [Reason(code, text, _mark_bits(self.near, self.by))]
        if short := _short_mark_bits(self.near):
            text = message("A serial this short is common: alone it is weak evidence.")
            reasons.append(Reason("serial_short", text, short))
        reasons += [weight.reason(outcome) for weight, outcome in self.fields]
        if self.has_other_serial:
            text = message("The record has another serial.")
            reasons.append(Reason("serial_other", text, OTHER_SERIAL_PENALTY))
        if self.is_too_early:
            text = message(
                "The reported event happened before the year in which the firearm was made."
            )
            reasons.append(Reason("year_impossible", text, TOO_EARLY_PENALTY))
        if self.is_common:
            text = message("So many firearms bear this mark that it does not distinguish them.")
            reasons.append(Reason("mark_common", text, 0.0))
        elif self.is_unregistered:
            reasons.append(UNREGISTERED_REASON)
        if self.crowd:
            count, bits = self.crowd
            text = message("{count} other firearms fit about as well.", count=count)
            reasons.append(Reason("crowd", text, -bits))
        return tuple(reasons)


UNREGISTERED_REASON: Final = Reason(
    "mark_unregistered",
    message("Several seizures bear this mark and no register does: it may be part of a serial."),
    0.0,
)


def weights_for(query: Description, shares: Mapping[tuple[str, str], float]) -> Sequence[Weight]:
    """Return the weights, higher for rarer values of the query.

    `shares` is each value's share of the records; without one the usual weight stays (Fellegi and
    Sunter: log2 of m over u).
    """
    weights = []
    for weight in WEIGHTS:
        share = shares.get((weight.name, str(getattr(query, weight.name))))
        if share is not None:
            bits = min(max(log2(TRUE_AGREEMENT / share), MIN_AGREEMENT_BITS), MAX_AGREEMENT_BITS)
            weight = replace(weight, agrees=round(bits, 1))
        weights.append(weight)
    return weights


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
    # a mark with misread digits counts as having them: the lower specificity of the two
    kinds = {keys.specificity(norm) for norm in (query.serial_norm, record.serial_norm)} - {"words"}
    return Evidence(
        near,
        by,
        tuple((weight, outcome) for weight, outcome in outcomes if outcome),
        has_other_serial,
        is_too_early(query, record) or is_too_early(record, query),
        specificity="number" if "number" in kinds else "mark" if kinds else "words",
        is_partial=keys.is_partly_read(keys.skeleton(query.serial_norm)),
        missing_bits=sum(weight.missing_bits(query, record) for weight in weights),
    )


def is_too_early(gun: Description, event: Description) -> bool:
    """Return whether an event precedes the other side's manufacture."""
    earliest, year = gun.manufactured_year, event.reported_year
    return bool(earliest and year and year < earliest)


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
    if any(evidence.strength == "strong" for evidence in candidates):
        return "hit"
    return "possible" if any(evidence.is_possible for evidence in candidates) else "no_hit"
