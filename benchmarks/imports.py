"""Import of a file of sales, compared with a bare COPY."""

import csv
import random
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import psycopg2
from sqlalchemy.engine import make_url

from benchmarks import harness
from benchmarks.harness import Figure, database_pids
from benchmarks.marks import SEED, Gun, make_guns
from benchmarks.trade_data import describe_gun
from importers.judge import ReadBody
from importers.judgement import Judgement
from importers.load import Import
from importers.profiles import shipped_profiles, to_data
from importers.reading.tables import file_digest
from salsa_ext.access.rules import operator
from salsa_ext.administration import imports
from salsa_ext.administration.imports import ImportData
from salsa_ext.database.session import Base, db, transaction

STATE: Final = "USA"
PROFILE: Final = "us-crime-guns"
WARM_UP_ROWS: Final = 20
"""Rows of a file that is imported before anything is measured: modules are loaded by it."""
MIB: Final = 1024 * 1024
NEW_ROWS: Final = "SELECT {columns} FROM {table} WHERE xmin::text::bigint >= {since}"
COLUMN_QUERY: Final = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
    ORDER BY ordinal_position
"""


@dataclass(frozen=True)
class Usage:
    """Processor and wall seconds for a number of rows."""

    rows: int
    own: float
    database: float
    wall: float


@dataclass(frozen=True)
class TableFile:
    """New rows of a table in a COPY file."""

    table: str
    columns: str
    path: Path


def run(
    owner_url: str,
    twin_url: str,
    sizes: Sequence[int],
    path: Path,
    read_body: ReadBody,
    run_jobs: Callable[[], None],
) -> list[Figure]:
    """Import files in turns with COPY into a twin database; then run the jobs that follow.

    `sizes` are the rows of the files; bodies are read as HTTP does.
    """
    imported, copied = list[Usage](), list[Usage]()
    with (
        tempfile.TemporaryDirectory() as folder,
        _connect(owner_url) as here,
        _connect(twin_url) as twin,
    ):
        with ProcessPoolExecutor(1, get_context("fork")) as pool:  # the guns are no memory of ours
            written = pool.submit(_write_files, Path(folder), [WARM_UP_ROWS, *sizes])
        first, *files = written.result()
        _import_file(first, read_body)
        run_jobs()
        for file in files:
            since = _scalar(here, "SELECT pg_current_xact_id()::text::bigint")
            spent, peak = _import_file(file, read_body)
            imported.append(spent)
            copied.append(_copy_rows(twin, _export_new_rows(here, since, Path(folder)), spent.rows))
            memory = f"peak of memory {peak / MIB:.0f} MiB"
            print(f"{spent.rows:,} rows: {_speed([spent], copied[-1:])}, {memory}", flush=True)
        seconds = -time.perf_counter()
        run_jobs()
        seconds += time.perf_counter()
    figures = [
        _row_figure("bare COPY, each row", copied, copied),
        _row_figure("import, each row", imported, copied),
    ]
    harness.write_figures(f"Import of {sum(sizes):,} sales", figures, path)
    print(_speed(imported, copied))
    whole = sum(usage.wall for usage in imported)
    print(f"jobs that follow: {seconds:.0f} s, {seconds / whole:.2f} times as long as the import")
    return figures


def _write_files(folder: Path, sizes: Sequence[int]) -> list[Path]:
    db.engine.dispose(close=False)  # connections are those of the parent
    guns, files, first = make_guns(sum(sizes) + 100, random.Random(SEED)), list[Path](), 0
    for size in sizes:
        file = folder / f"from-{first}.csv"
        files.append(_write_file(file, guns[first : first + size], first))
        first += size
    return files


def _write_file(path: Path, some: Sequence[Gun], first: int) -> Path:
    draw = random.Random(first)
    with path.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, shipped_profiles()[PROFILE].used_columns(), restval="")
        writer.writeheader()
        for at, gun in enumerate(some, first):
            description = describe_gun(gun)
            sold = date(2010, 1, 1) + timedelta(draw.randrange(4_000))
            writer.writerow(
                {
                    "source_dataset": "bench",
                    "source_row": str(at),
                    "sale_date": sold.isoformat(),
                    "purchase_date": sold.isoformat(),
                    "manufacturer_name": description.make,
                    "firearm_serial": description.serial,
                    "firearm_caliber": description.calibre,
                    "dealer_name": f"Dealer {draw.randrange(500)}",
                    "dealer_city": "Town",
                    "dealer_state": "VT",
                }
            )
    return path


def _import_file(file: Path, read_body: ReadBody) -> tuple[Usage, int]:
    """Import a file; return its usage and the peak of memory."""
    profile = replace(shipped_profiles()[PROFILE], least=1)
    actor, reports = operator(STATE), list[Judgement]()

    def import_file() -> None:
        data = ImportData(profile.name, to_data(profile), file.name, file_digest(file))
        with transaction(actor):
            run_id = imports.begin_run(actor=actor, data=data)
        reports.append(Import(profile, lambda: file, actor, read_body).load(run_id))

    with file.open() as lines, _memory_peak() as peak:
        usage = _measure(sum(1 for _ in lines) - 1, import_file)
    [report] = reports
    assert report.counts["created"] == usage.rows, report.top_problems()
    return usage, peak()


def _measure(rows: int, act: Callable[[], None]) -> Usage:
    """Return the processor time of an act in this process, those it starts, and the database."""
    pids, own = database_pids(), _own_seconds()
    database, wall = harness.exact_cpu_seconds(pids), time.perf_counter()
    act()
    wall = time.perf_counter() - wall
    own, database = _own_seconds() - own, harness.exact_cpu_seconds(pids) - database
    return Usage(rows, own, database, wall)


def _own_seconds() -> float:
    """Return the processor seconds of this process, and of those it started that ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


