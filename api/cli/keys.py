"""Keys of programs, from the server's own machine."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from api.cli.context import acting, explained
from api.cli.options import USERNAME, Line, state_option
from api.cli.printing import echo_table
from salsa_ext.access.models import ApiKey
from salsa_ext.administration import accounts
from salsa_ext.administration.accounts import KeyData, list_keys


@click.group()
def key() -> None:
    """Create, list and revoke keys."""


@key.command()
@state_option
@click.option(
    "--days",
    default=90,
    show_default=True,
    type=click.IntRange(1, accounts.MAX_KEY_DAYS),
    help="How long it lasts.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=Line(50),
    help="Only this permission; give the option once for each. Left out, all of the role's.",
)
@click.option(
    "--name", default="program", show_default=True, type=Line(100), help="What the key is for."
)
@click.argument("username", type=USERNAME)
@explained
def create(state: str | None, days: int, scopes: tuple[str, ...], name: str, username: str) -> None:
    """Create a key for an account; it is shown this once.

    \b
    Example:
      salsa key create --state PRY --days 30 --scope check:make pry.ana
    """
    with acting(state) as actor:
        data = KeyData(username, name, days, scopes)
        key_id, token = accounts.issue_key(actor=actor, data=data)
    click.echo(f"{key_id}\n{token}")


@key.command("list")
@state_option
@explained
def list_all(state: str | None) -> None:
    """List the keys of a state, newest first; none of them can be read back.

    \b
    Example:
      salsa key list --state PRY
    """
    with acting(state) as actor:
        echo_table(map(_row, list_keys(actor, {}, 10_000, None).items))


@key.command()
@state_option
@click.argument("key_id", type=click.UUID)
@explained
def revoke(state: str | None, key_id: UUID) -> None:
    """End a key at once.

    \b
    Example:
      salsa key revoke --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        accounts.revoke_key(actor=actor, key_id=key_id)
    click.echo("The key is revoked.")


def _row(row: ApiKey) -> tuple[Any, ...]:
    standing = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else "open"
    return (row.id, row.name, f"until {row.expires_at:%Y-%m-%d}", standing, ",".join(row.scopes))
