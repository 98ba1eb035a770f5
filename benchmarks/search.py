"""The search of misread marks, beside trigrams, all distances, a full-text index and an oracle."""

from __future__ import annotations

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from sqlalchemy import create_engine, text

from benchmarks import charts, measure, peers
from benchmarks.checks import backends
from benchmarks.filling import SEED, Filled, vacuum
from benchmarks.marks import Asked, Gun, queries
from salsa_ext.db import transaction
from salsa_ext.errors import Invalid
from salsa_ext.matching.evidence import verdict
from salsa_ext.policy.rules import operator
from salsa_ext.readmodels import names
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.search import search
from salsa_ext.values.actor import Actor
from salsa_ext.values.inquiries import Query

BLOCK = 26  # queries that one way answers before the next has its turn: each class, true and not
AS_STAMPED = (0.0, 0.9, 0.97)
"""Shares of readings without any error, by which the wrong hits are weighed."""
SLOW = ("rapidfuzz", "oracle")  # they go through everything
SELDOM = 21  # the fewer of their queries are asked the more marks there are, but one of so many
Way = Callable[[Asked], Any]


class Said(NamedTuple):
    """What one way answered to one query."""

    way: str
    asked: Asked
    place: int | None
    is_hit: bool
    is_wrong: bool
    seconds: float
    sureness: str = ""


