"""Seizures of a state, and the marks that a laboratory adds, from the server's own machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from api.cli.context import acting, explained
from api.cli.options import MOST_LINE, STATE, Line, own_state_option
from api.cli.printing import echo_json, echo_page, echo_table, json_option, limit_option
from api.cli.readers import reader_options, reading_as
from api.schemas.seizures import SeizureMatchedResponse, SeizureResponse
from api.vault import vault
from salsa_ext.errors import NotFound
from salsa_ext.readmodels import documents
from salsa_ext.readmodels.documents import SEIZURES, DocumentView
from salsa_ext.services import marks
from salsa_ext.services.matches import ItemMatches, Matched
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import MARK_KINDS, MARK_METHODS, MARKINGS
from salsa_ext.values.firearms import Mark

number_argument = click.argument("number", type=Line(100))


@click.group()
def seizure() -> None:
    """List and show seizures, and add the marks that a laboratory found or restored."""


@seizure.command("list")
@own_state_option
@limit_option
@json_option
@explained
def list_all(state: str, limit: int, as_json: bool) -> None:
    """List the seizures of a state, newest first.

    \b
    Example:
      salsa seizure list --state BRA --limit 20
    """
    with acting(state) as actor:
        page = documents.list_documents(actor, SEIZURES, {}, limit, None)
        echo_page(SeizureResponse(), page, _row, as_json=as_json)


@seizure.command()
@own_state_option
@json_option
@number_argument
@explained
def show(state: str, as_json: bool, number: str) -> None:
    """Show a seizure with the marks of its items, how each was read and by whom.

    \b
    Example:
      salsa seizure show --state BRA S-1
    """
    with acting(state) as actor:
        view = _chosen(actor, number)
        if as_json:
            echo_json(SeizureResponse(), view)
        else:
            _print(view)


@seizure.command()
@own_state_option
@click.option("--line", required=True, type=click.IntRange(1, MOST_LINE), help="Which item.")
@click.option("--kind", required=True, type=click.Choice(MARK_KINDS))
@click.option("--method", required=True, type=click.Choice(MARK_METHODS))
@click.option("--condition", type=click.Choice(MARKINGS),
              help="Else `restored`, where the method is not visual.")  # fmt: skip
@click.option("--location", type=Line(100), help="Where on the gun, such as frame.")
@click.option("--of", "of_state", metavar="ISO", type=STATE, help="The state that it names.")
@click.option("--year", type=click.IntRange(1400, 2200), help="The year that it names.")
@click.option("--reason", required=True, type=Line(500), help="Why it is added.")
@reader_options
@json_option
@number_argument
@click.argument("text", type=Line(100))
@explained
def mark(
    state: str, line: int, kind: str, method: str, condition: str | None, location: str | None,
    of_state: str | None, year: int | None, reason: str, agency: str, officer: str | None,
    as_json: bool, number: str, text: str,
) -> None:  # fmt: skip
    """Add a mark to an item of a seizure, and say at once what the gun now matches.

    In TEXT, `?` is a glyph that cannot be read, `*` several, `[8B]` one of two.

    \b
    Example:
      salsa seizure mark --state BRA --agency BRA-FORENSIC --line 1 --kind manufacture \\
        --method chemical --location frame --reason "Report L-12/2026" S-1 ABC123456
    """
    default = "restored" if method != "visual" else None
    said = Mark(kind, text, of_state, year, location, condition or default, method)
    with acting(state) as operator:
        actor = reading_as(operator, agency, officer)
        seizure_id = _chosen(actor, number).document.id
        found = marks.add(
            actor=actor, vault=vault(), seizure_id=seizure_id, line=line, mark=said, reason=reason
        )
        view = documents.read(SEIZURES, seizure_id)
        if as_json:
            echo_json(SeizureMatchedResponse(), Matched(view, found))
        else:
            _print(view)
            _print_matches(found)


def _chosen(actor: Actor, number: str) -> DocumentView:
    page = documents.list_documents(actor, SEIZURES, {"number": number}, 1, None)
    if not page.items:
        raise NotFound("seizure", number)
    return page.items[0]


def _row(view: DocumentView) -> tuple[Any, ...]:
    row = view.document
    return row.id, row.number, row.kind, row.occurred_on, row.agency, len(view.items)


def _print(view: DocumentView) -> None:
    row = view.document
    echo_table([("seizure", f"{row.number}, version {row.version}"), ("id", row.id)])
    for item in view.items:
        gun = item.record
        said = " ".join(filter(None, (gun.make_text, gun.model, gun.calibre_text)))
        click.echo(f"line {gun.line}: {said or gun.category}, marking {gun.marking}")
        echo_table([("record", gun.id), ("serial", gun.serial)], "  ")
        echo_table([_mark(each) for each in item.marks], "  ")


def _mark(mark: Any) -> tuple[Any, ...]:
    by = mark.reader
    who = f"{by.agency} {by.officer or ''} {by.at:%Y-%m-%d}" if by else ""
    return mark.text, mark.kind, mark.location, mark.condition, mark.method, who


def _print_matches(found: Sequence[ItemMatches]) -> None:
    candidates = [candidate for item in found for candidate in item.candidates]
    click.echo(f"matches: {len(candidates) or 'none'}")
    echo_table([
        (hit.held.state, hit.held.record_id, hit.evidence.strength) for hit in candidates
    ], "  ")  # fmt: skip
    if later := sum(item.is_later for item in found):
        click.echo(f"  {later} more items are matched right afterwards: salsa match list")
