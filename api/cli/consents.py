"""Consents between states to uses of records, from the server's own machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from api.cli.context import acting, explained
from api.cli.options import STATE, Line, own_state_option
from api.cli.printing import echo_json, echo_table, json_option, limit_option, warn_of_more
from api.schemas.consents import ConsentResponse
from salsa_ext.readmodels import consents as reading
from salsa_ext.readmodels.consents import ConsentView
from salsa_ext.services import consents
from salsa_ext.values.changes import Decision
from salsa_ext.values.codes import CONSENT_STATUSES, CONSENT_USES
from salsa_ext.values.consents import ConsentData, Granting

REASON = Line(1000)
id_argument = click.argument("consent_id", metavar="ID", type=click.UUID)
why_option = click.option("--reason", required=True, type=REASON, help="Both states read it.")


@click.group()
def consent() -> None:
    """Ask other states for consent to uses of their records, and answer what they ask.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@consent.command("list")
@own_state_option
@click.option("--status", type=click.Choice(CONSENT_STATUSES))
@click.option("--use", type=click.Choice(CONSENT_USES))
@click.option("--record", "record_id", type=click.UUID)
@click.option("--of", "origin_state", metavar="ISO", type=STATE, help="Asked of that state.")
@click.option("--by", "asking_state", metavar="ISO", type=STATE, help="Asked by that state.")
@limit_option
@json_option
@explained
def list_all(state: str, limit: int, as_json: bool, **filters: Any) -> None:
    """List what a state asked for and was asked for, newest first.

    \b
    Example:
      salsa consent list --state BRA --status asked --of BRA
    """
    with acting(state) as actor:
        page = reading.list_consents(actor, filters, limit, None)
        if as_json:
            echo_json(ConsentResponse(), page.items)
        else:
            echo_table(map(_row, page.items))
        warn_of_more(page)


@consent.command()
@own_state_option
@click.option("--record", required=True, type=click.UUID, help="Of the other state.")
@click.option("--use", required=True, type=click.Choice(CONSENT_USES),
              help="'compelled' gives notice that the law forces it.")  # fmt: skip
@click.option("--to", metavar="ISO", type=STATE, help="The third state of an onward use.")
@click.option("--case", "case_number", required=True, type=Line(100))
@why_option
@explained
def ask(state: str, **said: Any) -> None:
    """Ask the origin of a record for a use of it in a case.

    \b
    Example:
      salsa consent ask --state PRY --record 0199f2c0-0000-7000-8000-000000000000 \\
        --use names --case C-1 --reason "To find the last holder"
    """
    with acting(state) as actor:
        made = consents.ask(actor=actor, data=ConsentData(**said))
        view = reading.read(actor, made)
        status, origin = view.status, view.consent.origin_state
    click.echo(f"{made} is {status}; {origin} is told.")


@consent.command()
@own_state_option
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The last day.")
@click.option("--reason", type=REASON, help="Both states read it.")
@id_argument
@explained
def grant(state: str, until: datetime, reason: str | None, consent_id: UUID) -> None:
    """Allow what was asked, through a day.

    \b
    Example:
      salsa consent grant --state BRA --until 2026-12-31 0199f2c0-0000-7000-8000-000000000000
    """
    _decide(state, consent_id, consents.grant, Granting(until.date(), reason))


@consent.command()
@own_state_option
@why_option
@id_argument
@explained
def refuse(state: str, reason: str, consent_id: UUID) -> None:
    """Refuse what was asked, and say why.

    \b
    Example:
      salsa consent refuse --state BRA --reason "The inquiry is not over" \\
        0199f2c0-0000-7000-8000-000000000000
    """
    _decide(state, consent_id, consents.refuse, Decision(reason))


@consent.command()
@own_state_option
@why_option
@id_argument
@explained
def revoke(state: str, reason: str, consent_id: UUID) -> None:
    """Take a consent back, and say why.

    \b
    Example:
      salsa consent revoke --state BRA --reason "The case is closed" \\
        0199f2c0-0000-7000-8000-000000000000
    """
    _decide(state, consent_id, consents.revoke, Decision(reason))


def _decide(state: str, consent_id: UUID, command: Callable[..., None], data: Any) -> None:
    with acting(state) as actor:
        command(actor=actor, consent_id=consent_id, seen=None, data=data)
        status = reading.read(actor, consent_id).status
    click.echo(f"{consent_id} is {status}.")


def _row(view: ConsentView) -> tuple[Any, ...]:
    row = view.consent
    return (row.id, view.status, row.use, row.to_state, row.record_id, row.origin_state,
            row.asking_state, row.case_number, row.expires_on, row.answer)  # fmt: skip
