"""Requests of other states' traces, from the server's own machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from api.cli.context import acting, explained
from api.cli.options import STATE, USERNAME, Line, own_state_option
from api.cli.printing import echo_json, echo_table, json_option, limit_option, warn_of_more
from api.schemas.requests import RequestResponse
from api.vault import vault
from salsa_ext.readmodels import requests as reading
from salsa_ext.readmodels.requests import MessageView, RequestView
from salsa_ext.services import requests
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import (
    FAILURE_REASONS_TOLD,
    HANDLING_CODES,
    LEG_STATUSES,
    PRIORITIES,
    REFUSAL_REASONS,
)
from salsa_ext.values.positions import Assigning
from salsa_ext.values.requests import (
    Acknowledging,
    Answering,
    Deferring,
    Forwarding,
    Hiding,
    NothingFound,
    Questioning,
    Refusing,
    Telling,
)

WORDS = Line(2000)
id_argument = click.argument("request_id", metavar="ID", type=click.UUID)
text_option = click.option("--text", type=WORDS, help="The asking state reads it.")
other_guns_option = click.option(
    "--confirm-other-guns", is_flag=True, help="Open records that match are of others."
)
reason_option = click.option(
    "--reason", required=True, type=WORDS, help="The asking state reads it."
)


@click.group()
def request() -> None:
    """See what other states' traces ask of a state, and answer for it.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@request.command("list")
@own_state_option
@click.option("--status", type=click.Choice(LEG_STATUSES))
@click.option("--priority", type=click.Choice(PRIORITIES))
@click.option("--from", "asking_state", metavar="ISO", type=STATE, help="Which state asks.")
@click.option("--case", "case_number", type=Line(100))
@click.option("--assignee", type=USERNAME)
@click.option("--due-before", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d%z"]),
              help="With its offset, such as 2026-03-09T14:30:00-03:00.")  # fmt: skip
@limit_option
@json_option
@explained
def list_all(
    state: str, limit: int, as_json: bool, due_before: datetime | None, **filters: Any
) -> None:
    """List what is asked of a state, newest first.

    \b
    Example:
      salsa request list --state PRY --status sent --priority urgent
    """
    with acting(state) as actor:
        wanted = filters | {"due_before": due_before}
        page = reading.list_requests(actor, wanted, limit, None)
        if as_json:
            echo_json(RequestResponse(), page.items)
        else:
            echo_table(map(_row, page.items))
        warn_of_more(page)


@request.command()
@own_state_option
@json_option
@id_argument
@explained
def show(state: str, as_json: bool, request_id: UUID) -> None:
    """Show a request with its candidates and what was said.

    \b
    Example:
      salsa request show --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        view = reading.get_request(actor, request_id)
        if as_json:
            echo_json(RequestResponse(), view)
        else:
            _print(view)


@request.command()
@own_state_option
@click.argument("request_ids", metavar="ID…", nargs=-1, required=True, type=click.UUID)
@explained
def acknowledge(state: str, request_ids: tuple[UUID, ...]) -> None:
    """Say of one or several requests that somebody works on them; names those that cannot be, and exits with 1.

    \b
    Example:
      salsa request acknowledge --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        several = Acknowledging(request_ids)
        said = requests.acknowledge_many(actor=actor, vault=vault(), data=several)
    click.echo(f"{len(said.done)} acknowledged.")
    for request_id, error in said.left.items():
        click.echo(f"{request_id}: {error.message}", err=True)
    if said.left:
        raise click.exceptions.Exit(1)


@request.command()
@own_state_option
@click.option("--record", "records", multiple=True, type=click.UUID, help="Once for each record.")
@click.option("--all", "is_all", is_flag=True, help="With all own records that may be of the gun.")
@click.option("--points-to", multiple=True, metavar="ISO", type=STATE, help="A state to ask next.")
@click.option("--restricted", "why", type=WORDS, help="Why something is left out.")
@click.option("--because", type=click.Choice(FAILURE_REASONS_TOLD), help="Why no more is known.")
@click.option("--handling", type=click.Choice(HANDLING_CODES),
              help="Unless given, as its strictest record and what was answered before.")  # fmt: skip