@contextmanager
def _memory_peak() -> Iterator[Callable[[], int]]:
    """Sample the memory every 20 ms; give a function of the peak."""
    peak, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            peak.append(max(peak.pop(), _memory_bytes()))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: peak[0]
    finally:
        ended.set()
        watcher.join()


def _memory_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@contextmanager
def _connect(url: str) -> Iterator[Any]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(plain)) as opened:
        yield opened


def _scalar(connection: Any, statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        [value] = cursor.fetchone()
    connection.commit()
    return int(value)


def _export_new_rows(connection: Any, since: int, folder: Path) -> list[TableFile]:
    """Export rows newer than a transaction, in foreign key order."""
    parts = []
    with connection.cursor() as cursor:
        for table in Base.metadata.sorted_tables:
            cursor.execute(COLUMN_QUERY, (table.name,))
            columns = ", ".join(f'"{name}"' for (name,) in cursor.fetchall())
            part = TableFile(table.name, columns, folder / f"{table.name}.copy")
            new = NEW_ROWS.format(columns=columns, table=table.name, since=since)
            with part.path.open("wb") as opened:
                cursor.copy_expert(f"COPY ({new}) TO STDOUT", opened)
            if part.path.stat().st_size:
                parts.append(part)
    connection.commit()
    return parts


def _copy_rows(connection: Any, parts: Sequence[TableFile], rows: int) -> Usage:
    """Copy the files in one transaction; return the usage."""
    pids = [_scalar(connection, "SELECT pg_backend_pid()")]
    before, database, wall = (
        time.process_time(),
        harness.exact_cpu_seconds(pids),
        time.perf_counter(),
    )
    with connection.cursor() as cursor:
        for part in parts:
            with part.path.open("rb") as opened:
                cursor.copy_expert(f"COPY {part.table} ({part.columns}) FROM STDIN", opened)
            part.path.unlink()
    connection.commit()
    wall = time.perf_counter() - wall
    own, database = time.process_time() - before, harness.exact_cpu_seconds(pids) - database
    return Usage(rows, own, database, wall)


def _row_figure(name: str, some: Sequence[Usage], base: Sequence[Usage]) -> Figure:
    rows = sum(usage.rows for usage in some)
    own, theirs, wall = (
        sum(getattr(usage, part) for usage in some) / rows * 1e6
        for part in ("own", "database", "wall")
    )
    first = (
        sum(usage.own + usage.database for usage in base) / sum(usage.rows for usage in base) * 1e6
    )
    return Figure(
        name, round(own, 1), round(theirs, 1), round(wall, 1), round((own + theirs) / first, 2)
    )


def _speed(imported: Sequence[Usage], copied: Sequence[Usage]) -> str:
    fast, slow = (
        sum(usage.rows for usage in some) / sum(usage.wall for usage in some)
        for some in (copied, imported)
    )
    cpu = [sum(usage.own + usage.database for usage in some) for some in (copied, imported)]
    return (
        f"import {slow:,.0f} rows/s, COPY {fast:,.0f} rows/s: {slow / fast:.0%} by the clock,"
        f" {cpu[0] / cpu[1]:.0%} by processor time"
    )
