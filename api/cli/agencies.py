"""Agencies of a state, from the server's own machine."""

from __future__ import annotations

import click

from api.cli.context import acting, explained, recording
from api.cli.options import Line, own_state_option, state_option
from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.codes import AGENCY_KINDS
from salsa_ext.reference.agencies import list_agencies


@click.group()
def agency() -> None:
    """Create and list agencies."""


@agency.command()
@state_option
@click.option("--kind", required=True, type=click.Choice(AGENCY_KINDS))
@click.option(
    "--zone", required=True, type=Line(100), help="IANA zone of the dates that it writes."
)
@click.option(
    "--post",
    "posts",
    multiple=True,
    type=Line(100),
    help="A border post at which it stands, by its code; once for each.",
)
@click.argument("code", type=Line(60))
@click.argument("name", type=Line(200))
@explained
def create(
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
def list_all(state: str | None) -> None:
    """List the agencies of a state, or of all.

    \b
    Example:
      salsa agency list --state PRY
    """
    with acting(state) as actor:
        for row in list_agencies(actor, {"state": state}, 10_000, None).items:
            named = "  ".join([row.name, *row.posts])
            click.echo(f"{row.code:<28} {row.kind:<18} {row.time_zone:<32} {named}")