@click.option("--note", type=WORDS, help="The asking state reads it.")
@click.option(
    "--confirm-other-marks", is_flag=True, help="The records are of this gun, whatever they bear."
)
@id_argument
@explained
def answer(
    state: str, request_id: UUID, records: tuple[UUID, ...], is_all: bool,
    points_to: tuple[str, ...], why: str | None, because: str | None, handling: str | None,
    note: str | None, confirm_other_marks: bool,
) -> None:  # fmt: skip
    """Answer with records of the state.

    \b
    Examples:
      salsa request answer --state PRY --all 0199f2c0-0000-7000-8000-000000000000
      salsa request answer --state PRY --record 0199f2c0-0000-7000-8000-000000000001 \\
        0199f2c0-0000-7000-8000-000000000000
    """
    if is_all and records:
        raise click.UsageError("Give --record, once for each, or --all.")
    completeness = "restricted" if why else "full"
    with acting(state) as actor:
        if is_all:
            view = reading.get_request(actor, request_id)
            records = tuple(UUID(one["record"]) for one in view.request.candidates)
        said = Answering(completeness, why, records, (), points_to, handling, note, because,
                         confirm_other_marks)  # fmt: skip
        _say(actor, request_id, requests.answer, said)


@request.command("no-record")
@own_state_option
@text_option
@id_argument
@click.option("--because", type=click.Choice(FAILURE_REASONS_TOLD), help="Why nothing is known.")
@other_guns_option
@explained
def no_record(
    state: str, text: str | None, because: str | None, confirm_other_guns: bool, request_id: UUID
) -> None:
    """Say that the state has nothing of this gun.

    \b
    Example:
      salsa request no-record --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, request_id, requests.no_record, NothingFound(text, because, confirm_other_guns))


@request.command()
@own_state_option
@click.option("--reason", required=True, type=click.Choice(REFUSAL_REASONS))
@click.option("--text", required=True, type=WORDS, help="The asking state reads it.")
@id_argument
@explained
def refuse(state: str, reason: str, text: str, request_id: UUID) -> None:
    """Refuse, for a reason of the International Tracing Instrument; missing data is `ask`.

    \b
    Example:
      salsa request refuse --state PRY --reason ongoing_investigation --text "A hearing is near" \\
        0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, request_id, requests.refuse, Refusing(reason, text))


@request.command()
@own_state_option
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]))
@reason_option
@id_argument
@explained
def defer(state: str, until: datetime, reason: str, request_id: UUID) -> None:
    """Answer later, until a day.

    \b
    Example:
      salsa request defer --state PRY --until 2026-12-01 --reason "The books are abroad" \\
        0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, request_id, requests.defer, Deferring(until.date(), reason))


@request.command()
@own_state_option
@click.option("--question", "questions", multiple=True, required=True, type=WORDS)
@id_argument
@explained
def ask(state: str, questions: tuple[str, ...], request_id: UUID) -> None:
    """Ask what has to be known first; the clock stands until the reply.

    \b
    Example:
      salsa request ask --state PRY --question "Which calibre?" \\
        0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, request_id, requests.ask, Questioning(questions))


@request.command()
@own_state_option
@click.option("--to", "other", required=True, metavar="ISO", type=STATE)
@reason_option
@id_argument
@other_guns_option
@explained
def forward(
    state: str, other: str, reason: str, confirm_other_guns: bool, request_id: UUID
) -> None:
    """Name the state to ask instead.

    \b
    Example:
      salsa request forward --state PRY --to URY --reason "It was sold on" \\
        0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, request_id, requests.forward, Forwarding(other, reason, confirm_other_guns))


@request.command()
@own_state_option
@click.option(
    "--to", "username", required=True, type=USERNAME, help="An open account of the state."
)
@id_argument
@explained
def assign(state: str, username: str, request_id: UUID) -> None:
    """Let somebody of the state work on it; no other state learns who.

    \b
    Example:
      salsa request assign --state PRY --to pry.eva 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        requests.assign(actor=actor, request_id=request_id, data=Assigning(username))
    click.echo(f"{request_id} is assigned to {username}.")


