"""Begin an installation for a state, with no demo data."""

from __future__ import annotations

from dataclasses import dataclass

import click

from api import running
from api.bare import bare_app
from api.cli.context import explained
from api.cli.db import owner_url
from api.cli.options import Line, own_state_option
from salsa_ext.config import Config
from salsa_ext.db import transaction
from salsa_ext.errors import Conflict, say
from salsa_ext.policy.rules import operator
from salsa_ext.readmodels.accounts import list_accounts
from salsa_ext.readmodels.states import require_participant
from salsa_ext.services import accounts, agencies, database, installation
from salsa_ext.services.accounts import AccountData
from salsa_ext.services.agencies import AgencyData


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
    with running.database(Config.from_env()) as config:
        database.upgrade(owner_url(config))
        with bare_app(config).app_context():
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
            raise Conflict(say("{state} is begun already; salsa account list --state {state} shows its"
                               " accounts.", state=state))  # fmt: skip
        installation.begin_real(actor=actor)
        code = f"{state}-ADMINISTRATION"
        agencies.register(actor=actor, data=AgencyData(code, "licensing", code, zone))
        return [_administrator(state, code, number) for number in (1, 2)]


def _administrator(state: str, agency: str, number: int) -> Opened:
    username = f"{state.lower()}.administrator.{number}"
    data = AccountData(username, "state_administrator", agency)
    _, password = accounts.open_account(actor=operator(state), data=data)
    return Opened(username, password)
