"""Seizures of a state, and the marks that a laboratory adds, from the server's own machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import IO, Any

import click

from api.cli.bodies import file_option, instead_option, read_body, taken
from api.cli.context import acting, explained, recording
from api.cli.described import (
    day_option,
    given,
    gun_of,
    gun_options,
    place_of,
    place_options,
    sharing_options,
)
from api.cli.documents import chosen, print_document
from api.cli.options import AGENCY, MOST_LINE, STATE, Line, own_state_option
from api.cli.printing import (
    echo_json,
    echo_page,
    echo_remarks,
    echo_table,
    json_option,
    limit_option,
)
from api.cli.readers import officer_option, reader_options, reading_as
from api.resources.seizures import matched
from api.schemas.seizures import (
    SeizureCorrection,
    SeizureMatchedResponse,
    SeizureRequest,
    SeizureResponse,
)
from api.vault import vault
from salsa_ext.readmodels import documents
from salsa_ext.readmodels.documents import SEIZURES, DocumentView
from salsa_ext.services import marks, seizures
from salsa_ext.services.matches import ItemMatches, Matched
from salsa_ext.values.codes import (
    CRIME_CONTEXTS,
    LEGAL_GROUNDS,
    MARK_KINDS,
    MARK_METHODS,
    MARKINGS,
    SEIZURE_KINDS,
)
from salsa_ext.values.firearms import Mark

number_argument = click.argument("number", type=Line(100))


@click.group()
def seizure() -> None:
    """Record, list and show seizures, and add the marks that a laboratory found or restored.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@seizure.command("list")
@own_state_option
@click.option("--kind", type=click.Choice(SEIZURE_KINDS))
@click.option("--number", type=Line(100))
@limit_option
@json_option
@explained
def list_all(state: str, limit: int, as_json: bool, **filters: Any) -> None:
    """List the seizures of a state, newest first.

    \b
    Example:
      salsa seizure list --state BRA --kind found --limit 20
    """
    with acting(state) as actor:
        page = documents.list_documents(actor, SEIZURES, filters, limit, None)
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
        view = chosen(actor, SEIZURES, number)
        if as_json:
            echo_json(SeizureResponse(), view)
        else:
            print_document("seizure", view)


@seizure.command()
@own_state_option
@click.option("--kind", type=click.Choice(SEIZURE_KINDS))
@click.option("--agency", type=AGENCY, help="Which agency of the state.")
@day_option("--occurred-on", "The day, there.")
@place_options
@click.option("--legal-ground", "legal_grounds", multiple=True, type=click.Choice(LEGAL_GROUNDS),
              help="Once for each.")  # fmt: skip
@click.option("--crime-context", multiple=True, type=click.Choice(CRIME_CONTEXTS),
              help="Once for each.")  # fmt: skip
@gun_options
@sharing_options
@instead_option
@officer_option
@json_option
@click.argument("number", type=Line(100), required=False)
@explained
def record(
    state: str, file: IO[bytes] | None, officer: str | None, as_json: bool, **said: Any
) -> None:
    """Record a seizure of one gun by options, or any by a file, and say at once what it matches.

    The file is what POST /api/v1/seizures takes.

    \b
    Examples:
      salsa seizure record --state BRA --kind seized --agency BRA-POLICE --occurred-on 2026-03-01 \\
        --place "Foz do Iguaçu" --legal-ground possession --crime-context drug_trafficking \\
        --serial TKA5238I --make Taurus --type pistol --calibre 9x19 S-1
      salsa seizure record --state BRA --file seizure.json
    """
    with recording(state) as operator:
        data = taken(file, _body(state, said), SeizureRequest())
        actor = replace(operator, agency=data.agency, officer=officer)
        _told(matched(actor, data, seizures.record(actor=actor, data=data)), as_json=as_json)


@seizure.command()
@own_state_option
@file_option
@officer_option
@json_option
@number_argument
@explained
def correct(state: str, file: IO[bytes], officer: str | None, as_json: bool, number: str) -> None:
    """Say a seizure anew, with all its items and the reason; drafts of traces follow it.

    The file is what POST /api/v1/seizures/…/correct takes.

    \b
    Example:
      salsa seizure correct --state BRA --file corrected.json S-1
    """
    with acting(state) as operator:
        data, reason = read_body(file, SeizureCorrection())
        actor = replace(operator, agency=data.agency, officer=officer)
        old = chosen(actor, SEIZURES, number)
        seizures.correct(
            actor=actor,
            vault=vault(),
            seizure_id=old.document.id,
            seen=old.version,
            data=data,
            reason=reason,
        )
        _told(matched(actor, data, old.document.id), as_json=as_json)


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
        seizure_id = chosen(actor, SEIZURES, number).document.id
        found = marks.add(
            actor=actor, vault=vault(), seizure_id=seizure_id, line=line, mark=said, reason=reason
        )
        view = documents.read(SEIZURES, seizure_id)
        if as_json:
            echo_json(SeizureMatchedResponse(), Matched(view, found))
        else:
            print_document("seizure", view)
            _print_matches(found)


def _body(state: str, said: dict[str, Any]) -> dict[str, Any]:
    """Return the body that options make: a seizure of one gun, in the own state."""
    gun, place = gun_of(said), place_of(state, said)
    items = [{"line": 1} | gun] if gun else []
    return given(said | {"place": place, "items": items})


def _told(answer: Matched, *, as_json: bool) -> None:
    if as_json:
        echo_json(SeizureMatchedResponse(), answer)
    else:
        print_document("seizure", answer.view)
        _print_matches(answer.matches)
        echo_remarks(answer.view.remarks or ())


def _row(view: DocumentView) -> tuple[Any, ...]:
    row = view.document
    return row.id, row.number, row.kind, row.occurred_on, row.agency, len(view.items)


def _print_matches(found: Sequence[ItemMatches]) -> None:
    candidates = [candidate for item in found for candidate in item.candidates]
    click.echo(f"matches: {len(candidates) or 'none'}")
    echo_table([
        (hit.held.state, hit.held.record_id, hit.evidence.strength) for hit in candidates
    ], "  ")  # fmt: skip
    if more := sum(item.more for item in found):
        click.echo(f"  {more} more fit less well: salsa check --all lists them")
    if later := sum(item.is_later for item in found):
        click.echo(f"  {later} more items are matched right afterwards: salsa match list")
