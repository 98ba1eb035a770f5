"""Discrepancies that concern a state, from the server's own machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import click

from api.cli.context import acting, explained
from api.cli.options import STATE, USERNAME, Line, own_state_option
from api.cli.printing import echo_json, echo_page, echo_table, json_option, limit_option
from api.schemas.discrepancies import DiscrepancyResponse
from salsa_ext.readmodels import discrepancies as reading
from salsa_ext.readmodels.discrepancies import DiscrepancyView
from salsa_ext.readmodels.names import label
from salsa_ext.services import positions
from salsa_ext.values.codes import DISCREPANCY_KINDS, DISCREPANCY_STATUSES
from salsa_ext.values.positions import Assigning, Saying

WORDS = Line(2000)
id_argument = click.argument("discrepancy_id", metavar="ID", type=click.UUID)
text_option = click.option(
    "--text", required=True, type=WORDS, help="The states concerned read it."
)


@click.group()
def discrepancy() -> None:
    """See where states disagree about permits and shipments, and say what a state says to it.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@discrepancy.command("list")
@own_state_option
@click.option("--waiting", is_flag=True, default=None,
              help="Only those that are neither agreed nor resolved.")  # fmt: skip
@click.option("--kind", type=click.Choice(DISCREPANCY_KINDS))
@click.option("--status", type=click.Choice(DISCREPANCY_STATUSES))
@click.option("--number", "subject_number", type=Line(100), help="Of the permit or the shipment.")
@click.option("--of", "owner_state", metavar="ISO", type=STATE, help="Whose document it is about.")
@click.option("--assignee", type=USERNAME)
@limit_option
@json_option
@explained
def list_all(state: str, limit: int, as_json: bool, **filters: Any) -> None:
    """List the discrepancies that concern a state, newest first.

    \b
    Example:
      salsa discrepancy list --state PRY --waiting --kind short_receipt
    """
    with acting(state) as actor:
        page = reading.list_discrepancies(actor, filters, limit, None)
        echo_page(DiscrepancyResponse(), page, _row, as_json=as_json)


@discrepancy.command()
@own_state_option
@json_option
@id_argument
@explained
def show(state: str, as_json: bool, discrepancy_id: UUID) -> None:
    """Show a discrepancy with what each state says to it.

    \b
    Example:
      salsa discrepancy show --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        view = reading.get_discrepancy(actor, discrepancy_id)
        if as_json:
            echo_json(DiscrepancyResponse(), view)
        else:
            _print(view)


@discrepancy.command()
@own_state_option
@text_option
@id_argument
@explained
def explain(state: str, text: str, discrepancy_id: UUID) -> None:
    """Say for the state why it is so.

    \b
    Example:
      salsa discrepancy explain --state PRY --text "Two guns stayed at the post" \\
        0199f2c0-0000-7000-8000-000000000000
    """
    _say(state, discrepancy_id, positions.explain, text)


@discrepancy.command()
@own_state_option
@click.option("--text", type=WORDS, help="The states concerned read it.")
@id_argument
@explained
def agree(state: str, text: str | None, discrepancy_id: UUID) -> None:
    """Agree for the state; when all states concerned agree, it is closed.

    \b
    Example:
      salsa discrepancy agree --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    _say(state, discrepancy_id, positions.agree, text)


@discrepancy.command()
@own_state_option
@text_option
@id_argument
@explained
def reopen(state: str, text: str, discrepancy_id: UUID) -> None:
    """Take the state's position back, and say why.

    \b
    Example:
      salsa discrepancy reopen --state PRY --text "The count was repeated" \\
        0199f2c0-0000-7000-8000-000000000000
    """
    _say(state, discrepancy_id, positions.reopen, text)


@discrepancy.command()
@own_state_option
@click.option(
    "--to", "username", required=True, type=USERNAME, help="An open account of the state."
)
@id_argument
@explained
def assign(state: str, username: str, discrepancy_id: UUID) -> None:
    """Let somebody of the state work on it; no other state learns who.

    \b
    Example:
      salsa discrepancy assign --state PRY --to pry.eva 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        positions.assign(actor=actor, discrepancy_id=discrepancy_id, data=Assigning(username))
    click.echo(f"{discrepancy_id} is assigned to {username}.")


def _say(state: str, discrepancy_id: UUID, command: Callable[..., None], text: str | None) -> None:
    with acting(state) as actor:
        command(actor=actor, discrepancy_id=discrepancy_id, seen=None, data=Saying(text))
        status = reading.read(actor, discrepancy_id).discrepancy.status
    click.echo(f"{discrepancy_id} is {status}.")


def _row(view: DiscrepancyView) -> tuple[Any, ...]:
    row = view.discrepancy
    return (row.id, row.status, row.kind, row.owner_state, row.subject_kind, row.subject_number,
            ",".join(row.concerned), f"{row.raised_at:%Y-%m-%d}", view.assignee,
            _meant(view), _spoken(view))  # fmt: skip


def _meant(view: DiscrepancyView) -> str | None:
    """Return the party or the field that is meant, by which two of one kind are told apart."""
    if view.party is None:
        said = view.discrepancy.data
        line = f"line {said['line']}" if "line" in said else None
        return " ".join(filter(None, (line, said.get("field")))) or None
    return f"{view.party.role} {view.party.name or '(name not shown)'} ({view.party.state})"


def _spoken(view: DiscrepancyView) -> str | None:
    """Return who has spoken and who is waited for, where some have."""
    if not (view.explained_by or view.agreed_by):
        return None
    said = (("explained by", view.explained_by), ("agreed by", view.agreed_by),
            ("waiting for", view.waiting_for))  # fmt: skip
    return ", ".join(f"{words} {', '.join(states)}" for words, states in said if states)


def _print(view: DiscrepancyView) -> None:
    row = view.discrepancy
    echo_table([
        ("what", label("discrepancy_kind", row.kind, "en")),
        ("about", f"{row.subject_kind} {row.subject_number} of {row.owner_state}"),
        ("status", f"{row.status}, version {view.version}"),
        ("concerns", ", ".join(row.concerned)),
        ("raised", f"{row.raised_at:%Y-%m-%d %H:%M} UTC"),
        ("standing", _spoken(view)),
        ("party", _meant(view) if view.party else None),
        ("assigned to", view.assignee),
        *((name, _fact(value)) for name, value in row.data.items()),
    ])  # fmt: skip
    click.echo("what states say")
    said = {position.owner_state: position for position in view.positions}
    echo_table([
        (state, said[state].stance, said[state].explanation) if state in said
        else (state, "open", None) for state in row.concerned
    ], "  ")  # fmt: skip


def _fact(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
