"""Measure several ways to do one thing in turns, by the processor time that they use."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Figure:
    """One way: processor time of this process and of its database, and the wall, per operation."""

    name: str
    cpu_us: float
    database_cpu_us: float
    median_us: float
    ratio: float


def in_turns(
    ways: dict[str, Callable[[], Any]], backends: Callable[[], Sequence[int]],
    rounds: int, each: int,
) -> list[Figure]:  # fmt: skip
    """Run every way `each` times a round, round by round; the first way is what ratios are to.

    `backends` names the database's processes, whose processor time is read from the kernel.
    """
    own: dict[str, float] = dict.fromkeys(ways, 0.0)
    theirs: dict[str, float] = dict.fromkeys(ways, 0.0)
    walls: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            pids = backends()
            before, database = time.process_time(), used(pids)
            for _ in range(each):
                began = time.perf_counter()
                way()
                walls[name].append(time.perf_counter() - began)
            own[name] += time.process_time() - before
            theirs[name] += used(pids) - database
    count = rounds * each
    base = next(iter(ways))
    total = {name: (own[name] + theirs[name]) / count for name in ways}
    return [
        Figure(name, round(own[name] / count * 1e6, 1), round(theirs[name] / count * 1e6, 1),
               round(median(walls[name]) * 1e6, 1), round(total[name] / total[base], 2))
        for name in ways
    ]  # fmt: skip


@dataclass(frozen=True)
class Way:
    """What is measured of one operation, and what is done after it that is not."""

    run: Callable[[], Any]
    after: Callable[[], Any] = lambda: None


Prepared = Callable[[], "Way | Callable[[], Any]"]


def prepared_in_turns(
    ways: dict[str, Prepared], backends: Callable[[], Sequence[int]], rounds: int, each: int,
) -> list[Figure]:  # fmt: skip
    """Measure as `in_turns` does, operation by operation: each is prepared before, unmeasured.

    The processor time of the database is read to the nanosecond where the kernel keeps it so.
    """
    spent: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    pids = backends()
    for _ in range(rounds):
        for name, prepare in ways.items():
            for _ in range(each):
                made = prepare()
                way = made if isinstance(made, Way) else Way(made)
                spent[name].append(_spent(way.run, pids))
                way.after()
            pids = backends()
    return [_figure(name, some, spent[next(iter(ways))]) for name, some in spent.items()]


def _spent(run: Callable[[], Any], pids: Sequence[int]) -> tuple[float, float, float]:
    """Return the processor seconds of this process, those of its database, and the wall."""
    database, own, wall = exactly_used(pids), time.process_time(), time.perf_counter()
    run()
    own, wall = time.process_time() - own, time.perf_counter() - wall
    return own, exactly_used(pids) - database, wall


def _figure(
    name: str, some: Sequence[tuple[float, float, float]],
    base: Sequence[tuple[float, float, float]],
) -> Figure:  # fmt: skip
    own, theirs = (sum(one[at] for one in some) / len(some) for at in (0, 1))
    first = sum(one[0] + one[1] for one in base) / len(base)
    return Figure(name, round(own * 1e6, 1), round(theirs * 1e6, 1),
                  round(median(one[2] for one in some) * 1e6, 1),
                  round((own + theirs) / first, 2))  # fmt: skip


def show(title: str, figures: Sequence[Figure], path: Path) -> None:
    """Print a table, and write the figures as JSON."""
    print(title)
    print(f"{'':<34}{'cpu µs':>10}{'database µs':>13}{'median µs':>12}{'ratio':>8}")
    for figure in figures:
        print(f"{figure.name:<34}{figure.cpu_us:>10}{figure.database_cpu_us:>13}"
              f"{figure.median_us:>12}{figure.ratio:>8}")  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"title": title, "figures": [asdict(row) for row in figures]}, indent=1)
    )
    print(f"written to {path}")


def used(pids: Sequence[int]) -> float:
    """Return the processor seconds that processes have used, as the kernel counts them."""
    used = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        used += int(fields[11]) + int(fields[12])
    return used / TICKS


def exactly_used(pids: Sequence[int]) -> float:
    """Return the same as `used` to the nanosecond, where the kernel keeps it."""
    try:
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9
    except FileNotFoundError:
        return used(pids)
