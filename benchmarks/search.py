"""Search of misread marks, compared with other methods and an oracle."""

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final, NamedTuple

from sqlalchemy import create_engine, text

from benchmarks import baselines, harness
from benchmarks.harness import database_pids
from benchmarks.marks import SEED, Gun, MarkDatabase, MarkQuery, make_queries, vacuum
from salsa_ext.access.rules import operator
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid
from salsa_ext.database.session import transaction
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.search.evidence import verdict
from salsa_ext.firearms.search.search import find_candidates
from salsa_ext.firearms.search.values import Candidate
from salsa_ext.reference import names

BLOCK = 26  # queries that one way answers before the next has its turn: each class, true and not
CLEAN_SHARES = (0.0, 0.9, 0.97)
"""Shares of readings without any error, by which the wrong hits are weighed."""
SLOW_WAYS = ("rapidfuzz", "oracle")  # they go through everything
SAMPLE_RATE = (
    21  # the fewer of their queries are asked the more marks there are, but one of so many
)
SearchWay = Callable[[MarkQuery], Any]


class Outcome(NamedTuple):
    """Answer of one way to one query."""

    way: str
    asked: MarkQuery
    place: int | None
    is_hit: bool
    is_wrong: bool
    seconds: float
    sureness: str = ""


def run(
    owner_url: str,
    filled: MarkDatabase,
    count: int,
    path: Path,
    families: int | None,
    *,
    is_alone: bool = False,
) -> None:
    """Run the queries against all ways, or this one alone, in turns and write the results."""
    guns = filled.guns
    asking = make_queries(guns, count, random.Random(SEED + 1))
    ways: dict[str, SearchWay] = {
        "this": partial(_search_service, near=True),
        "a check": _search_service,
    }
    if is_alone:
        vacuum(owner_url)
    else:
        _fill_trigrams(owner_url, guns)
        everything, fulltext = baselines.FullScan(guns), baselines.FullTextIndex(guns)
        ways |= {
            "pg_trgm": baselines.find_by_trigrams,
            "tantivy": fulltext.find,
            "rapidfuzz": everything.rapidfuzz,
            "oracle": everything.oracle,
        }
    size = _index_sizes(owner_url, len(guns))
    outcomes, cpu = _run_in_turns(asking, ways, min(SAMPLE_RATE, max(1, len(guns) // 100_000)))
    about = {"marks": len(guns), "families": families, "rows_per_second": filled.rows_per_second}
    write_results(outcomes, cpu, about | size, path)


def _fill_trigrams(owner_url: str, guns: Sequence[Gun]) -> None:
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
        connection.execute(text("DROP TABLE IF EXISTS bench_trigram"))
        connection.execute(
            text("CREATE TABLE bench_trigram (place int, serial text, make text, calibre text)")
        )
        cursor = connection.connection.cursor()
        lines = (f"{at}\t{gun.serial}\t{gun.make}\t{gun.calibre}\n" for at, gun in enumerate(guns))
        cursor.copy_expert("COPY bench_trigram FROM STDIN", _Lines(lines))  # type: ignore[attr-defined]
        connection.execute(
            text("CREATE INDEX ix_bench_trigram ON bench_trigram USING gin (serial gin_trgm_ops)")
        )
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


def _index_sizes(owner_url: str, count: int) -> dict[str, float]:
    expressions = {
        "bytes_per_mark_forms": "pg_total_relation_size('mark_variant')",
        "bytes_per_mark_keys": "pg_total_relation_size('mark_key')",
        "bytes_per_mark_trigrams": "pg_relation_size(to_regclass('ix_bench_trigram'))",
    }
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        return {
            name: round((connection.scalar(text(f"SELECT {call}")) or 0) / count)
            for name, call in expressions.items()
        }


def _run_in_turns(
    asking: Sequence[MarkQuery], ways: dict[str, SearchWay], seldom: int
) -> tuple[list[Outcome], dict[str, float]]:
    """Run block by block; return outcomes and CPU time by way. In µs a query."""
    outcomes: list[Outcome] = []
    used: dict[str, float] = dict.fromkeys(ways, 0.0)
    for start in range(0, len(asking), BLOCK):
        for name, way in ways.items():
            every = seldom if name in SLOW_WAYS else 1
            first = -start % every
            pids = database_pids()
            before = time.process_time() + harness.cpu_seconds(pids)
            some = asking[start : start + BLOCK][first::every]
            outcomes += [_run_query(name, way, query) for query in some]
            used[name] += time.process_time() + harness.cpu_seconds(pids) - before
    count = Counter(outcome.way for outcome in outcomes)
    return outcomes, {name: round(seconds / count[name] * 1e6) for name, seconds in used.items()}


def _run_query(name: str, way: SearchWay, query: MarkQuery) -> Outcome:
    with transaction(operator("BRA")):
        began = time.perf_counter()
        result = way(query)
        took = time.perf_counter() - began
    places, is_hit, sureness = result if isinstance(result, tuple) else (result, False, "")
    place = places.index(query.truth) if query.truth in places else None
    return Outcome(name, query, place, is_hit, is_hit and place != 0, took, sureness)


def _search_service(query: MarkQuery, *, near: bool = False) -> tuple[list[int], bool, str]:
    """Search as traces and matches do (`near`), or as a check."""
    make = names.labels("make", "en").get(query.make or "", query.make)
    calibre = names.labels("calibre", "en").get(query.calibre or "", query.calibre)
    search_query = Query(query.read, make=make, calibre=calibre, near=near)
    candidates = _search(search_query, operator("BRA"))[: baselines.MAX_RESULTS]
    is_hit = verdict([candidate.evidence for candidate in candidates]) == "hit"
    sureness = (
        f"{candidates[0].evidence.strength} {candidates[0].evidence.near.kind}"
        if candidates
        else ""
    )
    return [candidate.mark_hit.record_id.int for candidate in candidates], is_hit, sureness


def _search(query: Query, actor: Actor) -> list[Candidate]:
    try:
        return find_candidates(query, actor, stop_at_exact=not query.near)
    except Invalid:  # so little of it can be read that a search is refused
        return []


def write_results(
    outcomes: Sequence[Outcome], cpu: dict[str, float], about: dict[str, Any], path: Path
) -> None:
    """Print tables, draw the chart and write the figures as JSON."""
    print(json.dumps(about))
    figures = []
    for group in ("corruption", "dense", "named", "slip"):
        by: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
        for outcome in outcomes:
            by[str(getattr(outcome.asked, group)), outcome.way].append(outcome)
        print(HEADING.format(group))
        figures += [_print_line(group, *key, some) for key, some in sorted(by.items())]
    by_way: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_way[outcome.way].append(outcome)
    print(HEADING.format("all") + f"{'cpu µs':>9}")
    figures += [_print_line("all", "all", way, some, cpu[way]) for way, some in by_way.items()]
    sure = _print_calibration(outcomes)
    wrong = {f"{share:.0%} as stamped": _wrong_share(outcomes, share) for share in CLEAN_SHARES}
    print("wrong of the hits, by how many of the readings are as stamped: " + json.dumps(wrong))
    path.parent.mkdir(parents=True, exist_ok=True)
    results = {"figures": figures, "calibration": sure, "wrong_of_hits": wrong}
    path.write_text(json.dumps(about | results, indent=1))
    path.with_suffix(".svg").write_text(recall_chart(figures))
    print(f"written to {path}, with a chart next to it")


def _print_calibration(outcomes: Sequence[Outcome]) -> dict[str, list[int]]:
    """Print the share of correct first candidates by strength."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for outcome in outcomes:
        if outcome.sureness and outcome.way == "a check":
            counts[outcome.sureness][outcome.place == 0] += 1
    print(f"{'first candidate':<24}{'right':>7}{'wrong':>7}{'share':>8}")
    for name, (wrong, right) in sorted(counts.items()):
        print(f"{name:<24}{right:>7}{wrong:>7}{right / (right + wrong):>8.3f}")
    return dict(counts)


def _wrong_share(outcomes: Sequence[Outcome], as_stamped: float) -> float:
    """Return the share of wrong hits for a share of clean readings."""
    ours = [outcome for outcome in outcomes if outcome.way == "a check"]
    count = Counter(outcome.asked.corruption == "clean" for outcome in ours)
    weight = {True: as_stamped / count[True], False: (1 - as_stamped) / count[False]}
    hits = [
        (weight[outcome.asked.corruption == "clean"], outcome.is_wrong)
        for outcome in ours
        if outcome.is_hit
    ]
    every = sum(share for share, _ in hits)
    return round(sum(share for share, is_wrong in hits if is_wrong) / every, 4) if every else 0.0


HEADING = (
    f"{{:<16}}{'way':<11}{'asked':>6}{'recall@1':>9}{'@10':>7}{'hits':>6}{'wrong':>6}"
    f"{'median ms':>11}{'p99 ms':>9}"
)


def _print_line(
    group: str, name: str, way: str, some: Sequence[Outcome], cpu: float | None = None
) -> dict[str, Any]:
    true = [outcome for outcome in some if outcome.asked.truth is not None]
    ms = [outcome.seconds * 1000 for outcome in some]
    row: dict[str, Any] = {
        "group": group,
        "name": name,
        "way": way,
        "asked": len(some),
        "recall_1": _share(outcome.place == 0 for outcome in true),
        "recall_10": _share(outcome.place is not None for outcome in true),
        "hits": sum(outcome.is_hit for outcome in some),
        "wrong": sum(outcome.is_wrong for outcome in some),
        "median_ms": round(median(ms), 2),
        "p99_ms": round(quantiles(ms, n=100)[98], 2) if len(ms) > 1 else round(ms[0], 2),
    }
    print(
        f"{name:<16}{way:<11}{row['asked']:>6}{row['recall_1']:>9}{row['recall_10']:>7}{row['hits']:>6}"
        f"{row['wrong']:>6}{row['median_ms']:>11}{row['p99_ms']:>9}{cpu or '':>9}"
    )
    return row | ({"cpu_us": cpu} if cpu else {})


def _share(flags: Iterable[bool]) -> float:
    every = list(flags)
    return round(sum(every) / len(every), 3) if every else 0.0


COLOURS: Final = {
    "this": "#0b5cad",
    "a check": "#7fb2e5",
    "oracle": "#b9c2cc",
    "tantivy": "#c77c11",
    "pg_trgm": "#7a4fa3",
    "rapidfuzz": "#3b8f5a",
}
LEFT, WIDTH, BAR, GAP = 130, 520, 9, 14


def recall_chart(figures: Sequence[Mapping[str, Any]]) -> str:
    """Return an SVG of recall@10 by class of corruption."""
    rows = [row for row in figures if row["group"] == "corruption"]
    classes, used = sorted({row["name"] for row in rows}), {row["way"] for row in rows}
    ways = [way for way in COLOURS if way in used]
    recalls = {(row["name"], row["way"]): row["recall_10"] for row in rows}
    parts, top = [_chart_legend(ways)], 40
    for name in classes:
        parts.append(
            f'<text x="{LEFT - 8}" y="{top + BAR * len(ways) / 2 + 4}" text-anchor="end">'
            f"{escape(name)}</text>"
        )
        for way in ways:
            share = recalls.get((name, way), 0.0)
            parts.append(
                f'<rect x="{LEFT}" y="{top}" width="{share * WIDTH:.1f}" height="{BAR - 1}"'
                f' fill="{COLOURS[way]}"><title>{way}: {share}</title></rect>'
            )
            top += BAR
        top += GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {top}" role="img"'
        f' aria-label="Recall at ten, by class of error" font-family="sans-serif" font-size="12">'
        f"{''.join(parts)}</svg>\n"
    )


def _chart_legend(ways: Sequence[str]) -> str:
    return "".join(
        f'<rect x="{LEFT + at * 100}" y="10" width="12" height="12" fill="{COLOURS[way]}"/>'
        f'<text x="{LEFT + at * 100 + 17}" y="20">{escape(way)}</text>'
        for at, way in enumerate(ways)
    )
