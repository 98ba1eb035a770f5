"""Measure, against a named peer, in one run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from flask import Flask

from api import running
from api.app import create_app
from api.cli.context import explained
from api.cli.db import owner_url
from salsa_ext.config import Config
from salsa_ext.services import database


@click.group()
def bench() -> None:
    """Measure, as ratios in one run on a database of its own."""


@bench.command()
@click.option("--marks", default=100_000, show_default=True, type=click.IntRange(1),
              help="How many marks are held.")  # fmt: skip
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(1),
              help="Rounds of 100 operations each.")  # fmt: skip
@explained
def checks(marks: int, rounds: int) -> None:
    """Check an exact serial over HTTP, beside a bare view that does the least.

    \b
    Example:
      salsa bench checks --marks 1000000
    """
    from benchmarks import checks as benchmark

    with _apart() as (app, _), click.progressbar(length=marks, label="filling") as bar:
        benchmark.run(app, marks, rounds, _result("checks"), bar.update)


@bench.command()
@click.option("--marks", default=1_000_000, show_default=True, type=click.IntRange(1_000),
              help="How many marks are held.")  # fmt: skip
@click.option("--queries", default=2_600, show_default=True, type=click.IntRange(13),
              help="How many queries; half of them have no true record.")  # fmt: skip
@click.option("--families", type=click.IntRange(1),
              help="So many families for each maker, which fill up, in place of growing ones.")  # fmt: skip
@explained
def search(marks: int, queries: int, families: int | None) -> None:
    """Search misread marks, beside trigrams, all distances, a full-text index and an oracle.

    \b
    Example:
      salsa bench search --marks 10000000
    """
    try:
        from benchmarks import search as benchmark
    except ImportError as error:
        raise click.ClickException(
            f"{error}: install what the tests need, it is measured against"
        ) from error

    with _apart() as (_, owner), click.progressbar(length=marks, label="filling") as bar:
        benchmark.run(owner, marks, queries, _result("search"), bar.update, families)


@bench.command()
@click.option("--data", required=True, metavar="FOLDER", help="The register of sales and its cleaned twin.",
              type=click.Path(exists=True, file_okay=False, path_type=Path))  # fmt: skip
@click.option("--examples", default=4, show_default=True, type=click.IntRange(0),
              help="Examples of each class.")  # fmt: skip
@explained
def names(data: Path, examples: int) -> None:
    """Read the makes and calibres of a published register, beside what is known to be right.

    \b
    Example:
      salsa bench names --data ../shared/data/us_handgun_sales
    """
    from benchmarks import names as benchmark

    with _apart():
        benchmark.run(data, examples)


def _result(name: str) -> Path:
    return Config.from_env().home / "bench" / f"{name}.json"


@contextmanager
def _apart() -> Iterator[tuple[Flask, str]]:
    """Give an application with an empty database of its own, and the owner's URL of it."""
    config = Config.from_env()
    with tempfile.TemporaryDirectory(prefix="salsa-bench-") as home:
        apart = replace(config, home=Path(home), database_url=None, migration_url=None)
        with running.database(apart) as started:
            database.upgrade(owner_url(started))
            app = create_app(started)
            with app.app_context():
                yield app, owner_url(started)
