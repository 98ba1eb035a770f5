"""Checks from the server's own machine: one serial, or a file of guns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from api import batches
from api.batches import Judged
from api.cli.check_tables import (
    COLUMNS,
    HEAD,
    cells_of,
    noted_in,
    print_answer,
    row_of,
    tell_counts,
)
from api.cli.context import application, explained
from api.cli.options import STATE, Line
from api.cli.printing import echo_json, echo_table, json_option
from api.manifests import kind_of
from api.rows import columns_of
from api.schemas.checks import CheckedGunRequest, CheckResponse, judge
from api.transaction import transaction
from salsa_ext.errors import Invalid
from salsa_ext.policy.rules import operator
from salsa_ext.readmodels.states import require_participant
from salsa_ext.services.checks import Answer
from salsa_ext.services.fields import MOST_NAMED
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.codes import PURPOSES
from salsa_ext.values.inquiries import BatchData

FIELDS = ("make", "model", "calibre", "type", "country", "year", "near", "every")
Told = tuple[Judged, Answer | Invalid]


@click.command()
@click.option("--state", required=True, metavar="ISO", type=STATE, envvar="SALSA_STATE",
              help="Who asks, three letters such as PRY; or set SALSA_STATE.")  # fmt: skip
@click.option("--case", "case_number", type=Line(100), help="The case number.")
@click.option("--incident", type=Line(100), help="Instead, for --purpose street and border.")
@click.option("--purpose", type=click.Choice(PURPOSES), default="investigation", show_default=True)
@click.option("--make")
@click.option("--model")
@click.option("--calibre")
@click.option("--type")
@click.option("--country", help="Of manufacture, three letters.")
@click.option("--year", type=int, help="Of manufacture.")
@click.option("--near", is_flag=True, default=None,
              help="Look for near marks too where a record agrees in all.")  # fmt: skip
@click.option("--all", "every", is_flag=True, default=None,
              help="List all records that fit, and not the likeliest alone.")  # fmt: skip
@click.option("--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Up to 10,000 guns: a CSV whose first row names the columns that it has, or NDJSON with an"
                   f" object on each line. Columns: {', '.join(columns_of(CheckedGunRequest()))}.")  # fmt: skip
@click.option("--answers", "written", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the answer to each gun of the file to a CSV.")  # fmt: skip
@json_option
@click.argument("serial", required=False)
@explained
def check(
    state: str, case_number: str | None, incident: str | None, purpose: str, path: Path | None,
    written: Path | None, as_json: bool, serial: str | None, **said: Any,
) -> None:  # fmt: skip
    """Ask whether a serial is known to any state, or each of those in a file.

    Write ? for a character that cannot be read, * for a run of them, [8B] for one of two. Every
    check is written down, with its case, for the asking state and for those whose records it hits.

    \b
    Examples:
      salsa check --state PRY --case C-17 --make Taurus --calibre 9x19 "ABC12345"
      salsa check --state PRY --case C-17 --file guns.csv --answers answers.csv

    \b
    guns.csv:
      serial,make,calibre
      ABC12345,Taurus,9x19
      TKA5?381,,
    """
    fields = {name: said[name] for name in FIELDS if said[name] is not None}
    if bool(path) == bool(serial) or (path and (fields or as_json)) or (written and not path):
        raise click.UsageError("Give a serial with what else is known of the gun, or --file with"
                               " --answers where they are wanted; a table is no JSON.")  # fmt: skip
    why = Purpose(purpose, case_number, incident)
    with _asking(state) as actor:
        if path:
            _check_file(actor, why, path, written)
        else:
            _check_one(actor, why, {"serial": serial} | fields, as_json)


@contextmanager
def _asking(state: str) -> Iterator[Actor]:
    """Give the operator of a state; each part of a file is a transaction of its own."""
    actor = operator(state)
    with application():
        with transaction(actor):
            require_participant(state)
        yield actor


def _check_one(actor: Actor, why: Purpose, gun: dict[str, Any], as_json: bool) -> None:
    with transaction(actor):
        [answer] = batches.ask(actor, why, [(1, judge(gun, CheckedGunRequest()))])
        if isinstance(answer, Invalid):
            raise answer
        if as_json:
            echo_json(CheckResponse(), answer)
        else:
            print_answer(answer)


def _check_file(actor: Actor, why: Purpose, path: Path, written: Path | None) -> None:
    """Print what is known of the guns of a file, and write every answer to another."""
    with path.open("rb") as file:
        items = batches.take(file, kind_of(path), CheckedGunRequest())
    with _writing(written) as write:
        rows, counts, remarks = [HEAD], dict[str, int](), list[tuple[int, str]]()
        with click.progressbar(length=len(items), label="Checking", width=30) as bar:
            for told in _told(actor, BatchData(why, items)):
                write([cells_of(*one) for one in told])
                remarks += noted_in(told)[: MOST_NAMED - len(remarks)]
                for one in told:
                    verdict, row = row_of(*one)
                    counts[verdict] = counts.get(verdict, 0) + 1
                    rows += [row] if row else []
                bar.update(len(told))
    echo_table(rows if len(rows) > 1 else [])
    for line, noted in remarks:
        click.echo(f"line {line}, {noted}", err=True)
    tell_counts(counts)


def _told(actor: Actor, data: BatchData) -> Iterator[Sequence[Told]]:
    for part in batches.parts_of(data):
        with transaction(actor):
            yield list(zip(part, batches.ask(actor, data.purpose, part), strict=True))


@contextmanager
def _writing(path: Path | None) -> Iterator[Any]:
    """Give what writes rows to a CSV, or passes them over; raises where it cannot be written."""
    if path is None:
        yield lambda rows: None
        return
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            yield writer.writerows
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
