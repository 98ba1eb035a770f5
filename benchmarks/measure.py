"""Measure several ways to do one thing in turns, by the processor time that they use."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

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
    ways: dict[str, Callable[[], None]], backends: Callable[[], Sequence[int]],
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
