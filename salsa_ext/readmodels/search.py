"""Candidates for a description: the records whose marks could be the one that was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from salsa_ext.errors import Invalid, say
from salsa_ext.matching import marks
from salsa_ext.matching.evidence import Description, Evidence, weigh
from salsa_ext.matching.prose import marking_of
from salsa_ext.readmodels import names, serials, stamps
from salsa_ext.readmodels.marks import Held, holding
from salsa_ext.values.actor import Actor
from salsa_ext.values.inquiries import Query

SHORTEST, LONGEST = 3, 64
BY = {"manufacture": "serial", "confiscation": "confiscation"}  # the others are a `mark`
MARGIN = 6.0


@dataclass(frozen=True)
class Candidate:
    """A record that may be of the same gun, and why."""

    held: Held
    evidence: Evidence

    @property
    def is_open(self) -> bool:
        """Tell whether the asker may read the record."""
        return self.held.visibility == "open"


def check_query(query: Query, path: str = "serial") -> marks.Key:
    """Return the key of the serial; raises Invalid that says what would make a search possible."""
    norm = marks.normalise(query.serial)
    key = marks.key(query.serial)
    if len(norm) > LONGEST:
        raise Invalid({path: [say("A serial has at most {count} characters.", count=LONGEST)]})
    if not norm.isprintable():
        raise Invalid({path: [say("Control characters cannot be part of a serial.")]})
    if marking_of(query.serial):
        raise Invalid({path: [say("“{serial}” is no mark: it says that none can be read. Give the characters"
                                  " that are stamped on the gun, or trace it by its make and import"
                                  " mark.", serial=query.serial)]})  # fmt: skip
    if key is None and marks.readable(norm):
        raise Invalid({path: [say("A serial with unreadable characters is recorded as it was read, but"
                                  " cannot be searched: give every character, or trace the gun by"
                                  " its make and import mark.")]})  # fmt: skip
    named = query.make and query.calibre
    if key is None or (marks.readable(norm) < SHORTEST and not named):
        raise Invalid({path: [say("A serial of fewer than {count} readable characters is searched only with"
                                  " make and calibre beside it; one with no readable character"
                                  " cannot be searched.", count=SHORTEST)]})  # fmt: skip
    return key


def searched_by(query: Query, path: str = "serial") -> dict[str, tuple[marks.Key, str]]:
    """Return the keys of a query by skeleton, each with what it is of (as `weigh` names it).

    Raises Invalid where neither the serial nor another mark can be searched.
    """
    known_last = sorted(query.marks, key=lambda mark: (mark.kind == "manufacture", mark.kind in BY))
    found = {
        key.skeleton: (key, BY.get(mark.kind, "mark"))
        for mark in known_last
        if stamps.tells_apart(mark, query) and (key := marks.key(mark.text))
    }
    try:
        serial = check_query(query, path)
    except Invalid:
        if not found:
            raise
        return found
    return found | {serial.skeleton: (serial, "serial")}


def search(query: Query, actor: Actor) -> list[Candidate]:
    """Return the candidates of all states, best first; the caller leaves out what is `silent`.

    To the asker its own records are open. What another state does not keep open is weighed by the
    serial alone: asking again with another make tells nothing of it.
    """
    keys = searched_by(query)
    asked = _asked(query)
    best: dict[object, Candidate] = {}
    hits = holding([key for key, _ in keys.values()], asked, actor.state)
    other = serials.with_another(actor, serials.of_asked(query), (
        hit for hit in hits if keys[marks.skeleton(hit.serial_norm)][1] != "serial"
    ))  # fmt: skip
    for found in hits:
        held = found._replace(visibility="open") if found.state == actor.state else found
        key, by = keys[marks.skeleton(held.serial_norm)]
        has_other = by != "serial" and held.record_id in other
        evidence = weigh(
            replace(asked, serial_norm=key.norm), _held(held), by, has_other_serial=has_other
        )
        candidate = Candidate(held, evidence)
        if candidate.evidence.strength is None:
            continue
        before = best.get(held.record_id)
        if before is None or _standing(before) < _standing(candidate):
            best[held.record_id] = candidate
    return sorted(best.values(), key=_rank)


def _standing(found: Candidate) -> tuple[bool, float]:
    """A mark that stands beats one that was corrected away, then the better evidence."""
    return not found.held.is_superseded, found.evidence.bits


def _rank(found: Candidate) -> tuple[float, date, str]:
    """Best first; equals stand in the order in which they happened, the same every time.

    What is not open stands last among equals: its place would tell when it happened.
    """
    on = found.held.occurred_on if found.is_open else date.max
    return -found.evidence.bits, on, found.held.state


def likeliest(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return those that are about as likely as the best one: the records of one gun differ a little.

    What is not open is compared by the serial alone, and moves nothing that is open.
    """
    best = max((found.evidence.bits for found in candidates if found.is_open), default=0.0)
    serial = max((found.evidence.serial_bits for found in candidates), default=0.0)
    return [
        found
        for found in candidates
        if found.evidence.bits >= (best if found.is_open else serial) - MARGIN
    ]


def _asked(query: Query) -> Description:
    family = names.family(names.resolve("calibre", query.calibre))
    return Description(
        serial_norm="",  # each of the keys that are searched has its own
        make=names.resolve("make", query.make),
        calibre_family=family,
        related=names.related(family),
        likely=tuple(_likely(query)),
        type=names.resolve("type", query.type),
        country=query.country,
        year=query.year,
    )


def _likely(query: Query) -> Iterator[tuple[str, str]]:
    """Yield what a text probably means, for the fields of which it is not certain."""
    for field, kind in (("make", "make"), ("calibre_family", "calibre"), ("type", "type")):
        text = getattr(query, kind)
        if text and names.resolve(kind, text) is None and (code := names.likely(kind, text)):
            yield field, (names.family(code) or code) if kind == "calibre" else code


def _held(held: Held) -> Description:
    if held.visibility != "open":
        return Description(held.serial_norm)
    return Description(
        serial_norm=held.serial_norm,
        make=held.make,
        calibre_family=names.family(held.calibre),
        type=held.type,
        country=held.country,
        year=held.year,
    )
