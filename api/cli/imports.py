"""Take files into the records of a state."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from api.cli.context import STATE, application, explained
from api.http.context import current_vault, transaction
from api.http.tables import escape_formula
from importers import us_crime_guns, us_crime_guns_compare
from importers.pipeline import Importer, Progress, run_import
from importers.rows import ImportReport, Reject
from importers.us_crime_guns_compare import RESULT_CLASSES, Comparison
from salsa_ext.access.rules import operator
from salsa_ext.administration import installation
from salsa_ext.core.errors import ImportRejected
from salsa_ext.reference.names import require_participant

MAX_PRINTED = 20
IMPORTERS = (us_crime_guns.IMPORTER,)
"""Each has a command, named after its source."""


def _writable(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a file that cannot be written before hours of work go into what it would hold."""
    if path is not None:
        try:
            path.open("a").close()
        except OSError as error:
            reason = f"{path} cannot be written: {error.strerror}"
            raise click.BadParameter(reason, context, option) from None
    return path


@click.group("import")
def import_() -> None:
    """Take files into the records of a state.

    A document that is there already stays as it is, so the same file may come twice.
    """


def importer_command(importer: Importer) -> click.Command:
    """Return the command that takes files of one source."""
    name = importer.source.replace("_", "-")
    example = f"salsa import {name} events.csv --dry-run --rejects rejects.csv"

    @click.command(name, help=f"{importer.help}\n\n\b\nExample:\n  {example}")
    @click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option(
        "--state",
        default=importer.state,
        show_default=True,
        metavar="ISO",
        type=STATE,
        help="Whose records these become.",
    )
    @click.option("--dry-run", is_flag=True, help="Judge every row and take none.")
    @click.option(
        "--rejects",
        "rejects_file",
        metavar="FILE",
        help="Write every rejected row to a CSV.",
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_writable,
    )
    @explained
    def command(
        path: Path, state: str, dry_run: bool, rejects_file: Path | None, compare: bool = False
    ) -> None:
        if dry_run and compare:
            raise click.UsageError("--compare traces what was taken, and --dry-run takes nothing.")
        with application(), _print_rejects_on_refusal(rejects_file):
            actor = operator(state, vault=current_vault())
            with transaction(actor):
                require_participant(state)
            with _bar("Rows") as progress:
                report = run_import(importer, path, actor, dry_run, progress)
            if not dry_run:
                with transaction(actor):
                    installation.ensure_declared(actor=actor)
            _show(report, dry_run, rejects_file)
            if compare:
                with _bar("Traces") as progress:
                    comparisons = us_crime_guns_compare.compare_traces(path, actor, progress)
                _show_agreement(comparisons)

    return command


compare_option = click.option(
    "--compare",
    is_flag=True,
    help="Then trace every gun whose days from sale to crime"
    " are published, and show how many agree. The traces stay.",
)
for each in IMPORTERS:
    import_.add_command(importer_command(each))
compare_option(import_.commands["us-crime-guns"])


@contextmanager
def _bar(label: str) -> Iterator[Progress]:
    with click.progressbar(length=1, label=f"{label:<8}", width=30) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show


@contextmanager
def _print_rejects_on_refusal(rejects_file: Path | None) -> Iterator[None]:
    """Show the rejects of a file that is refused as a whole, too: they say what is wrong."""
    try:
        yield
    except ImportRejected as error:
        _show_rejects(error.details["rejects"], rejects_file)
        raise


def _show(report: ImportReport, dry_run: bool, rejects_file: Path | None) -> None:
    verb = "to be taken" if dry_run else "taken"
    click.echo(f"{'rows read':<16}{report.rows_read:>7}")
    for kind in sorted({*report.imported, *report.known}):
        there = f", {report.known[kind]} there already" if report.known[kind] else ""
        click.echo(f"{kind:<16}{report.imported[kind]:>7} {verb}{there}")
    click.echo(f"{'rows rejected':<16}{len(report.rejects):>7}")
    _show_rejects(report.rejects, rejects_file)


def _show_rejects(rejects: Sequence[Reject], rejects_file: Path | None) -> None:
    for reject in rejects[:MAX_PRINTED]:
        click.echo(f"  row {reject.row:<7} {reject.reason}")
    if rejects_file is not None:
        _write_rejects(rejects, rejects_file)
        click.echo(f"  all of them are in {rejects_file}")
    elif len(rejects) > MAX_PRINTED:
        click.echo(f"  and {len(rejects) - MAX_PRINTED} more; --rejects FILE writes all")


def _write_rejects(rejects: Sequence[Reject], rejects_file: Path) -> None:
    with rejects_file.open("w", encoding="utf-8-sig", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(Reject._fields)
        writer.writerows([escape_formula(cell) for cell in reject] for reject in rejects)


def _show_agreement(comparisons: Sequence[Comparison]) -> None:
    rows: dict[str, list[Any]] = {}
    for comparison in comparisons:
        rows.setdefault(comparison.kind, []).append(comparison.case.row)
    click.echo(f"\nTraces against the published days from sale to crime: {len(comparisons)} rows")
    for kind in (kind for kind in RESULT_CLASSES if kind in rows):
        click.echo(f"  {len(rows[kind]):>5}  {kind:<24} {RESULT_CLASSES[kind]}")
        if kind != "agrees":
            click.echo(f"         rows {', '.join(map(str, rows[kind]))}")
