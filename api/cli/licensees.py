"""Licensees of a state, from the server's own machine."""

from __future__ import annotations

from datetime import date, datetime

import click

from api.cli.context import acting, explained, recording
from api.cli.options import STATE, Line, own_state_option
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.licensees import list_licensees
from salsa_ext.services import licensees
from salsa_ext.services.licensees import Renewal
from salsa_ext.values.codes import LICENSEE_ROLES, PARTY_KINDS
from salsa_ext.values.licensees import Decision, LicenseeData
from salsa_ext.values.parties import Party

DAY = click.DateTime(["%Y-%m-%d"])
NUMBER = Line(100)
number_argument = click.argument("number", type=NUMBER)
reason_option = click.option("--reason", required=True, type=Line(500))
on_option = click.option("--on", type=DAY, help="The day from which it holds; else today.")


@click.group()
def licensee() -> None:
    """Keep the register of who may make, deal, import, export, carry and broker."""


@licensee.command()
@own_state_option
@click.option("--role", "roles", required=True, multiple=True, type=click.Choice(LICENSEE_ROLES),
              help="Give the option once for each role.")  # fmt: skip
@click.option("--kind", required=True, type=click.Choice(PARTY_KINDS))
@click.option("--from", "valid_from", required=True, type=DAY, help="The first day.")
@click.option(
    "--to", "valid_to", type=DAY, help="The last day; left out for a licence without end."
)
@click.option("--country", metavar="ISO", type=STATE, help="Where it sits; else the state itself.")
@click.option("--address", type=Line(500))
@click.option("--identification", type=Line(300), help="The number of a tax or trade register.")
@number_argument
@click.argument("name", type=Line(300))
@explained
def add(
    state: str, roles: tuple[str, ...], kind: str, valid_from: datetime, valid_to: datetime | None,
    country: str | None, address: str | None, identification: str | None, number: str, name: str,
) -> None:  # fmt: skip
    """Enter somebody into the register, under the number of the licence.

    \b
    Example:
      salsa licensee add --state PRY --role dealer --role importer --kind dealer \\
        --from 2026-01-01 --to 2026-12-31 L-7 "Armas del Sur"
    """
    party = Party(name, kind, country or state, address, identification=identification)
    last = valid_to.date() if valid_to else None
    with recording(state) as actor:
        data = LicenseeData(number, roles, party, valid_from.date(), last)
        licensees.record(actor=actor, data=data)
    click.echo(f"{number} is registered.")


@licensee.command("list")
@own_state_option
@explained
def list_all(state: str) -> None:
    """List the licensees of a state.

    \b
    Example:
      salsa licensee list --state PRY
    """
    with acting(state) as actor:
        for view in list_licensees(actor, {}, 10_000, None).items:
            row, party = view.licensee, view.parties.get(view.licensee.party_id)
            valid = f"{row.valid_from}..{row.valid_to or ''}"
            name = (party.name if party else None) or "-"
            click.echo(
                f"{row.number:<20} {row.status:<10} {valid:<24} {','.join(row.roles):<32} {name}"
            )


@licensee.command()
@own_state_option
@reason_option
@on_option
@number_argument
@explained
def suspend(state: str, reason: str, on: datetime | None, number: str) -> None:
    """Suspend a licence.

    \b
    Example:
      salsa licensee suspend --state PRY --reason "Inspection of the books" L-7
    """
    _decide(state, "suspend", number, on, reason)


@licensee.command()
@own_state_option
@reason_option
@on_option
@number_argument
@explained
def reinstate(state: str, reason: str, on: datetime | None, number: str) -> None:
    """Reinstate a licence that is suspended.

    \b
    Example:
      salsa licensee reinstate --state PRY --reason "Books in order" L-7
    """
    _decide(state, "reinstate", number, on, reason)


@licensee.command()
@own_state_option
@reason_option
@on_option
@number_argument
@explained
def revoke(state: str, reason: str, on: datetime | None, number: str) -> None:
    """Revoke a licence for good.

    \b
    Example:
      salsa licensee revoke --state PRY --reason "Sentence 12/2026" --on 2026-03-01 L-7
    """
    _decide(state, "revoke", number, on, reason)


@licensee.command()
@own_state_option
@reason_option
@on_option
@click.option("--books-with", required=True, type=NUMBER,
              help="Who holds the books: the number of another licensee, or an agency's code.")  # fmt: skip
@number_argument
@explained
def close(state: str, reason: str, on: datetime | None, books_with: str, number: str) -> None:
    """Note that a firm is no more, and who holds its books.

    \b
    Example:
      salsa licensee close --state PRY --reason "Dissolved" --books-with PRY-LICENSING L-7
    """
    _decide(state, "close", number, on, reason, books_with)


@licensee.command()
@own_state_option
@click.option("--to", "valid_to", required=True, type=DAY, help="The new last day.")
@number_argument
@explained
def renew(state: str, valid_to: datetime, number: str) -> None:
    """Let a licence last longer.

    \b
    Example:
      salsa licensee renew --state PRY --to 2027-12-31 L-7
    """
    with acting(state) as actor:
        found, data = licensees.find(number), Renewal(valid_to.date())
        licensees.renew(actor=actor, licensee_id=found, seen=None, data=data)
    click.echo(f"{number} is valid until {valid_to.date()}.")


def _decide(
    state: str, action: str, number: str, on: datetime | None, reason: str,
    books_with: str | None = None,
) -> None:  # fmt: skip
    with acting(state) as actor:
        day: date = on.date() if on else today(actor)
        found, data = licensees.find(number), Decision(reason, day, books_with)
        licensees.decide(actor=actor, licensee_id=found, seen=None, action=action, data=data)
        status = licensees.TRANSITIONS[action]
    click.echo(f"{number} is {next(iter(status.values()))}.")