def run(owner_url: str, filled: Filled, asked: int, path: Path, families: int | None) -> None:
    """Ask of the marks that are held, in turns, and show."""
    held = filled.guns
    _fill_trigrams(owner_url, held)
    size = _sizes(owner_url, len(held))
    everything, fulltext = peers.Everything(held), peers.FullText(held)
    asking = queries(held, asked, random.Random(SEED + 1))
    ways: dict[str, Way] = {
        "this": partial(_ask_ours, near=True), "a check": _ask_ours,
        "pg_trgm": peers.trigrams, "tantivy": fulltext.find,
        "rapidfuzz": everything.rapidfuzz, "oracle": everything.oracle,
    }  # fmt: skip
    said, cpu = _in_turns(asking, ways, min(SELDOM, max(1, len(held) // 100_000)))
    about = {"marks": len(held), "families": families, "rows_per_second": filled.rows_per_second}
    show(said, cpu, about | size, path)


def _fill_trigrams(owner_url: str, held: Sequence[Gun]) -> None:
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
        connection.execute(text("DROP TABLE IF EXISTS bench_trigram"))
        connection.execute(text("CREATE TABLE bench_trigram (place int, serial text, make text,"
                                " calibre text)"))  # fmt: skip
        cursor = connection.connection.cursor()
        lines = (f"{at}\t{gun.serial}\t{gun.make}\t{gun.calibre}\n" for at, gun in enumerate(held))
        cursor.copy_expert("COPY bench_trigram FROM STDIN", _Lines(lines))  # type: ignore[attr-defined]
        connection.execute(text("CREATE INDEX ix_bench_trigram ON bench_trigram"
                                " USING gin (serial gin_trgm_ops)"))  # fmt: skip
        connection.execute(text("GRANT SELECT ON bench_trigram TO salsa_service"))
    engine.dispose()
    vacuum(owner_url)


class _Lines:
    """Lines as a file that COPY reads."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)

    def read(self, size: int) -> str:
        """Return the next lines, about `size` bytes of them."""
        return "".join(
            line for line, _ in zip(self._lines, range(max(size // 40, 1)), strict=False)
        )


def _sizes(owner_url: str, count: int) -> dict[str, float]:
    asked = {
        "bytes_per_mark_forms": "pg_total_relation_size('mark_form')",
        "bytes_per_mark_keys": "pg_total_relation_size('mark_key')",
        "bytes_per_mark_trigrams": "pg_relation_size('ix_bench_trigram')",
    }
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        return {name: round((connection.scalar(text(f"SELECT {call}")) or 0) / count)
                for name, call in asked.items()}  # fmt: skip


def _in_turns(
    asking: Sequence[Asked], ways: dict[str, Way], seldom: int
) -> tuple[list[Said], dict[str, float]]:
    """Ask block by block, each way in turn; returns what was said, and the CPU-µs of a query by way."""
    said: list[Said] = []
    used: dict[str, float] = dict.fromkeys(ways, 0.0)
    for start in range(0, len(asking), BLOCK):
        for name, way in ways.items():
            every = seldom if name in SLOW else 1
            first = -start % every
            pids = backends()
            before = time.process_time() + measure.used(pids)
            some = asking[start : start + BLOCK][first::every]
            said += [_said(name, way, query) for query in some]
            used[name] += time.process_time() + measure.used(pids) - before
    count = Counter(one.way for one in said)
    return said, {name: round(seconds / count[name] * 1e6) for name, seconds in used.items()}


def _said(name: str, way: Way, query: Asked) -> Said:
    with transaction(operator("BRA")):
        began = time.perf_counter()
        found = way(query)
        took = time.perf_counter() - began
    places, is_hit, sureness = found if isinstance(found, tuple) else (found, False, "")
    place = places.index(query.truth) if query.truth in places else None
    return Said(name, query, place, is_hit, is_hit and place != 0, took, sureness)


def _ask_ours(query: Asked, *, near: bool = False) -> tuple[list[int], bool, str]:
    """Search as traces and matches do, which look for `near` marks in any case; or as a check does."""
    make = names.labels("make", "en").get(query.make or "", query.make)
    calibre = names.labels("calibre", "en").get(query.calibre or "", query.calibre)
    asked = Query(query.read, make=make, calibre=calibre, near=near)
    found = _search(asked, operator("BRA"))[: peers.MOST]
    is_hit = verdict([one.evidence for one in found]) == "hit"
    sureness = f"{found[0].evidence.strength} {found[0].evidence.near.kind}" if found else ""
    return [one.held.record_id.int for one in found], is_hit, sureness


def _search(query: Query, actor: Actor) -> list[Candidate]:
    try:
        return search(query, actor, settles=not query.near, silent=False)
    except Invalid:  # so little of it can be read that a search is refused
        return []


def show(said: Sequence[Said], cpu: dict[str, float], about: dict[str, Any], path: Path) -> None:
    """Print the tables, draw the chart, and write the figures as JSON."""
    print(json.dumps(about))
    figures = []
    for group in ("corruption", "dense", "named", "slip"):
        by: dict[tuple[str, str], list[Said]] = defaultdict(list)
        for one in said:
            by[str(getattr(one.asked, group)), one.way].append(one)
        print(HEADING.format(group))
        figures += [_line(group, *key, some) for key, some in sorted(by.items())]
    by_way: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        by_way[one.way].append(one)
    print(HEADING.format("all") + f"{'cpu µs':>9}")
    figures += [_line("all", "all", way, some, cpu[way]) for way, some in by_way.items()]
    sure = _calibration(said)
    wrong = {f"{share:.0%} as stamped": _wrong(said, share) for share in AS_STAMPED}
    print("wrong of the hits, by how many of the readings are as stamped: " + json.dumps(wrong))
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"figures": figures, "calibration": sure, "wrong_of_hits": wrong}
    path.write_text(json.dumps(about | told, indent=1))
    path.with_suffix(".svg").write_text(charts.recall(figures))
    print(f"written to {path}, and as a chart beside it")


def _calibration(said: Sequence[Said]) -> dict[str, list[int]]:
    """Print how often the first candidate is right, by its strength and by how near its mark is."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in said:
        if one.sureness and one.way == "a check":
            counts[one.sureness][one.place == 0] += 1
    print(f"{'first candidate':<24}{'right':>7}{'wrong':>7}{'share':>8}")
    for name, (wrong, right) in sorted(counts.items()):
        print(f"{name:<24}{right:>7}{wrong:>7}{right / (right + wrong):>8.3f}")
    return dict(counts)


def _wrong(said: Sequence[Said], as_stamped: float) -> float:
    """Return the share of a check's hits that name another gun, if so many readings were right."""
    ours = [one for one in said if one.way == "a check"]
    count = Counter(one.asked.corruption == "clean" for one in ours)
    weight = {True: as_stamped / count[True], False: (1 - as_stamped) / count[False]}
    hits = [(weight[one.asked.corruption == "clean"], one.is_wrong) for one in ours if one.is_hit]
    every = sum(share for share, _ in hits)
    return round(sum(share for share, is_wrong in hits if is_wrong) / every, 4) if every else 0.0


HEADING = (f"{{:<16}}{'way':<11}{'asked':>6}{'recall@1':>9}{'@10':>7}{'hits':>6}{'wrong':>6}"
           f"{'median ms':>11}{'p99 ms':>9}")  # fmt: skip


def _line(
    group: str, name: str, way: str, some: Sequence[Said], cpu: float | None = None
) -> dict[str, Any]:
    true = [one for one in some if one.asked.truth is not None]
    ms = [one.seconds * 1000 for one in some]
    row: dict[str, Any] = {
        "group": group, "name": name, "way": way, "asked": len(some),
        "recall_1": _share(one.place == 0 for one in true),
        "recall_10": _share(one.place is not None for one in true),
        "hits": sum(one.is_hit for one in some), "wrong": sum(one.is_wrong for one in some),
        "median_ms": round(median(ms), 2),
        "p99_ms": round(quantiles(ms, n=100)[98], 2) if len(ms) > 1 else round(ms[0], 2),
    }  # fmt: skip
    print(f"{name:<16}{way:<11}{row['asked']:>6}{row['recall_1']:>9}{row['recall_10']:>7}{row['hits']:>6}"
          f"{row['wrong']:>6}{row['median_ms']:>11}{row['p99_ms']:>9}{cpu or '':>9}")  # fmt: skip
    return row | ({"cpu_us": cpu} if cpu else {})


def _share(found: Iterable[bool]) -> float:
    every = list(found)
    return round(sum(every) / len(every), 3) if every else 0.0
