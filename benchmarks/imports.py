"""The import of a file of sales, beside a bare COPY of the same final rows into the same indexed tables."""

from __future__ import annotations

import csv
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg2
from sqlalchemy.engine import make_url

from benchmarks import measure
from benchmarks.checks import backends
from benchmarks.filling import SEED
from benchmarks.marks import Gun, guns
from benchmarks.measure import Figure
from benchmarks.trades import described
from importers import us_crime_guns
from importers.rows import Lookups
from salsa_ext.db import Base
from salsa_ext.policy.rules import operator

STATE: Final = "USA"
FIRST: Final = 20
"""Rows of a file that is imported before anything is measured: modules are loaded by it."""
MIB: Final = 1024 * 1024
NEW: Final = "SELECT {columns} FROM {table} WHERE xmin::text::bigint >= {since}"
GENERATED: Final = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
    ORDER BY ordinal_position
"""


@dataclass(frozen=True)
class Spent:
    """What a number of rows took: processor seconds of both processes, and seconds of the clock."""

    rows: int
    own: float
    database: float
    wall: float


@dataclass(frozen=True)
class Part:
    """The new rows of one table, in a file as COPY writes it."""

    table: str
    columns: str
    path: Path


def run(owner_url: str, twin_url: str, rows: int, rounds: int, path: Path) -> list[Figure]:
    """Import so many rows in files of one size, in turns with COPY into the twin, and show."""
    held, each = guns(3 * rows + 100, random.Random(SEED)), max(1, rows // rounds)
    imported, copied, peaks = list[Spent](), list[Spent](), dict[int, int]()
    with (
        tempfile.TemporaryDirectory() as folder,
        _owner(owner_url) as here,
        _owner(twin_url) as twin,
    ):
        _import(_write(Path(folder) / "first.csv", held[-FIRST:], 3 * rows))
        for at in range(rounds):
            file = _write(Path(folder) / f"{at}.csv", held[at * each : (at + 1) * each], at * each)
            since = _one(here, "SELECT pg_current_xact_id()::text::bigint")
            spent, peak = _import(file)
            imported.append(spent)
            peaks[spent.rows] = max(peak, peaks.get(spent.rows, 0))
            copied.append(_copy(twin, _parts(here, since, Path(folder)), spent.rows))
        long = _write(Path(folder) / "long.csv", held[rows : rows + 2 * each], rows)
        spent, peaks[2 * each] = _import(long)
    figures = [_figure("bare COPY, each row", copied, copied),
               _figure("import, each row", imported, copied)]  # fmt: skip
    measure.show(f"Import of {rows:,} sales in {rounds} files", figures, path)
    print(_speed(imported, copied))
    print("peak of memory: " + ", ".join(f"{peak / MIB:.0f} MiB for a file of {count:,} rows"
                                         for count, peak in sorted(peaks.items())))  # fmt: skip
    return figures


def _write(path: Path, some: Sequence[Gun], first: int) -> Path:
    draw = random.Random(first)
    with path.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, us_crime_guns.COLUMNS, restval="")
        writer.writeheader()
        for at, gun in enumerate(some, first):
            said = described(gun)
            sold = date(2010, 1, 1) + timedelta(draw.randrange(4_000))
            writer.writerow({
                "source_dataset": "bench", "source_row": str(at), "sale_date": sold.isoformat(),
                "manufacturer_name": said.make, "firearm_serial": said.serial,
                "firearm_caliber": said.calibre, "dealer_name": f"Dealer {draw.randrange(500)}",
                "dealer_city": "Town", "dealer_state": "VT",
            })  # fmt: skip
    return path


def _import(file: Path) -> tuple[Spent, int]:
    """Import a file; returns what it took, and the most memory that this process held."""
    lookups = replace(Lookups.load(us_crime_guns.SOURCE), least=0, most=10**9)
    pids, actor = backends(), operator(STATE)
    with _watched() as peak:
        before, database, wall = (
            time.process_time(),
            measure.exactly_used(pids),
            time.perf_counter(),
        )
        report = us_crime_guns.run(file, actor, lookups=lookups)
        wall = time.perf_counter() - wall
        own, database = time.process_time() - before, measure.exactly_used(pids) - database
    assert report.rows_taken == report.rows_read, report.rejects[:3]
    return Spent(report.rows_taken, own, database, wall), peak()


@contextmanager
def _watched() -> Iterator[Callable[[], int]]:
    """Look at the memory of this process every 20 ms; the block gets what tells the most of it."""
    seen, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            seen.append(max(seen.pop(), _held()))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: seen[0]
    finally:
        ended.set()
        watcher.join()


def _held() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@contextmanager
def _owner(url: str) -> Iterator[Any]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(plain)) as opened:
        yield opened


def _one(connection: Any, statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        [found] = cursor.fetchone()
    connection.commit()
    return int(found)


def _parts(connection: Any, since: int, folder: Path) -> list[Part]:
    """Write the rows of every table that came since a transaction, in an order that keys allow."""
    parts = []
    with connection.cursor() as cursor:
        for table in Base.metadata.sorted_tables:
            cursor.execute(GENERATED, (table.name,))
            columns = ", ".join(f'"{name}"' for (name,) in cursor.fetchall())
            part = Part(table.name, columns, folder / f"{table.name}.copy")
            new = NEW.format(columns=columns, table=table.name, since=since)
            with part.path.open("wb") as opened:
                cursor.copy_expert(f"COPY ({new}) TO STDOUT", opened)
            if part.path.stat().st_size:
                parts.append(part)
    connection.commit()
    return parts


def _copy(connection: Any, parts: Sequence[Part], rows: int) -> Spent:
    """Copy the parts in one transaction; returns what it took."""
    pids = [_one(connection, "SELECT pg_backend_pid()")]
    before, database, wall = time.process_time(), measure.exactly_used(pids), time.perf_counter()
    with connection.cursor() as cursor:
        for part in parts:
            with part.path.open("rb") as opened:
                cursor.copy_expert(f"COPY {part.table} ({part.columns}) FROM STDIN", opened)
    connection.commit()
    wall = time.perf_counter() - wall
    own, database = time.process_time() - before, measure.exactly_used(pids) - database
    return Spent(rows, own, database, wall)


def _figure(name: str, some: Sequence[Spent], base: Sequence[Spent]) -> Figure:
    rows = sum(one.rows for one in some)
    own, theirs, wall = (sum(getattr(one, part) for one in some) / rows * 1e6
                         for part in ("own", "database", "wall"))  # fmt: skip
    first = sum(one.own + one.database for one in base) / sum(one.rows for one in base) * 1e6
    return Figure(name, round(own, 1), round(theirs, 1), round(wall, 1),
                  round((own + theirs) / first, 2))  # fmt: skip


def _speed(imported: Sequence[Spent], copied: Sequence[Spent]) -> str:
    fast, slow = (sum(one.rows for one in some) / sum(one.wall for one in some)
                  for some in (copied, imported))  # fmt: skip
    cpu = [sum(one.own + one.database for one in some) for some in (copied, imported)]
    return (f"import {slow:,.0f} rows/s, COPY {fast:,.0f} rows/s: {slow / fast:.0%} by the clock,"
            f" {cpu[0] / cpu[1]:.0%} by processor time")  # fmt: skip
