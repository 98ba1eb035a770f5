"""Begin an installation for a state, with no demo data."""

from __future__ import annotations

from dataclasses import dataclass

import click

from api.cli.context import explained
from api.cli.db import owner_url
from api.cli.options import Line, own_state_option
from api.http.context import core_app
from api.server import database
from salsa_ext.access.rules import operator
from salsa_ext.administration import accounts, agencies, installation, migrations
from salsa_ext.administration.accounts import AccountData, list_accounts
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.config import Config
from salsa_ext.core.errors import Conflict, message
from salsa_ext.database.session import transaction
from salsa_ext.reference.names import require_participant


@dataclass(frozen=True)
class Opened:
    """An account that was just opened."""

    username: str
    password: str


@click.command()
@own_state_option
@click.option(
    "--zone", default="UTC", show_default=True, type=Line(100), help="IANA zone of the capital."
)
@explained
def init(state: str, zone: str) -> None:
    """Make the database and the first two administrators of a state.

    Two, so that neither can act unseen. Their passwords are shown this once.

    \b
    Example:
      salsa init --state PRY --zone America/Asuncion
    """
    with database.running_database(Config.from_env()) as config:
        migrations.upgrade_schema(owner_url(config))
        with core_app(config).app_context():
            opened = _begin(state, zone)
    click.echo(f"Ready for {state}. Note these passwords; they are not shown again.\n")
    for account in opened:
        click.echo(f"  {account.username:<28} {account.password}")
    click.echo("\nNext: salsa serve, then open http://127.0.0.1:8000/")


def _begin(state: str, zone: str) -> list[Opened]:
    actor = operator(state)
    with transaction(actor):
        require_participant(state)
        if list_accounts(actor, {}, 1, None).items:
            raise Conflict(
                message(
                    "{state} is begun already; salsa account list --state {state} shows its"
                    " accounts.",
                    state=state,
                )
            )
        installation.declare_real(actor=actor)
        code = f"{state}-ADMINISTRATION"
        agencies.register_agency(actor=actor, data=AgencyData(code, "licensing", code, zone))
        return [_administrator(state, code, number) for number in (1, 2)]


def _administrator(state: str, agency: str, number: int) -> Opened:
    username = f"{state.lower()}.administrator.{number}"
    data = AccountData(username, "state_administrator", agency)
    _, password = accounts.open_account(actor=operator(state), data=data)
    return Opened(username, password)
