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
from importers.pipeline import Progress
from importers.rows import ImportReport, Reject
from importers.us_crime_guns_compare import RESULT_CLASSES, Comparison
from salsa_ext.access.rules import operator
from salsa_ext.administration import installation
from salsa_ext.core.errors import ImportRejected
from salsa_ext.reference.names import require_participant

SHOWN = 20


def _writable(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a file that cannot be written before hours of work go into what it would hold."""
    if path is not None:
        try:
            path.open("a").close()
        except OSError as error:
            reason = f"{path} cannot be written: {error.strerror}"
            raise click.BadParameter(reason, context, option) from None
    return path


file_argument = click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
dry_run_option = click.option("--dry-run", is_flag=True, help="Judge every row and take none.")
rejects_option = click.option(
    "--rejects",
    "rejects_file",
    metavar="FILE",
    help="Write every rejected row to a CSV.",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_writable,
)


@click.group("import")
def import_() -> None:
    """Take files into the records of a state.

    A document that is there already stays as it is, so the same file may come twice.
    """


@import_.command("us-crime-guns")
@file_argument
@click.option(
    "--state",
    default="USA",
    show_default=True,
    metavar="ISO",
    type=STATE,
    help="Whose records these become.",
)
@dry_run_option
@rejects_option
@click.option(
    "--compare",
    is_flag=True,
    help="Then trace every gun whose days from sale to crime"
    " are published, and show how many agree. The traces stay.",
)
@explained
def us_crime_guns_(
    path: Path, state: str, dry_run: bool, rejects_file: Path | None, compare: bool
) -> None:
    """Take crime guns of the United States: each row's sale and seizure.

    \b
    Example:
      salsa import us-crime-guns events.csv --dry-run --rejects rejects.csv
      salsa import us-crime-guns events.csv --compare
    """
    if dry_run and compare:
        raise click.UsageError("--compare traces what was taken, and --dry-run takes nothing.")
    with application(), _rejects_kept(rejects_file):
        actor = operator(state, vault=current_vault())
        with transaction(actor):
            require_participant(state)
        with _bar("Rows") as progress:
            report = us_crime_guns.import_file(path, actor, dry_run, progress)
        if not dry_run:
            with transaction(actor):
                installation.ensure_declared(actor=actor)
        _show(report, dry_run, rejects_file)
        if compare:
            with _bar("Traces") as progress:
                found = us_crime_guns_compare.compare_traces(path, actor, progress)
            _show_agreement(found)


@contextmanager
def _bar(label: str) -> Iterator[Progress]:
    with click.progressbar(length=1, label=f"{label:<8}", width=30) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show


@contextmanager
def _rejects_kept(rejects_file: Path | None) -> Iterator[None]:
    """Show the rejects of a file that is refused as a whole, too: they say what is wrong."""
    try:
        yield
    except ImportRejected as error:
        _show_rejects(error.details["rejects"], rejects_file)
        raise


def _show(report: ImportReport, dry_run: bool, rejects_file: Path | None) -> None:
    verb = "to be taken" if dry_run else "taken"
    click.echo(f"{'rows read':<16}{report.rows_read:>7}")
    for kind in sorted({*report.taken, *report.known}):
        there = f", {report.known[kind]} there already" if report.known[kind] else ""
        click.echo(f"{kind:<16}{report.taken[kind]:>7} {verb}{there}")
    click.echo(f"{'rows rejected':<16}{len(report.rejects):>7}")
    _show_rejects(report.rejects, rejects_file)


def _show_rejects(rejects: Sequence[Reject], rejects_file: Path | None) -> None:
    for reject in rejects[:SHOWN]:
        click.echo(f"  row {reject.row:<7} {reject.reason}")
    if rejects_file is not None:
        _write_rejects(rejects, rejects_file)
        click.echo(f"  all of them are in {rejects_file}")
    elif len(rejects) > SHOWN:
        click.echo(f"  and {len(rejects) - SHOWN} more; --rejects FILE writes all")


def _write_rejects(rejects: Sequence[Reject], rejects_file: Path) -> None:
    with rejects_file.open("w", encoding="utf-8-sig", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(Reject._fields)
        writer.writerows([escape_formula(cell) for cell in reject] for reject in rejects)


def _show_agreement(found: Sequence[Comparison]) -> None:
    rows: dict[str, list[Any]] = {}
    for one in found:
        rows.setdefault(one.kind, []).append(one.case.row)
    click.echo(f"\nTraces against the published days from sale to crime: {len(found)} rows")
    for kind in (kind for kind in RESULT_CLASSES if kind in rows):
        click.echo(f"  {len(rows[kind]):>5}  {kind:<24} {RESULT_CLASSES[kind]}")
        if kind != "agrees":
            click.echo(f"         rows {', '.join(map(str, rows[kind]))}")
