"""Accounts of a state, from the server's own machine."""

from __future__ import annotations

import click

from api.cli.context import acting, explained, recording
from api.cli.options import AGENCY, USERNAME, state_option
from salsa_ext.administration import accounts
from salsa_ext.administration.accounts import AccountData, list_accounts
from salsa_ext.core.codes import ROLES

WALL = "/wall?link="
"""What stands behind the address of the service in the link of a display."""


@click.group()
def account() -> None:
    """Create, close and list accounts."""


@account.command("create")
@state_option
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--agency", required=True, type=AGENCY, help="The agency's code, such as PRY-POLICE.")
@click.option("--post", metavar="POST", help="Where a display hangs.")
@click.argument("username", type=USERNAME)
@explained
def create_account(
    state: str | None, role: str, agency: str, post: str | None, username: str
) -> None:
    """Create an account; its password, or the one-time link of a display, is shown this once.

    \b
    Examples:
      salsa account create --state PRY --role police_officer --agency PRY-POLICE pry.ana
      salsa account create --state PRY --role display --agency PRY-BORDER \\
        --post ciudad-del-este-foz-do-iguacu pry.hall
    """
    with recording(state) as actor:
        data = AccountData(username, role, agency, post=post)
        _, secret = accounts.open_account(actor=actor, data=data)
    click.echo(WALL + secret if role == accounts.DISPLAY else secret)


@account.command("close")
@state_option
@click.argument("username", type=USERNAME)
@explained
def close_account(state: str | None, username: str) -> None:
    """Close an account and end its keys and sessions at once.

    \b
    Example:
      salsa account close --state PRY pry.ana
    """
    with acting(state) as actor:
        account = accounts.lock_account(username)
        accounts.close_account(actor=actor, account_id=account.id, expected_version=None)
        closed = account.username
    click.echo(f"{closed} is closed.")


@account.command("reset-password")
@state_option
@click.argument("username", type=USERNAME)
@explained
def reset_password(state: str | None, username: str) -> None:
    """Give an account a new password, shown this once, and end its keys and sessions.

    \b
    Example:
      salsa account reset-password --state PRY pry.ana
    """
    with acting(state) as actor:
        renewed = accounts.reset_password(actor=actor, username=username)
    click.echo(renewed)


@account.command("issue-link")
@state_option
@click.argument("username", type=USERNAME)
@explained
def issue_link(state: str | None, username: str) -> None:
    """Give a display a new one-time link, shown this once, and end what it was signed in by.

    \b
    Example:
      salsa account issue-link --state PRY pry.hall
    """
    with acting(state) as actor:
        token = accounts.issue_link(actor=actor, username=username)
    click.echo(WALL + token)


@account.command("list")
@state_option
@explained
def list_all(state: str | None) -> None:
    """List the accounts of a state.

    \b
    Example:
      salsa account list --state PRY
    """
    with acting(state) as actor:
        for row in list_accounts(actor, {}, 10_000, None).items:
            standing = "open" if row.is_active else "closed"
            click.echo(f"{row.username:<32} {row.role:<22} {row.agency:<24} {standing}")
