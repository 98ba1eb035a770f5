"""Traces of a state, from the server's own machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import IO, Any
from uuid import UUID

import click

from api.cli.bodies import file_option, judged, read_body
from api.cli.context import acting, explained
from api.cli.described import day_option, given
from api.cli.options import STATE, USERNAME, Line, own_state_option
from api.cli.printing import echo_json, echo_table, json_option, limit_option, warn_of_more
from api.cli.readers import officer_option
from api.cli.trace_papers import form, id_argument, report
from api.cli.trace_replies import WORDS, reply
from api.cli.trace_shown import print_advice, print_whole, row_of, tell
from api.schemas.requests import ChannelRequest
from api.schemas.trace_advice import AdviceResponse
from api.schemas.traces import AmendTraceRequest, TraceResponse
from api.vault import vault
from salsa_ext.matching import outlooks
from salsa_ext.readmodels import traces as reading
from salsa_ext.services import trace_steps, traces
from salsa_ext.values.codes import OTHER_CHANNELS, PRIORITIES, TRACE_STATUSES
from salsa_ext.values.positions import Assigning
from salsa_ext.values.requests import (
    AskingOneMore,
    Feedback,
    Hiding,
    Sending,
    Telling,
)


@click.group()
def trace() -> None:
    """See the traces of a state, and lead them on.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


trace.add_command(report)
trace.add_command(form)
trace.add_command(reply)


@trace.command("list")
@own_state_option
@click.option("--status", type=click.Choice(TRACE_STATUSES))
@click.option("--priority", type=click.Choice(PRIORITIES))
@click.option("--case", "case_number", type=Line(100))
@limit_option
@json_option
@explained
def list_all(state: str, limit: int, as_json: bool, **filters: Any) -> None:
    """List the traces of a state, newest first.

    \b
    Example:
      salsa trace list --state BRA --status in_progress
    """
    with acting(state) as actor:
        page = reading.list_traces(actor, filters, limit, None)
        if as_json:
            echo_json(TraceResponse(), page.items)
        else:
            echo_table(map(row_of, page.items))
        warn_of_more(page)


@trace.command()
@own_state_option
@json_option
@id_argument
@explained
def show(state: str, as_json: bool, trace_id: UUID) -> None:
    """Show a trace with its legs and what was said.

    \b
    Example:
      salsa trace show --state BRA 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        view = reading.get_trace(actor, trace_id)
        if as_json:
            echo_json(TraceResponse(), view)
        else:
            print_whole(view)


@trace.command()
@own_state_option
@file_option
@officer_option
@id_argument
@explained
def amend(state: str, file: IO[bytes], officer: str | None, trace_id: UUID) -> None:
    """Say anew all that a draft asks, in the body of POST /traces/{id}/amend.

    Where a second person approves it by a command, the --officer of both tells them apart.

    \b
    Example:
      salsa trace amend --state BRA --file trace.json 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as operator:
        actor = replace(operator, officer=officer)
        data = read_body(file, AmendTraceRequest())
        traces.amend(actor=actor, vault=vault(), trace_id=trace_id, seen=None, data=data)
        status = reading.read(actor, trace_id).trace.status
    click.echo(f"{trace_id} is {status}.")


@trace.command()
@own_state_option
@json_option
@id_argument
@explained
def advice(state: str, as_json: bool, trace_id: UUID) -> None:
    """Say why a draft is likely to fail, and which field would change that.

    \b
    Example:
      salsa trace advice --state BRA 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        view = outlooks.of(reading.get_trace(actor, trace_id).trace.firearm)
        if as_json:
            echo_json(AdviceResponse(), view)
        else:
            print_advice(AdviceResponse().dump(view))


@trace.command()
@own_state_option
@officer_option
@id_argument
@explained
def approve(state: str, officer: str | None, trace_id: UUID) -> None:
    """Approve a draft as its second person.

    The --officer tells who is another person; of one that was drafted by a command, that of both.

    \b
    Example:
      salsa trace approve --state BRA --officer 77 0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, trace_id, traces.approve, sends=True, officer=officer, seen=None)


@trace.command()
@own_state_option
@officer_option
@click.option("--text", required=True, type=WORDS, help="Why; who drafted it reads it.")
@id_argument
@explained
def decline(state: str, officer: str | None, text: str, trace_id: UUID) -> None:
    """Decline a draft as its second person; it may be changed and asked for anew.

    Who is another person is told as at approve.

    \b
    Example:
      salsa trace decline --state BRA --officer 77 --text "No legal basis" \\
        0199f2c0-0000-7000-8000-000000000000
    """
    data = Telling(text)
    _act(state, trace_id, traces.decline, sends=True, officer=officer, seen=None, data=data)


@trace.command()
@own_state_option
@id_argument
@click.option("--confirm-declined", is_flag=True, help="Though a second person declined it.")
@explained
def send(state: str, trace_id: UUID, confirm_declined: bool) -> None:
    """Send a draft or an approved trace; or ask for its second person where the state wants one.

    \b
    Example:
      salsa trace send --state BRA 0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, trace_id, traces.send, sends=True, seen=None, data=Sending(confirm_declined))


@trace.command()
@own_state_option
@id_argument
@explained
def withdraw(state: str, trace_id: UUID) -> None:
    """Withdraw a trace, and tell the states that have not answered.

    \b
    Example:
      salsa trace withdraw --state BRA 0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, trace_id, traces.withdraw, sends=True, seen=None)


