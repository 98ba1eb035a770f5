"""Permits of a state, from the server's own machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any

import click

from api.cli.bodies import file_option, read_body
from api.cli.context import acting, explained, recording
from api.cli.options import STATE, Line, own_state_option
from api.cli.permit_tables import print_permit, row_of
from api.cli.printing import (
    echo_json,
    echo_page,
    echo_remarks,
    json_option,
    limit_option,
)
from api.schemas.changes import AmendRequest, ReissueRequest
from api.schemas.permits import PermitRequest, PermitResponse
from salsa_ext.errors import NotFound
from salsa_ext.readmodels import permits as reading
from salsa_ext.readmodels import remarks
from salsa_ext.readmodels.permits import PermitView
from salsa_ext.services import amendments, cancellations, permits, reissues
from salsa_ext.values.actor import Actor
from salsa_ext.values.changes import Decision
from salsa_ext.values.codes import PERMIT_KINDS, PERMIT_STATUSES, STANDINGS
from salsa_ext.values.manifests import listed

NUMBER = Line(100)
SAME_NUMBER = 200
number_argument = click.argument("number", type=NUMBER)
kind_option = click.option("--kind", type=click.Choice(PERMIT_KINDS),
                           help="Where permits of several kinds have the number.")  # fmt: skip
reason_option = click.option("--reason", required=True, type=Line(1000))


@click.group()
def permit() -> None:
    """Issue, follow and change import and export certificates and in-transit authorizations.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@permit.command("list")
@own_state_option
@click.option("--kind", type=click.Choice(PERMIT_KINDS))
@click.option("--status", type=click.Choice(PERMIT_STATUSES))
@click.option("--standing", type=click.Choice(STANDINGS), help="Against its counterparts.")
@click.option("--number", type=NUMBER)
@click.option("--exporting-state", metavar="ISO", type=STATE)
@click.option("--importing-state", metavar="ISO", type=STATE)
@limit_option
@json_option
@explained
def list_all(state: str, limit: int, as_json: bool, **filters: str | None) -> None:
    """List the permits that concern a state, newest first.

    \b
    Example:
      salsa permit list --state PRY --kind import --standing mismatch
    """
    with acting(state) as actor:
        page = reading.list_permits(actor, filters, limit, None)
        echo_page(PermitResponse(), page, row_of, as_json=as_json)


@permit.command()
@own_state_option
@kind_option
@click.option("--of", "issuer", metavar="ISO", type=STATE,
              help="The state that issued it, where it is another.")  # fmt: skip
@json_option
@number_argument
@explained
def show(state: str, kind: str | None, issuer: str | None, as_json: bool, number: str) -> None:
    """Show a permit with its balance, what does not add up, and what happened to it.

    \b
    Example:
      salsa permit show --state PRY --of BRA BRA-E-0001
    """
    with acting(state) as actor:
        view = chosen(actor, number, kind, issuer)
        if as_json:
            echo_json(PermitResponse(), view)
        else:
            print_permit(view)


@permit.command()
@own_state_option
@file_option
@explained
def issue(state: str, file: IO[bytes]) -> None:
    """Issue a permit; the file is what POST /api/v1/permits takes.

    \b
    Example:
      salsa permit issue --state PRY --file certificate.json
    """
    with recording(state) as actor:
        data = read_body(file, PermitRequest())
        view = reading.read(actor, permits.record(actor=actor, data=data))
        said = f"{data.kind} {data.number} is {view.status}, {view.standing}."
        noted = remarks.on_firearms(listed("lines", data.lines), actor.language)
    click.echo(said)
    echo_remarks(noted)


def _decision(name: str, command: Callable[..., None], purpose: str, example: str) -> None:
    def decide(state: str, kind: str | None, reason: str, number: str) -> None:
        with acting(state) as actor:
            said = _change(actor, number, kind, command, Decision(reason))
        click.echo(said)

    decide.__name__ = name
    decide.__doc__ = f"""{purpose}

    \b
    Example:
      salsa permit {name} --state PRY --reason "{example}" PRY-I-0001
    """
    options = (own_state_option, kind_option, reason_option, number_argument, explained)
    decorated: Any = decide
    for option in reversed(options):
        decorated = option(decorated)
    permit.command(name)(decorated)


_decision("cancel", cancellations.cancel,
          "Cancel a permit of the state for good; what was not shipped lapses.",
          "Issued in error")  # fmt: skip
_decision("suspend", cancellations.suspend,
          "Suspend a permit of the state until it is reinstated.", "The end use is looked into")  # fmt: skip
_decision("reinstate", cancellations.reinstate,
          "Reinstate a suspended permit of the state.", "The end use is confirmed")  # fmt: skip


@permit.command()
@own_state_option
@kind_option
@file_option
@number_argument
@explained
def amend(state: str, kind: str | None, file: IO[bytes], number: str) -> None:
    """Amend the source of the goods or the plan of a transit; nothing else is amended.

    The file is what POST /api/v1/permits/…/amend takes.

    \b
    Example:
      echo '{"source": "Stock of 2026", "authentication": "Seal 12", "reason": "Sold out"}' |
        salsa permit amend --state PRY --file - PRY-I-0001
    """
    with acting(state) as actor:
        data = read_body(file, AmendRequest())
        said = _change(actor, number, kind, amendments.amend, data)
    click.echo(said)


@permit.command()
@own_state_option
@kind_option
@file_option
@number_argument
@explained
def reissue(state: str, kind: str | None, file: IO[bytes], number: str) -> None:
    """Issue a new permit for what is left of one, which it replaces.

    The file is what POST /api/v1/permits/…/reissue takes: the new number and dates, who signs, and
    the lines where not all that is left is reissued.

    \b
    Example:
      salsa permit reissue --state PRY --file again.json PRY-I-0001
    """
    with acting(state) as actor:
        data = read_body(file, ReissueRequest())
        old = chosen(actor, number, kind, actor.own_state())
        fresh = reissues.reissue(actor=actor, permit_id=old.permit.id, seen=None, data=data)
        view = reading.read(actor, fresh)
        said = f"{view.permit.kind} {data.number} is {view.status}, in place of {number}."
    click.echo(said)


def chosen(actor: Actor, number: str, kind: str | None, issuer: str | None = None) -> PermitView:
    """Return the one permit of a number; raises NotFound, and asks where there are several."""
    wanted = {"number": number, "kind": kind}
    found = [view for view in reading.list_permits(actor, wanted, SAME_NUMBER, None).items
             if issuer in (None, view.permit.owner_state)]  # fmt: skip
    if not found:
        raise NotFound("permit", number)
    if len(found) > 1:
        several = ", ".join(
            sorted(f"{view.permit.kind} of {view.permit.owner_state}" for view in found)
        )
        raise click.UsageError(f"Several permits have the number {number} ({several}): say which.")
    return found[0]


def _change(
    actor: Actor, number: str, kind: str | None, command: Callable[..., None], data: Any
) -> str:
    found = chosen(actor, number, kind, actor.own_state()).permit
    command(actor=actor, permit_id=found.id, seen=None, data=data)
    view = reading.read(actor, found.id)
    return f"{found.kind} {number} is {view.status}, version {view.version}."
