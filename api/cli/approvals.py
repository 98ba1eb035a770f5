"""Traces of other states that wait for a second person, from the server's own machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import click

from api.cli.context import acting, explained
from api.cli.options import STATE, Line, own_state_option
from api.cli.printing import echo_json, echo_table, json_option, limit_option, warn_of_more
from api.schemas.approvals import ApprovalResponse
from api.vault import vault
from salsa_ext.readmodels import approvals as reading
from salsa_ext.services import approval_decisions
from salsa_ext.values.codes import APPROVAL_STATUSES
from salsa_ext.values.requests import Telling

WORDS = Line(2000)
id_argument = click.argument("approval_id", metavar="ID", type=click.UUID)


@click.group()
def approval() -> None:
    """Approve traces of other states, which have too few persons of their own.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@approval.command("list")
@own_state_option
@click.option("--status", type=click.Choice(APPROVAL_STATUSES))
@click.option("--from", "asking_state", metavar="ISO", type=STATE, help="Which state asks.")
@limit_option
@json_option
@explained
def list_all(state: str, limit: int, as_json: bool, **filters: Any) -> None:
    """List what other states ask a state to approve, newest first.

    \b
    Example:
      salsa approval list --state PRY --status asked
    """
    with acting(state) as actor:
        page = reading.list_approvals(actor, filters, limit, None)
        if as_json:
            echo_json(ApprovalResponse(), page.items)
        else:
            echo_table(
                (row.id, row.status, row.asked["priority"], row.asking_state, row.case_number,
                 row.asked["legal_basis"]) for row in page.items
            )  # fmt: skip
        warn_of_more(page)


@approval.command()
@own_state_option
@click.option("--text", type=WORDS, help="The asking state reads it.")
@id_argument
@explained
def grant(state: str, text: str | None, approval_id: UUID) -> None:
    """Approve another state's trace.

    \b
    Example:
      salsa approval grant --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, approval_id, approval_decisions.grant, text)


@approval.command()
@own_state_option
@click.option("--text", required=True, type=WORDS, help="Why; the asking state reads it.")
@id_argument
@explained
def decline(state: str, text: str, approval_id: UUID) -> None:
    """Decline to approve another state's trace.

    \b
    Example:
      salsa approval decline --state PRY --text "No legal basis" \\
        0199f2c0-0000-7000-8000-000000000000
    """
    _act(state, approval_id, approval_decisions.decline, text)


def _act(state: str, approval_id: UUID, command: Callable[..., None], text: str | None) -> None:
    with acting(state) as actor:
        command(actor=actor, vault=vault(), approval_id=approval_id, seen=None, data=Telling(text))
        status = reading.read(approval_id).status
    click.echo(f"{approval_id} is {status}.")