@trace.command()
@own_state_option
@id_argument
@explained
def close(state: str, trace_id: UUID) -> None:
    """Close a trace that was sent, and tell the states that helped; its result stays readable.

    \b
    Example:
      salsa trace close --state BRA 0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, trace_id, traces.close, sends=True, seen=None)


@trace.command("ask")
@own_state_option
@click.option("--of", "other", required=True, metavar="ISO", type=STATE, help="One more state.")
@click.option("--reason", required=True, type=Line(500))
@click.option("--channel", type=click.Choice(OTHER_CHANNELS),
              help="Of a state that takes no part.")  # fmt: skip
@click.option("--reference", type=Line(100), help="Its number there.")
@id_argument
@explained
def ask_one_more(
    state: str, trace_id: UUID, other: str, reason: str, channel: str | None,
    reference: str | None,
) -> None:  # fmt: skip
    """Ask one more state.

    \b
    Example:
      salsa trace ask --state BRA --of URY --reason "A witness" \\
        0199f2c0-0000-7000-8000-000000000000
    """
    data = AskingOneMore(other, reason, channel, reference)
    _act(state, trace_id, trace_steps.ask_one_more, sends=True, data=data)


@trace.command()
@own_state_option
@click.option(
    "--leg", "leg_id", required=True, type=click.UUID, help="Of a state that takes no part."
)
@click.option("--by", "channel", required=True, type=click.Choice(OTHER_CHANNELS))
@click.option("--reference", type=Line(100), help="Its number there.")
@id_argument
@click.option("--sent", is_flag=True, help="The form went out by it.")
@day_option("--sent-on", "The day on which it did, if not today.")
@explained
def channel(
    state: str, trace_id: UUID, leg_id: UUID, channel: str, reference: str | None, sent: bool,
    sent_on: str | None,
) -> None:  # fmt: skip
    """Name another channel by which a state is asked that takes no part, until something came back.

    \b
    Example:
      salsa trace channel --state BRA --leg 0199f2c0-0000-7000-8000-000000000001 --by mla \\
        0199f2c0-0000-7000-8000-000000000000
    """
    said = {"channel": channel, "reference": reference, "sent": sent, "sent_on": sent_on}
    data = judged(given(said), ChannelRequest())
    _act(state, trace_id, trace_steps.change_channel, leg_id=leg_id, data=data)


@trace.command()
@own_state_option
@click.option("--helped/--did-not-help", required=True)
@click.option("--text", type=WORDS, help="The states that answered read it.")
@id_argument
@explained
def feedback(state: str, trace_id: UUID, helped: bool, text: str | None) -> None:
    """Tell the states that answered whether it helped.

    \b
    Example:
      salsa trace feedback --state BRA --helped 0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, trace_id, trace_steps.feedback, sends=True, data=Feedback(helped, text))


@trace.command()
@own_state_option
@click.option(
    "--to", "username", required=True, type=USERNAME, help="An open account of the state."
)
@id_argument
@explained
def assign(state: str, trace_id: UUID, username: str) -> None:
    """Let somebody of the state work on it; no other state learns who.

    \b
    Example:
      salsa trace assign --state BRA --to bra.ana 0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, trace_id, trace_steps.assign, data=Assigning(username))


@trace.command()
@own_state_option
@click.option("--from", "agencies", multiple=True, metavar="CODE", type=Line(60),
              help="An agency of the state or of one that is asked; once for each.")  # fmt: skip
@click.option("--from-nobody", "nobody", is_flag=True, help="From no agency any more.")
@id_argument
@explained
def hide(state: str, trace_id: UUID, agencies: tuple[str, ...], nobody: bool) -> None:
    """Keep a trace from agencies that must not see it: to them there is no such trace.

    They take the place of those that stood.

    \b
    Example:
      salsa trace hide --state BRA --from BRA-POLICE 0199f2c0-0000-7000-8000-000000000000
    """
    if bool(agencies) == nobody:
        raise click.UsageError("Give agencies or --from-nobody.")
    _act(state, trace_id, trace_steps.hide, sends=True, seen=None, data=Hiding(agencies))


@trace.command()
@own_state_option
@click.option("--text", required=True, type=WORDS, help="Nobody outside the state reads it.")
@id_argument
@explained
def note(state: str, trace_id: UUID, text: str) -> None:
    """Keep a note for the state alone.

    \b
    Example:
      salsa trace note --state BRA --text "Ask the judge" 0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, trace_id, trace_steps.note, data=Telling(text))


def _act(
    state: str, trace_id: UUID, command: Callable[..., None], *, sends: bool = False,
    officer: str | None = None, **more: Any,
) -> None:  # fmt: skip
    with acting(state) as operator:
        actor = replace(operator, officer=officer)
        sealed = {"vault": vault()} if sends else {}
        command(actor=actor, trace_id=trace_id, **sealed, **more)
        tell(reading.read(actor, trace_id))
