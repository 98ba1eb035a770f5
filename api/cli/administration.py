"""Accounts, keys, signing keys and agencies, on the machine of the server."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click

from api.cli.context import (
    AGENCY,
    USERNAME,
    Line,
    acting,
    explained,
    own_state_option,
    recording,
    state_option,
)
from api.cli.printing import echo_table
from salsa_ext.access import signing
from salsa_ext.access.models import ApiKey
from salsa_ext.administration import accounts, agencies, keys
from salsa_ext.administration.accounts import AccountData
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.administration.keys import KeyData
from salsa_ext.core.codes import AGENCY_KINDS, ROLES
from salsa_ext.reference import agencies as registered

WALL = "/wall?link="
"""Path of the link that signs a display in."""


@click.group()
def account() -> None:
    """Create, close and list accounts."""


@account.command("create")
@state_option
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--agency", required=True, type=AGENCY, help="The agency's code, such as PRY-POLICE.")
@click.option("--post", metavar="POST", help="Border post of a display.")
@click.argument("username", type=USERNAME)
@explained
def create_account(
    state: str | None, role: str, agency: str, post: str | None, username: str
) -> None:
    """Create an account; shows its password, or the one-time link of a display, once.

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
    """Give an account a new password, shown once, and end its keys and sessions.

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
    """Give a display a new one-time link, shown once, and end its sessions.

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
def list_accounts(state: str | None) -> None:
    """List the accounts of a state.

    \b
    Example:
      salsa account list --state PRY
    """
    with acting(state) as actor:
        for row in accounts.list_accounts(actor, {}, 10_000, None).items:
            status = "open" if row.is_active else "closed"
            click.echo(f"{row.username:<32} {row.role:<22} {row.agency:<24} {status}")


@click.group()
def key() -> None:
    """Create, list and revoke keys."""


@key.command("create")
@state_option
@click.option(
    "--days",
    default=90,
    show_default=True,
    type=click.IntRange(1, keys.MAX_KEY_DAYS),
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
    "--network",
    "networks",
    multiple=True,
    type=Line(50),
    help="Only from this range of addresses (CIDR); give the option once for each.",
)
@click.option(
    "--name", default="program", show_default=True, type=Line(100), help="What the key is for."
)
@click.argument("username", type=USERNAME)
@explained
def create_key(state: str | None, username: str, **options: Any) -> None:
    """Create a key for an account; shown once.

    \b
    Example:
      salsa key create --state PRY --days 30 --scope check:make --network 10.1.0.0/16 pry.ana
    """
    with acting(state) as actor:
        data = KeyData(username, **options)
        key_id, token = keys.issue_key(actor=actor, data=data)
    click.echo(f"{key_id}\n{token}")


@key.command("list")
@state_option
@explained
def list_keys(state: str | None) -> None:
    """List the keys of a state, newest first; none of them can be read back.

    \b
    Example:
      salsa key list --state PRY
    """
    with acting(state) as actor:
        echo_table(map(_key_row, keys.list_keys(actor, {}, 10_000, None).items))


@key.command("revoke")
@state_option
@click.argument("key_id", type=click.UUID)
@explained
def revoke_key(state: str | None, key_id: UUID) -> None:
    """End a key at once.

    \b
    Example:
      salsa key revoke --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        keys.revoke_key(actor=actor, key_id=key_id)
    click.echo("The key is revoked.")


def _key_row(row: ApiKey) -> tuple[Any, ...]:
    status = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else "open"
    return (row.id, row.name, f"until {row.expires_at:%Y-%m-%d}", status, ",".join(row.scopes))


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
    """Refuse what a stolen key signed since, and end the key.

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


@click.group()
def agency() -> None:
    """Create and list agencies."""


@agency.command("create")
@state_option
@click.option("--kind", required=True, type=click.Choice(AGENCY_KINDS))
@click.option("--zone", required=True, type=Line(100), help="IANA time zone of its dates.")
@click.option(
    "--post",
    "posts",
    multiple=True,
    type=Line(100),
    help="A border post where it works, by its code; repeatable.",
)
@click.argument("code", type=Line(60))
@click.argument("name", type=Line(200))
@explained
def create_agency(
    state: str | None, kind: str, zone: str, posts: tuple[str, ...], code: str, name: str
) -> None:
    """Create an agency; accounts, permits and seizures name it by its code.

    \b
    Example:
      salsa agency create --state PRY --kind police --zone America/Asuncion \\
        PRY-POLICE "Policía Nacional"
    """
    with recording(state) as actor:
        agencies.register_agency(actor=actor, data=AgencyData(code, kind, name, zone, posts))
    click.echo(f"{code} is registered.")


@agency.command("set-posts")
@own_state_option
@click.argument("code", type=Line(60))
@click.argument("posts", metavar="[POST]...", nargs=-1)
@explained
def set_posts(state: str, code: str, posts: tuple[str, ...]) -> None:
    """Set all border posts of an agency, or none.

    Its border officers are notified when the other side of a post asks for a call.

    \b
    Example:
      salsa agency set-posts --state PRY PRY-ADUANA-CDE ciudad-del-este-foz-do-iguacu
    """
    with recording(state) as actor:
        agencies.set_agency_posts(actor=actor, code=code, posts=posts)
    click.echo(f"{code} serves {', '.join(posts) or 'no post'}.")


@agency.command("list")
@state_option
@explained
def list_agencies(state: str | None) -> None:
    """List the agencies of a state, or of all.

    \b
    Example:
      salsa agency list --state PRY
    """
    with acting(state) as actor:
        for row in registered.list_agencies(actor, {"state": state}, 10_000, None).items:
            named = "  ".join([row.name, *row.posts])
            click.echo(f"{row.code:<28} {row.kind:<18} {row.time_zone:<32} {named}")
