"""What a key that signs papers needs and only this machine can do."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from api.cli.context import acting, explained
from api.cli.options import Line, own_state_option
from salsa_ext.access import signing


@click.group("signing-key")
def signing_key() -> None:
    """Make, list and report the keys that sign papers."""


@signing_key.command("report-stolen")
@own_state_option
@click.option(
    "--since",
    required=True,
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="When it was stolen, in UTC.",
)
@click.argument("kid", type=Line(40))
@explained
def report_stolen(state: str, since: datetime, kid: str) -> None:
    """Refuse what a key signed from a moment on, and let it sign no more.

    \b
    Example:
      salsa signing-key report-stolen --state PRY --since 2026-03-01 PRY-2026-1A2B3C4D
    """
    with acting(state) as actor:
        signing.report_compromise(actor=actor, kid=kid, since=since.replace(tzinfo=UTC))
    click.echo(
        f"{kid} is refused from {since:%Y-%m-%d %H:%M} UTC on. Publish the keys again:"
        " salsa signing-key get --json > keys.json"
    )
