"""Figures of a state over HTTP, compared with DuckDB counting the same records."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb
from flask import Flask
from sqlalchemy import create_engine

from benchmarks import harness
from benchmarks.harness import Client, make_client
from benchmarks.marks import vacuum
from salsa_ext.custody.figures import SEIZURES
from salsa_ext.database.session import db
from salsa_ext.reference import names
from salsa_ext.statistics.dataset_types import Dimension

YEARS: Final = range(2016, 2026)
MAX_VALUES: Final = 20
FREE_VALUES: Final = tuple(f"value {number}" for number in range(MAX_VALUES))
"""Values of dimensions without a list, such as provinces."""
TABLES: Final = (
    ("class, by year", ("class",), "year"),
    ("calibre and class, by year", ("class", "calibre"), "year"),
    ("kind, by month", ("kind",), "month"),
)
"""What is read: of all ten years, by the dimensions."""


def run(app: Flask, owner_url: str, records: int, rounds: int, path: Path) -> None:
    """Fill the sums of so many records, check that both ways count the same, and measure."""
    with closing(duckdb.connect()) as connection:
        connection.execute("SET enable_progress_bar = false")
        _draw_records(connection, records)
        db.session.remove()  # an idle transaction is ended before the sums are filled
        sums = _fill_sums(connection, owner_url)
        vacuum(owner_url, "ANALYZE")
        client = make_client(app, "BRA", "police_officer", "police")
        ways: dict[str, Callable[[], Any]] = {}
        for name, by, grain in TABLES:
            count = partial(_count, connection, by, grain)
            read = partial(_read, client, by, grain)
            assert count() == read(), name
            ways |= {f"DuckDB: {name}": count, f"service: {name}": read}
        figures = harness.measure_in_turns(ways, harness.database_pids, rounds, 5)
    harness.write_figures(f"Figures of {records:,} records in {sums:,} sums", figures, path)


def _draw_records(connection: duckdb.DuckDBPyConnection, records: int) -> None:
    """Draw records of all states by lot, the first values of each dimension most often."""
    connection.execute("SELECT setseed(0.5)")
    columns = [f"{_draw(names.participants())} AS state"]
    columns += [f"{_draw(_values(each))} AS {each.code}" for each in SEIZURES.dimensions.values()]
    months = len(YEARS) * 12
    connection.execute(
        f"CREATE TABLE record AS SELECT {', '.join(columns)},"  # noqa: S608 - codes of ours
        f" date '{YEARS[0]}-01-01' + to_months((random() * {months})::int % {months}) AS period"
        f" FROM range({records})"
    )


def _draw(values: Sequence[str]) -> str:
    return f"({list(values)!r})[1 + (pow(random(), 16) * {len(values) - 1})::int]"


def _values(dimension: Dimension) -> Sequence[str]:
    return (dimension.values() or FREE_VALUES)[:MAX_VALUES]


def _fill_sums(connection: duckdb.DuckDBPyConnection, owner_url: str) -> int:
    """Copy the sums of the records into those of the service; return how many there are."""
    base = ", '|', ".join(each.code for each in SEIZURES.base)
    engine, sums = create_engine(owner_url), 0
    with tempfile.NamedTemporaryFile(suffix=".csv") as file, engine.begin() as target:
        cursor = target.connection.cursor()
        for dimension, value in [("", "''"), *((each.code, each.code) for each in SEIZURES.finer)]:
            connection.execute(
                f"COPY (SELECT '{SEIZURES.code}', state, '', concat({base}), period::date,"  # noqa: S608
                f" '{dimension}', {value} AS value, count(*) FROM record GROUP BY ALL)"
                f" TO '{file.name}' (HEADER false, FORCE_QUOTE *)"
            )
            with Path(file.name).open("rb") as lines:
                cursor.copy_expert(  # type: ignore[attr-defined]
                    "COPY rollup (dataset, state, partner, subject, period, dimension, value, amount)"
                    " FROM STDIN (FORMAT csv)",
                    lines,
                )
            sums += cursor.rowcount
        cursor.execute(
            "INSERT INTO yearly_rollup SELECT dataset, state, partner, subject,"
            " date_trunc('year', period), dimension, value, sum(amount) FROM rollup"
            " GROUP BY 1, 2, 3, 4, 5, 6, 7"
        )
    engine.dispose()
    return sums


def _count(
    connection: duckdb.DuckDBPyConnection, by: Sequence[str], grain: str
) -> set[tuple[Any, ...]]:
    rows = connection.execute(
        f"SELECT date_trunc('{grain}', period)::date::text, {', '.join(by)}, count(*)"  # noqa: S608
        " FROM record WHERE state = 'BRA' GROUP BY ALL"
    ).fetchall()
    length = 4 if grain == "year" else 7
    return {(period[:length], *values) for period, *values in rows}


def _read(client: Client, by: Sequence[str], grain: str) -> set[tuple[Any, ...]]:
    table = client.get(f"/statistics/seizures?state=BRA&by={','.join(by)}&grain={grain}")
    return {
        (each["period"], *(each["values"][code] for code in by), each["amount"])
        for each in table["cells"]
    }
