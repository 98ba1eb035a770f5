"""Whom to call in a state, from the server's own machine."""

from __future__ import annotations

import click

from api.cli.context import acting, explained, recording
from api.cli.options import AGENCY, Line, own_state_option, state_option
from salsa_ext.readmodels.contacts import list_contacts
from salsa_ext.services import agencies
from salsa_ext.services.agencies import ContactData
from salsa_ext.values.codes import CONTACT_KINDS


@click.group()
def contact() -> None:
    """Register and list the offices to call."""


@contact.command()
@own_state_option
@click.option("--agency", required=True, type=AGENCY, help="The agency's code, such as PRY-POLICE.")
@click.option("--kind", required=True, type=click.Choice(CONTACT_KINDS))
@click.option("--language", "languages", required=True, multiple=True, metavar="ISO639",
              type=Line(3))  # fmt: skip
@click.option("--hours", default="24/7", show_default=True, type=Line(100))
@click.option("--telephone", type=Line(50))
@click.option("--email", type=Line(200))
@explained
def add(
    state: str, agency: str, kind: str, languages: tuple[str, ...], hours: str,
    telephone: str | None, email: str | None,
) -> None:  # fmt: skip
    """Register an office to call, never a person, by telephone or e-mail.

    \b
    Example:
      salsa contact add --state PRY --agency PRY-POLICE --kind duty_24h \\
        --language es --telephone "+595 21 000000"
    """
    with recording(state) as actor:
        data = ContactData(agency, kind, languages, hours, telephone, email)
        agencies.add_contact(actor=actor, data=data)
    click.echo(f"{agency} is registered as {kind} of {state}.")


@contact.command("list")
@state_option
@explained
def list_all(state: str | None) -> None:
    """List the offices to call in a state, or in all.

    \b
    Example:
      salsa contact list --state PRY
    """
    with acting(state) as actor:
        for row in list_contacts(actor, {"state": state}, 10_000, None).items:
            ways = ", ".join(filter(None, (row.telephone, row.email)))
            click.echo(f"{row.owner_state}  {row.kind:<28} {row.agency:<28} {row.hours:<20} {ways}")
