"""Measure, against a named peer, in one run."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import click

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

    config = Config.from_env()
    with tempfile.TemporaryDirectory(prefix="salsa-bench-") as home:
        apart = replace(config, home=Path(home), database_url=None, migration_url=None)
        with running.database(apart) as started:
            database.upgrade(owner_url(started))
            app = create_app(started)
            with app.app_context(), click.progressbar(length=marks, label="filling") as bar:
                benchmark.run(app, marks, rounds, config.home / "bench" / "checks.json", bar.update)
