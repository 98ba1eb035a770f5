"""Candidates for a description: the records whose marks could be the one that was read."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple
from uuid import UUID

from salsa_ext.errors import Invalid, Message, say
from salsa_ext.matching import marks, neighbours, readings
from salsa_ext.matching.claims import MISSED
from salsa_ext.matching.events import SEIZED, SETTLING_NOTHING, made_in
from salsa_ext.matching.evidence import FAINT, Description, Weight, weigh, weights_for
from salsa_ext.matching.halves import WITHIN
from salsa_ext.matching.names import fold
from salsa_ext.matching.prose import marking_of
from salsa_ext.policy.release import FOUND
from salsa_ext.readmodels import alerted, crowds, frequencies, names, serials, stamps
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Held, Sought, holding
from salsa_ext.values.actor import Actor
from salsa_ext.values.firearms import Mark
from salsa_ext.values.inquiries import Query
from salsa_ext.values.texts import UNFIT

SHORTEST, LONGEST = 3, 64
BY = {"manufacture": "serial", "confiscation": "confiscation"}  # the others are a `mark`
MARGIN = 6.0
MOST_NEAR = 5  # marks of one gun; a misread one makes thousands of keys
TOO_LITTLE = say("Too little of this serial can be read for a search: give {count} characters at its beginning"
                 " or end, or {more} that stand together, or trace the gun by its make and import mark.",
                 count=SHORTEST, more=WITHIN)  # fmt: skip


class Likeness(NamedTuple):
    """How well the best candidates agree, in bits: of all, and of lawful history, there by the serial too."""

    bits: float
    lawful_bits: float
    serial_bits: float


def wrong_serial(text: str) -> Message | None:
    """Return what no serial that is searched can hold, and what it can instead; None where it is fit."""
    norm = marks.normalise(text)
    if UNFIT.search(text) or not norm.isprintable():
        return say("Control characters cannot be part of a serial: give the characters that are stamped on the"
                   " gun, and ? for each of them that cannot be read.")  # fmt: skip
    if len(norm) > LONGEST:
        return say("A serial has at most {count} characters: give the one serial that is stamped on the gun,"
                   " and each other mark in a check of its own.", count=LONGEST)  # fmt: skip
    return None


def check_query(query: Query, path: str = "serial") -> Sought:
    """Return the serial as it is sought; raises Invalid that says what would make a search possible."""
    if wrong := wrong_serial(query.serial) or _unsearchable(query):
        raise Invalid({path: [wrong]})
    norm = marks.normalise(query.serial)
    value, is_whole = marks.value_of(marks.skeleton(norm)), marks.key(query.serial) is not None
    return Sought(norm, value, is_whole=is_whole, is_near=True, is_mark=_is_mark(query.serial))


def _is_mark(text: str) -> bool:
    """Tell a mark from a text that says where on the gun its marks stand, or how they are."""
    read = readings.read(text).marks
    if not read or read[0].text == text:
        return True
    own = marks.skeleton(marks.normalise(text))
    return own in [marks.skeleton(marks.normalise(mark.text)) for mark in read]


def _unsearchable(query: Query) -> Message | None:
    """Return why too little can be read of a serial, and what else to give."""
    norm = marks.normalise(query.serial)
    if marking_of(query.serial):
        return say("“{serial}” is no mark: it says that none can be read. Give the characters"
                   " that are stamped on the gun, or trace it by its make and import"
                   " mark.", serial=query.serial)  # fmt: skip
    if stamps.is_name(query.serial, query.model):
        return say("“{serial}” names a make, model, calibre or type and stands on every gun of its kind: give"
                   " the number that this gun alone bears.", serial=query.serial)  # fmt: skip
    if not (count := marks.readable(norm)):
        return say("None of this serial can be read: give {count} characters of it that stand together, or"
                   " trace the gun by its make and import mark.", count=SHORTEST)  # fmt: skip
    if marks.key(query.serial) is None:
        is_enough = marks.kept_key(query.serial) and neighbours.sought(norm).can_find
        return None if is_enough else TOO_LITTLE
    if count < SHORTEST and not (query.make and query.calibre):
        return say("This serial has {found} readable character(s), as many guns have: give {count} of them, or"
                   " its make and calibre beside it.", found=count, count=SHORTEST)  # fmt: skip
    return None


def searched_by(query: Query, path: str = "serial") -> dict[Sought, str]:
    """Return what a query is searched by, each with what it is of (as `weigh` names it).

    The serial and four further ones are searched by what is near them too, all others by their own
    key alone. Raises Invalid where neither the serial nor another mark can be searched.
    """
    known_last = sorted(query.marks, key=lambda mark: (mark.kind == "manufacture", mark.kind in BY))
    found = {
        marks.skeleton(mine.norm): (mine, BY.get(mark.kind, "mark"))
        for mark in known_last if (mine := _sought(mark, query))
    }  # fmt: skip
    try:
        serial = check_query(query, path)
    except Invalid:
        if not found:
            raise
        return _bounded(found.values())
    found.pop(marks.skeleton(serial.norm), None)
    return _bounded([(serial, "serial"), *found.values()])


def _bounded(found: Iterable[tuple[Sought, str]]) -> dict[Sought, str]:
    """Return what is sought, no more than MOST_NEAR of it near; the first ones are."""
    left, bounded = MOST_NEAR, dict[Sought, str]()
    for one, by in found:
        if not one.is_near or left:
            bounded[one] = by
        elif one.is_whole:  # what cannot be read whole has no key of its own
            bounded[replace(one, is_near=False)] = by
        left -= one.is_near and left > 0
    return bounded


def _sought(mark: Mark, query: Query) -> Sought | None:
    """Return what another mark of the gun is sought by: a further serial by what is near it too."""
    is_serial, is_whole = mark.kind == "manufacture", marks.key(mark.text) is not None
    key = marks.kept_key(mark.text) if is_serial else marks.key(mark.text)
    if key is None or (is_whole and not stamps.tells_apart(mark, query)):
        return None
    return Sought(key.norm, key.value, is_whole=is_whole, is_near=is_serial)


def search(
    query: Query, actor: Actor, *, settles: bool = True, silent: bool | None = None,
    stands: bool = False, own: Collection[UUID] = (), is_late: bool = False,
) -> list[Candidate]:  # fmt: skip
    """Return the candidates of all states that are worth a look, best first.

    The caller leaves out what others keep `silent`, or asks without (False) or for that alone
    (True). To the asker its own records are open. What another state does not keep open is weighed by the
    serial alone: asking again with another make tells nothing of it. Where `settles`, records that
    are only near a mark are left out if one of that mark agrees in all that is asked; with `stands`,
    marks that were corrected away. `own` are records of the very gun that is asked for: they take
    nothing from others. Alerts that show to nobody who asks are found by who looks for `silent`
    records, or `is_late`, alone.
    """
    sought = searched_by(query)
    held = holding(list(sought), asked_of(query), actor.state, settles=settles, silent=silent)
    kept = (one for one in held if one.record_id not in own and not (stands and one.is_superseded))
    shown = alerted.as_shown(actor, kept)
    if silent is False and not is_late:
        shown = [one for one in shown if not alerted.is_unseen(one)]
    return weighed(query, actor, sought, shown)


def weighed(
    query: Query, actor: Actor, sought: Mapping[Sought, str], held: Iterable[Held],
    legible: Mapping[UUID, str] | None = None,
) -> list[Candidate]:  # fmt: skip
    """Return those of the held marks that are worth a look, one for each record, best first.

    `sought` is what `searched_by` returns of the query. The asker's own records are open to it.
    `legible` are the serials of what is held by another mark, where they are known already.
    """
    asked = asked_of(query)
    hits = [
        one._replace(visibility="open")
        if one.state == actor.state and not alerted.is_unseen(one) else one for one in held
    ]  # fmt: skip
    other = _with_another(query, actor, by_other_mark(hits, sought), legible)
    mine = {one: replace(asked, serial_norm=one.norm) for one in sought}
    weights = weights_for(asked, frequencies.shares())
    best: dict[UUID, Candidate] = {}
    for hit in hits:
        candidate = _candidate(mine, hit, sought, other, weights)
        before = best.get(hit.record_id)
        if candidate and (before is None or _standing(before) < _standing(candidate)):
            best[hit.record_id] = candidate
    # what others take away from a candidate can leave too little of it to be looked at
    left = [_kept(one) for one in crowds.weigh_in(list(best.values()))]
    return sorted((one for one in left if one.evidence.strength), key=_rank)


def by_other_mark(held: Iterable[Held], sought: Mapping[Sought, str]) -> list[Held]:
    """Return what is held by other marks than the serial alone."""
    return [hit for hit in held if all(sought[one] != "serial" for one in _like(hit, sought))]


def _with_another(
    query: Query, actor: Actor, hits: Sequence[Held], legible: Mapping[UUID, str] | None
) -> set[UUID]:
    """Return those of the records whose legible serial is none of those that the query asks by."""
    if not (asked := serials.of_asked(query)):
        return set()
    known = serials.legible(actor, hits) if legible is None else legible
    mine = {hit.record_id for hit in hits}
    return {key for key, skeleton in known.items() if key in mine and skeleton not in asked}


def _kept(one: Candidate) -> Candidate:
    """Return a candidate that others leave too little of, but that the gun of this serial is missed or seized.

    They take no more from it than leaves it the least: it is told, and judged by what it says.
    """
    found = one.evidence
    if found.strength or not (
        found.crowd and one.is_open and _is_told(one) and found.is_of_its_own
    ):
        return one
    count, loss = found.crowd
    least = (count, round(loss + found.bits - FAINT, 1))
    return Candidate(one.held, replace(found, crowd=least))


def _like(held: Held, sought: Mapping[Sought, str]) -> list[Sought]:
    """Return the sought marks that a held one is the same as, else those that it may be near."""
    if len(sought) == 1:
        return list(sought)
    folded = marks.skeleton(held.serial_norm)
    same = [one for one in sought if marks.skeleton(one.norm) == folded]
    return same or [one for one in sought if one.is_near]


def _candidate(
    asked: Mapping[Sought, Description],
    held: Held,
    sought: Mapping[Sought, str],
    other: Container[UUID],
    weights: Sequence[Weight],
) -> Candidate | None:
    """Return the candidate by the mark that speaks most for it; None where none does."""
    found = []
    for one in _like(held, sought):
        by = sought[one]
        has_other = by != "serial" and held.record_id in other
        evidence = weigh(asked[one], held_of(held), by, has_other_serial=has_other,
                         weights=weights)  # fmt: skip
        if evidence and evidence.strength:
            found.append(Candidate(held, evidence))
    return max(found, key=lambda one: one.evidence.bits, default=None)


def _standing(found: Candidate) -> tuple[float, bool]:
    """The better evidence counts, and of equals a mark that was not corrected away."""
    return found.evidence.bits, not found.held.is_superseded


def _rank(found: Candidate) -> tuple[float, date, str]:
    """Best first; equals stand in the order in which they happened, the same every time.

    What is not open stands last among equals: its place would tell when it happened.
    """
    on = found.held.occurred_on if found.is_open else date.max
    return -found.evidence.bits, on, found.held.state


def likeness(candidates: Sequence[Candidate]) -> Likeness:
    """Return how well the best of the candidates agrees, and the best of lawful history."""
    lawful = [one for one in candidates if not (one.is_open and one.held.event in SETTLING_NOTHING)]
    serial = max((one.evidence.serial_bits for one in lawful), default=0.0)
    return Likeness(_best(candidates), _best(lawful), serial)


def likeliest(candidates: Sequence[Candidate], best: Likeness) -> list[Candidate]:
    """Return those that are about as likely as the best one: the records of one gun differ a little.

    A record is not less likely for what it does not say: a theft is often recorded by the serial
    alone. What is strong by the very serial stays, however well another record is described, and that
    a gun of it is missed or was seized stays whatever else it says: who reads it judges what it is of.
    What is not open is compared by the serial alone, and moves nothing that is open. A seizure is no
    measure for lawful history: where it repeats what was misread, it agrees better than the sale.
    """
    return [one for one in candidates if _is_likely(one, _measure(one, best) - MARGIN)]


def _is_likely(one: Candidate, least: float) -> bool:
    found = one.evidence
    is_kept = found.is_sure or found.at_most >= least or (_is_told(one) and found.is_of_its_own)
    return found.bits >= least or (one.is_open and is_kept)


def _is_told(one: Candidate) -> bool:
    return one.held.event in MISSED | SEIZED


def _best(candidates: Iterable[Candidate]) -> float:
    return max((one.evidence.bits for one in candidates if one.is_open), default=0.0)


def _measure(one: Candidate, best: Likeness) -> float:
    if not one.is_open:
        return best.serial_bits
    return best.bits if one.held.event in SETTLING_NOTHING else best.lawful_bits


def asked_of(query: Query) -> Description:
    """Return what is asked beside the serial."""
    return with_relatives(Description(
        serial_norm="",  # each of the marks that are sought has its own
        make=names.resolve("make", query.make),
        calibre_family=names.family(names.resolve("calibre", query.calibre)),
        likely=tuple(_likely(query)),
        type=names.telling(names.resolve("type", query.type)),
        country=query.country,
        year=query.year,
        model=fold("model", query.model) or None if query.model else None,
        told_in=query.told_in,
        made_in=made_in(query.event, query.year, query.told_in),
    ))  # fmt: skip


def with_relatives(asked: Description) -> Description:
    """Return a description with what its make, calibre and type are related to."""
    return replace(asked, kin=names.kin(asked.make), akin=names.akin(asked.type),
                   related=names.related(asked.calibre_family))  # fmt: skip


def _likely(query: Query) -> Iterator[tuple[str, str]]:
    """Yield what a text probably means, for the fields of which it is not certain."""
    for field, kind in (("make", "make"), ("calibre_family", "calibre"), ("type", "type")):
        text = getattr(query, kind)
        if text and names.resolve(kind, text) is None and (code := names.likely(kind, text)):
            yield field, (names.family(code) or code) if kind == "calibre" else code


def held_of(held: Held) -> Description:
    """Return what a held mark is compared by: alone, where its record is not open."""
    if held.visibility not in FOUND["firearm"]:
        return Description(held.serial_norm)
    return Description(
        serial_norm=held.serial_norm,
        make=held.make,
        calibre_family=names.family(held.calibre),
        type=names.telling(held.type),
        country=held.country,
        year=held.year,
        model=held.model,
        told_in=held.occurred_on.year,
        made_in=made_in(held.event, held.year, held.occurred_on.year),
    )
