"""Matches of a state's records, from the server's own machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import click

from api.cli.context import acting, explained
from api.cli.options import STATE, Line, own_state_option
from api.cli.printing import echo_json, echo_page, echo_table, json_option, limit_option
from api.cli.readers import reader_options, reading_as
from api.i18n import translate
from api.schemas.matches import MatchResponse
from salsa_ext.models import Contact
from salsa_ext.readmodels import matches as reading
from salsa_ext.readmodels.matches import MatchView
from salsa_ext.services import match_decisions
from salsa_ext.values.codes import MATCH_STATUSES, MATCH_STRENGTHS
from salsa_ext.values.matches import Deciding

REASON = Line(500)
id_argument = click.argument("match_id", metavar="ID", type=click.UUID)


@click.group()
def match() -> None:
    """See which records of a state may be of one gun with others, and say what the state thinks.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@match.command("list")
@own_state_option
@click.option("--status", type=click.Choice(MATCH_STATUSES))
@click.option("--strength", type=click.Choice(MATCH_STRENGTHS))
@click.option("--record", type=click.UUID, help="Of one record, whichever of the two it is.")
@click.option(
    "--with", "other_state", metavar="ISO", type=STATE, help="With records of that state."
)
@click.option("--trade", is_flag=True, help="Those of the licit trade, and no others.")
@click.option("--gone", is_flag=True, help="Those that a correction took away, and no others.")
@limit_option
@json_option
@explained
def list_all(
    state: str, limit: int, trade: bool, gone: bool, as_json: bool, **filters: Any
) -> None:  # fmt: skip
    """List the matches of a state's records, newest first: those of guns that were found, or are missed.

    \b
    Example:
      salsa match list --state PRY --status proposed --strength strong
    """
    with acting(state) as actor:
        page = reading.list_matches(
            actor, filters | {"standing": not gone, "is_of_crime": not trade}, limit, None
        )
        echo_page(MatchResponse(), page, _row, as_json=as_json)


@match.command()
@own_state_option
@json_option
@id_argument
@explained
def show(state: str, as_json: bool, match_id: UUID) -> None:
    """Show a match with what speaks for it and against it, in bits.

    \b
    Example:
      salsa match show --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        view = reading.get_match(actor, match_id)
        if as_json:
            echo_json(MatchResponse(), view)
        else:
            _print(view)


@match.command()
@own_state_option
@click.option("--reason", type=REASON, help="Nobody outside the state reads it.")
@reader_options
@id_argument
@explained
def confirm(
    state: str, agency: str, officer: str | None, reason: str | None, match_id: UUID
) -> None:
    """Say for the state that the two records are of one gun.

    \b
    Example:
      salsa match confirm --state PRY --agency PRY-POLICE --officer 77 \\
        0199f2c0-0000-7000-8000-000000000000
    """
    _decide(state, (agency, officer), match_id, match_decisions.confirm, reason)


@match.command()
@own_state_option
@click.option("--reason", required=True, type=REASON, help="Nobody outside the state reads it.")
@reader_options
@id_argument
@explained
def reject(state: str, agency: str, officer: str | None, reason: str, match_id: UUID) -> None:
    """Say for the state that the two records are not of one gun, and why.

    \b
    Example:
      salsa match reject --state PRY --agency PRY-POLICE --officer 77 \\
        --reason "The import mark is another" 0199f2c0-0000-7000-8000-000000000000
    """
    _decide(state, (agency, officer), match_id, match_decisions.reject, reason)


def _decide(
    state: str, by: tuple[str, str | None], match_id: UUID, command: Callable[..., None],
    reason: str | None,
) -> None:  # fmt: skip
    with acting(state) as operator:
        actor = reading_as(operator, *by)
        command(actor=actor, match_id=match_id, seen=None, data=Deciding(reason))
        status = reading.read(actor, match_id).match.status
    click.echo(f"{match_id} is {status}.")


def _row(view: MatchView) -> tuple[Any, ...]:
    row = view.match
    return (row.id, row.status, row.strength, f"{row.score:.1f}", row.record_id, row.other_state,
            row.other_record, f"{row.proposed_at:%Y-%m-%d}", view.decided_by)  # fmt: skip


def _print(view: MatchView) -> None:
    row = view.match
    echo_table([
        ("status", f"{row.status}, version {view.version}"),
        ("record", row.record_id),
        ("other", f"{row.other_record or 'not shown'}, of {row.other_state}"),
        ("ask", _reached(view.contact)),
        ("evidence", f"{row.strength}, {row.score:.1f} bits"),
        ("proposed", f"{row.proposed_at:%Y-%m-%d %H:%M} UTC"),
        ("judged by", view.decided_by),
        ("reason", row.reason),
    ])  # fmt: skip
    if not row.is_standing:
        click.echo("A correction took this match away; the marks no longer agree.")
    echo_table([(f"{each['bits']:+.1f}", translate(each)) for each in row.reasons], "  ")


def _reached(contact: Contact | None) -> str | None:
    if contact is None:
        return None
    ways = ", ".join(filter(None, (contact.telephone, contact.email)))
    return f"{contact.agency}: {ways}" if ways else contact.agency
