"""Stages of shipments, ticked from the server's own machine."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from api.cli.context import explained, recording
from api.cli.options import Line, own_state_option
from api.cli.shipments import find, from_option, number_argument, shipment, show_in_words
from salsa_ext.readmodels import shipments as reading
from salsa_ext.services import checkpoints
from salsa_ext.values.codes import OUTCOMES, STAGES
from salsa_ext.values.movements import CheckpointData

MOMENT = click.DateTime(["%Y-%m-%dT%H:%M"])


@shipment.command()
@own_state_option
@from_option
@click.option("--stage", required=True, type=click.Choice(STAGES))
@click.option("--outcome", required=True, type=click.Choice(OUTCOMES))
@click.option("--post", type=Line(100), help="The border post's code.")
@click.option("--at", type=MOMENT, help="When, in UTC; now where it is left out.")
@click.option(
    "--seal", "seals", multiple=True, type=Line(50), help="As it was read, once for each."
)
@click.option("--quantity", type=click.IntRange(0), help="Pieces counted.")
@click.option("--reason", type=Line(1000), help="Why it is held or refused; the states read it.")
@click.option("--confirm-held", is_flag=True,
              help="It passes although another state holds it, which is told.")  # fmt: skip
@number_argument
@explained
def tick(
    state: str, exporter: str | None, stage: str, outcome: str, post: str | None,
    at: datetime | None, seals: tuple[str, ...], quantity: int | None, reason: str | None,
    confirm_held: bool, number: str,
) -> None:  # fmt: skip
    """Tick a stage of a shipment on the state's own side, and say what does not add up.

    \b
    Example:
      salsa shipment tick --state PRY --from BRA --stage entry --outcome passed \\
        --post ciudad-del-este-foz-do-iguacu --seal S-77 --quantity 120 A-1
    """
    if outcome != "passed" and not reason:
        raise click.UsageError(
            "Say by --reason why it is held or refused: the states concerned read it."
        )
    with recording(state) as actor:
        found = find(actor, exporter, number).shipment.id
        moment = at.replace(tzinfo=UTC) if at else actor.now()
        data = CheckpointData(stage, moment, outcome, post, quantity, seals, reason, confirm_held)
        checkpoints.record(actor=actor, shipment_id=found, data=data)
        show_in_words(actor, reading.read(actor, found))
