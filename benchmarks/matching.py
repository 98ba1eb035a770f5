"""Proposals and leads over registers whose truth is known: how many are right, and how many there are."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import create_engine, text

from benchmarks import gun_registers
from benchmarks.gun_registers import Reading
from benchmarks.harness import exact_cpu_seconds
from benchmarks.marks import vacuum
from salsa_ext.access.rules import operator
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import pseudonym
from salsa_ext.database.session import db, transaction
from salsa_ext.firearms.marks.distance import compare
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.firearms.search.evidence import MIN_RARE_GLYPHS
from salsa_ext.leads.leads import Lead
from salsa_ext.leads.queries import find_leads, list_leads

SIZES: Final = (10_000, 50_000, 100_000)
"""Seizures after which is measured, up to those that are asked for."""
UNREADABLE: Final = ("words", "prefix")
_MATCHES: Final = text(
    "SELECT record_id, other_pseudonym, bool_or(strength = 'strong')"
    " FROM match WHERE is_current GROUP BY 1, 2"
)
_RECORDS: Final = text("SELECT document_id, id FROM record")
Pair = frozenset[int]
PAGE: Final = 25
Found = TypeVar("Found")


@dataclass(frozen=True)
class Measured:
    """What was found at one size; times in seconds, shares of one.

    Those of leads are of the processor, of this process and its database: of all, and of a page as an
    analyst reads it.
    """

    seizures: int
    guns: int
    true_pairs: int
    proposed: int
    strong: int
    proposed_recall: float
    strong_recall: float
    proposed_precision: float
    strong_precision: float
    false_per_gun: float
    leads: int
    lead_precision: float
    recording_seconds: float
    matching_seconds: float
    leads_seconds: float
    lead_page_seconds: float
    recall_by_reading: dict[str, float] = field(default_factory=dict)
    missed_by_cause: dict[str, int] = field(default_factory=dict)
    false_by_reading: dict[str, int] = field(default_factory=dict)


def run(
    owner_url: str, run_jobs: Callable[[], object], seizures: int, seed: int, path: Path
) -> list[Measured]:
    """Record registers in steps, match them, and write what was found."""
    gun_registers.register_police()
    readings = gun_registers.make_readings(seizures, seed)
    measured: list[Measured] = []
    documents: list[UUID] = []
    for size in sorted({min(each, seizures) for each in (*SIZES, seizures)}):
        upto = _place_of(readings, size)
        began = time.perf_counter()
        documents += gun_registers.record(readings[len(documents) : upto], len(documents))
        recorded = time.perf_counter() - began
        vacuum(owner_url, "ANALYZE")
        began = time.perf_counter()
        run_jobs()
        matched = time.perf_counter() - began
        result = _measure(owner_url, readings[:upto], documents, recorded, matched)
        measured.append(result)
        _print(result)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(each) for each in measured], indent=1))
    return measured


def _place_of(readings: Sequence[Reading], seizures: int) -> int:
    """Return after how many readings there are so many seizures."""
    places = [at for at, each in enumerate(readings, 1) if each.event == "seized"]
    return places[seizures - 1] if seizures < len(places) else len(readings)


def _measure(
    owner_url: str,
    readings: Sequence[Reading],
    documents: Sequence[UUID],
    recorded: float,
    matched: float,
) -> Measured:
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        record_of = {row.document_id: row.id for row in connection.execute(_RECORDS)}
        rows = connection.execute(_MATCHES).all()
    engine.dispose()
    place_of = {record_of[document]: place for place, document in enumerate(documents)}
    known = {pseudonym(record): place for record, place in place_of.items()}
    proposed = {frozenset((place_of[row[0]], known[row[1]])) for row in rows}
    strong = {frozenset((place_of[row[0]], known[row[1]])) for row in rows if row[2]}
    true = {*_true_pairs(readings)}
    wrong = proposed - true - {pair for pair in proposed if _is_right(readings, pair)}
    guns = len({each.gun for each in readings if each.event == "seized"})
    found, leads_seconds = _measure_leads(find_leads)
    _, page_seconds = _measure_leads(
        lambda actor: list_leads(actor=actor, filters={}, limit=PAGE, cursor=None)
    )
    leads = [each for each in found if each.kind == "recirculation"]
    right_leads = sum(_is_right_lead(readings, place_of, lead) for lead in leads)
    return Measured(
        seizures=sum(each.event == "seized" for each in readings),
        guns=guns,
        true_pairs=len(true),
        proposed=len(proposed),
        strong=len(strong),
        proposed_recall=_share(len(true & proposed), len(true)),
        strong_recall=_share(len(true & strong), len(true)),
        proposed_precision=_share(len(proposed - wrong), len(proposed)),
        strong_precision=_share(len(strong - wrong), len(strong)),
        false_per_gun=round(len(wrong) / guns, 3),
        leads=len(leads),
        lead_precision=_share(right_leads, len(leads)),
        recording_seconds=round(recorded, 1),
        matching_seconds=round(matched, 1),
        leads_seconds=round(leads_seconds, 2),
        lead_page_seconds=round(page_seconds, 2),
        recall_by_reading=_recall_by_reading(readings, true, proposed),
        missed_by_cause=dict(Counter(_cause_of_miss(readings, pair) for pair in true - proposed)),
        false_by_reading=dict(Counter(_reading_of(readings, pair) for pair in wrong)),
    )


def _measure_leads(read: Callable[[Actor], Found]) -> tuple[Found, float]:
    """Return what an analyst of the largest register reads, and the seconds of processor time."""
    with transaction(actor := operator("BRA")):
        backends = db.session.scalars(text("SELECT pg_backend_pid()")).all()
        began = time.process_time() + exact_cpu_seconds(backends)
        found = read(actor)
        return found, time.process_time() + exact_cpu_seconds(backends) - began


def _is_right(readings: Sequence[Reading], pair: Pair) -> bool:
    first, second = (readings[place] for place in pair)
    return first.is_pair(second)


def _true_pairs(readings: Sequence[Reading]) -> Iterator[Pair]:
    """Yield the pairs that should be proposed: of one gun, with marks that can be read."""
    by_gun: dict[int, list[int]] = defaultdict(list)
    for place, each in enumerate(readings):
        if each.how not in UNREADABLE:
            by_gun[each.gun].append(place)
    for places in by_gun.values():
        for first, second in combinations(places, 2):
            if readings[first].is_pair(readings[second]):
                yield frozenset((first, second))


def _reading_of(readings: Sequence[Reading], pair: Pair) -> str:
    """Return how the worse read of two was read; of two neighbours of a purchase that they are."""
    both = [readings[place] for place in pair]
    worst = [each.how for each in both if each.how != "clean"]
    service = " of service" if any(each.is_handed_in for each in both) else ""
    return (" and ".join(sorted(worst)) or "clean") + service


def _recall_by_reading(
    readings: Sequence[Reading], true: set[Pair], proposed: set[Pair]
) -> dict[str, float]:
    """Return the recall of pairs by how one of them was read; the other was read rightly."""
    pairs: dict[str, list[bool]] = defaultdict(list)
    for pair in true:
        how = _reading_of(readings, pair).removesuffix(" of service")
        if " and " not in how:
            pairs[how].append(pair in proposed)
    return {how: _share(sum(found), len(found)) for how, found in sorted(pairs.items())}


def _cause_of_miss(readings: Sequence[Reading], pair: Pair) -> str:
    """Return why a true pair is not proposed: the first reason against it."""
    record, query = (readings[place].item for place in sorted(pair))
    for name in ("make", "calibre", "type"):
        mine, theirs = getattr(query, name), getattr(record, name)
        if mine and theirs and mine.casefold() != theirs.casefold():
            return f"another {name}"
    near = compare(*(normalise(each.serial or "") for each in (query, record)))
    if near is None:
        return "too far"
    if near.kind == "two":
        return "two errors"
    if near.is_of_series:
        return "a number of the same series"
    return "scant" if near.glyphs < MIN_RARE_GLYPHS else "others fit as well"


def _is_right_lead(readings: Sequence[Reading], place_of: dict[UUID, int], lead: Lead) -> bool:
    """Return whether the seizures of a lead are of one gun that was not merely handed in."""
    seized = [readings[place_of[each.id]] for gun in lead.guns for each in gun.seizures]
    of_crime = [each for each in seized if not each.is_handed_in]
    return len({each.gun for each in seized}) == 1 and bool(of_crime)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0


def _print(result: Measured) -> None:
    for name, value in asdict(result).items():
        print(f"{name:<22}{value}")
    print(flush=True)