@request.command()
@own_state_option
@click.option("--from", "agencies", multiple=True, metavar="CODE", type=Line(60),
              help="An agency of the state; once for each.")  # fmt: skip
@click.option("--from-nobody", "nobody", is_flag=True, help="From no other agency any more.")
@id_argument
@explained
def hide(state: str, agencies: tuple[str, ...], nobody: bool, request_id: UUID) -> None:
    """Keep a request from agencies of the state: to them there is no such request.

    They are kept beside those that the asking state named; what was given before is set anew.

    \b
    Example:
      salsa request hide --state PRY --from PRY-POLICE 0199f2c0-0000-7000-8000-000000000000
    """
    if bool(agencies) == nobody:
        raise click.UsageError("Give agencies or --from-nobody.")
    with acting(state) as actor:
        requests.hide(actor=actor, request_id=request_id, seen=None, data=Hiding(agencies))
        kept = reading.read(request_id).hidden_from
    click.echo(f"{request_id} is kept from {', '.join(kept) or 'nobody'}.")


@request.command()
@own_state_option
@click.option("--text", required=True, type=WORDS, help="Nobody outside the state reads it.")
@id_argument
@explained
def note(state: str, text: str, request_id: UUID) -> None:
    """Keep a note for the state alone.

    \b
    Example:
      salsa request note --state PRY --text "Ask the archive" 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        requests.note(actor=actor, request_id=request_id, data=Telling(text))
    click.echo(f"Noted with {request_id}.")


def _act(state: str, request_id: UUID, command: Callable[..., None], said: Any) -> None:
    with acting(state) as actor:
        _say(actor, request_id, command, said)


def _say(actor: Actor, request_id: UUID, command: Callable[..., None], said: Any) -> None:
    command(actor=actor, vault=vault(), request_id=request_id, seen=None, data=said)
    click.echo(f"{request_id} is {reading.read(request_id).request.status}.")


def _row(view: RequestView) -> tuple[Any, ...]:
    row = view.request
    return (row.id, row.status, row.priority, row.asking_state, row.case_number,
            row.asked["firearm"]["serial"], len(row.candidates), _moment(view.due_at),
            view.assignee)  # fmt: skip


def _print(view: RequestView) -> None:
    row, asked = view.request, view.request.asked
    gun = asked["firearm"]
    echo_table([
        ("asked by", f"{row.asking_state}, case {row.case_number}"),
        ("office", " · ".join(filter(None, (asked.get("office") or {}).values())) or None),
        ("status", f"{row.status}, version {view.version}"),
        ("gun", " ".join(filter(None, (gun["make_text"], gun["model"], gun["calibre_text"])))),
        ("serial", gun["serial"]),
        ("why", asked["illicit_reason"]), ("legal basis", asked["legal_basis"]),
        ("circumstances", asked["circumstances"]), ("for", asked["intended_use"]),
        ("priority", row.priority), ("due", _moment(view.due_at)),
        ("assigned to", view.assignee), ("kept from", ", ".join(view.hidden_from) or None),
    ])  # fmt: skip
    click.echo("own records that may be of it")
    echo_table([(one["record"], one["event"], one["strength"], f"{one['bits']:.1f}",
                 one["visibility"]) for one in row.candidates], "  ")  # fmt: skip
    click.echo("what was said")
    echo_table(map(said, view.messages), "  ")


def said(view: MessageView) -> tuple[Any, ...]:
    """Return a message as a row: when, by whom, what."""
    told = view.data.get("text") or view.data.get("reason") or view.data.get("note")
    asked = "; ".join(view.data.get("questions", ()))
    return (_moment(view.at), view.by or view.sender, view.kind, told or asked or None)


def _moment(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else None
