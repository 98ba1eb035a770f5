"""What is replied to an asked state, and what came back from one that takes no part, from the command line."""

from __future__ import annotations

from dataclasses import replace
from typing import IO, Any, Final
from uuid import UUID

import click

from api.cli.bodies import instead_option, taken
from api.cli.context import acting, explained
from api.cli.described import day_option, given
from api.cli.options import STATE, Line, own_state_option
from api.cli.readers import officer_option
from api.cli.trace_papers import id_argument
from api.cli.trace_shown import tell
from api.schemas.requests import ReplyRequest
from api.vault import vault
from salsa_ext.readmodels import traces as reading
from salsa_ext.services import trace_steps
from salsa_ext.values.codes import EVENTS, FAILURE_REASONS_TOLD, LEG_STATUSES_BY_HAND

WORDS: Final = Line(2000)
EVENT: Final = ("event", "occurred_on", "document_number")


@click.command()
@own_state_option
@click.option("--leg", "leg_id", required=True, type=click.UUID, help="Of which state.")
@click.option("--text", type=WORDS, help="What is replied, or what came back, in words.")
@click.option("--status", type=click.Choice(LEG_STATUSES_BY_HAND), help="What came back.")
@day_option("--answered-on", "The day that the answer bears.")
@day_option("--sent-on", "The day on which the form went out, where it was not said yet.")
@click.option("--failure-reason", type=click.Choice(FAILURE_REASONS_TOLD),
              help="Why nothing more is known.")  # fmt: skip
@click.option("--reference", type=Line(100), help="Its number there.")
@click.option("--event", type=click.Choice(EVENTS), help="What happened to the gun.")
@day_option("--occurred-on", "The day on which that happened.")
@click.option("--document-number", type=Line(100), help="Of what tells of it.")
@click.option("--points-to", multiple=True, metavar="ISO", type=STATE,
              help="A state to be asked; once for each.")  # fmt: skip
@click.option(
    "--beside", is_flag=True, help="Beside what was written down before, not in its place."
)
@instead_option
@officer_option
@id_argument
@explained
def reply(
    state: str,
    trace_id: UUID,
    leg_id: UUID,
    file: IO[bytes] | None,
    officer: str | None,
    **said: Any,
) -> None:
    """Reply to a question of an asked state; of another channel, write down what came back by it.

    A state that takes part reads the text. Of one that takes none a --status says what came back, and
    nothing goes out; several events are told by --file, the body of the reply over HTTP.

    \b
    Examples:
      salsa trace reply --state BRA --leg 0199f2c0-0000-7000-8000-000000000001 --text "9x19" \\
        0199f2c0-0000-7000-8000-000000000000
      salsa trace reply --state BRA --leg 0199f2c0-0000-7000-8000-000000000001 --status answered \\
        --answered-on 2026-03-02 --text "By letter" --event domestic_sale --occurred-on 2020-01-02 \\
        0199f2c0-0000-7000-8000-000000000000
    """
    data = taken(file, _body(said), ReplyRequest())
    with acting(state) as operator:
        actor = replace(operator, officer=officer)
        trace_steps.reply(actor=actor, vault=vault(), trace_id=trace_id, leg_id=leg_id, data=data)
        tell(reading.read(actor, trace_id))


def _body(said: dict[str, Any]) -> dict[str, Any]:
    """Return the body that options make; what they say of an event is its one event."""
    event = given({name: said.pop(name) for name in EVENT})
    return given(said) | ({"events": [event]} if event else {})
