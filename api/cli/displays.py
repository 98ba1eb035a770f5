"""Displays on the walls of border posts, from the server's own machine."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from api.cli.context import acting, explained
from api.cli.options import USERNAME, Line, own_state_option
from api.cli.printing import echo_table
from salsa_ext.readmodels.displays import list_displays
from salsa_ext.services import displays
from salsa_ext.services.displays import DisplayData
from salsa_ext.values.codes import LANGUAGES

MOST = 200


@click.group()
def display() -> None:
    """Pair displays on the walls of posts, see when each was last seen, and revoke them."""


@display.command()
@own_state_option
@click.option(
    "--for", "username", required=True, type=USERNAME, help="The supervisor who answers for it."
)
@click.option("--language", default="en", show_default=True, type=click.Choice(LANGUAGES))
@click.option("--name", default="wall", show_default=True, type=Line(100),
              help="By which it is known again.")  # fmt: skip
@click.argument("post", metavar="POST")
@explained
def add(state: str, username: str, language: str, name: str, post: str) -> None:
    """Make a display of a state's side of a post; its code is shown this once, to be typed at /wall.

    \b
    Example:
      salsa display add --state PRY --for pry.supervisor --language es ciudad-del-este-foz-do-iguacu
    """
    with acting(state) as actor:
        made = displays.add(actor=actor, post=post, data=DisplayData(name, language, username))
    click.echo(f"{made.id}\n{made.code}")


@display.command("list")
@own_state_option
@explained
def listed(state: str) -> None:
    """List the displays of a state, and when each was last seen.

    \b
    Example:
      salsa display list --state PRY
    """
    with acting(state) as actor:
        rows = list_displays(actor, {}, MOST, None).items
        echo_table([
            (row.id, row.post, row.name, row.language, _standing(row)) for row in rows
        ], "")  # fmt: skip


@display.command()
@own_state_option
@click.argument("display_id", type=click.UUID)
@explained
def revoke(state: str, display_id: UUID) -> None:
    """End a display at once.

    \b
    Example:
      salsa display revoke --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        displays.revoke(actor=actor, display_id=display_id)
    click.echo("The display is revoked.")


def _standing(row: Any) -> str:
    if row.revoked_at:
        return "revoked"
    return f"seen {row.seen_at:%Y-%m-%d %H:%M}" if row.seen_at else "not paired"
