"""Keys by which states sign their papers, from the server's own machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from api.cli.context import acting, application, explained
from api.cli.options import Line, own_state_option, state_option
from api.vault import vault
from salsa_ext.db import transaction
from salsa_ext.policy.rules import visitor
from salsa_ext.readmodels.signing import key_set
from salsa_ext.services import signing


@click.group("signing-key")
def signing_key() -> None:
    """Make, retire, list and hand out the keys that sign papers."""


@signing_key.command()
@own_state_option
@explained
def rotate(state: str) -> None:
    """Make a new key for a state and retire the one before it, whose papers stay good.

    \b
    Example:
      salsa signing-key rotate --state PRY
    """
    with acting(state) as actor:
        kid = signing.rotate(actor=actor, vault=vault())
    click.echo(
        f"{state} signs by {kid} from now on; hand out the keys anew: salsa signing-key export"
    )


@signing_key.command("report-stolen")
@own_state_option
@click.option("--since", required=True, type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
              help="When it was stolen, in UTC.")  # fmt: skip
@click.argument("kid", type=Line(40))
@explained
def report_stolen(state: str, since: datetime, kid: str) -> None:
    """Refuse what a key signed from a moment on, and let it sign no more.

    \b
    Example:
      salsa signing-key report-stolen --state PRY --since 2026-03-01 PRY-2026-1A2B3C4D
    """
    with acting(state) as actor:
        signing.compromise(actor=actor, kid=kid, since=since.replace(tzinfo=UTC))
    click.echo(f"{kid} is refused from {since:%Y-%m-%d %H:%M} UTC on; hand out the keys anew.")


@signing_key.command("list")
@state_option
@explained
def list_all(state: str | None) -> None:
    """List the keys of a state, or of all.

    \b
    Example:
      salsa signing-key list --state PRY
    """
    with acting(state):
        keys = [key for key in key_set()["keys"] if state in (None, key["state"])]
    for key in keys:
        ends = [("retired", key["retired_at"]), ("stolen", key["compromised_at"])]
        said = ", ".join(f"{word} {at:%Y-%m-%d %H:%M}" for word, at in ends if at) or "signs"
        click.echo(f"{key['kid']}  from {key['valid_from']:%Y-%m-%d %H:%M}  {said}")


@signing_key.command()
@explained
def export() -> None:
    """Write the public keys of all states as a JWK set, for checking papers without a network.

    \b
    Example:
      salsa signing-key export > keys.json
    """
    with application(), transaction(visitor()):
        keys = key_set()
    click.echo(json.dumps(keys, default=datetime.isoformat, indent=1))
