"""The schema of the database."""

from __future__ import annotations

import click

from api import running
from api.cli.context import explained
from salsa_ext.config import Config
from salsa_ext.errors import NotConfigured, say
from salsa_ext.services import database


@click.group()
def db() -> None:
    """Bring the schema to this version, or see how it stands."""


@db.command()
@explained
def upgrade() -> None:
    """Run the migrations that are missing, and load the reference data.

    \b
    Example:
      salsa db upgrade
    """
    with running.database(Config.from_env()) as config:
        loaded = database.upgrade(owner_url(config))
    rows = ", ".join(f"{count} {table}" for table, count in loaded.items())
    click.echo(f"The schema is at this version. Reference data: {rows}.")


@db.command()
@explained
def status() -> None:
    """Say at which revision the schema is; exit with 1 where it is not this version's.

    \b
    Example:
      salsa db status
    """
    with running.database(Config.from_env()) as config:
        at, wanted = database.standing(owner_url(config))
    click.echo(f"at {at or 'nothing'}, needed {wanted}")
    if at != wanted:
        raise click.exceptions.Exit(1)


def owner_url(config: Config) -> str:
    """Return the URL of the tables' owner; raises NotConfigured where none is given."""
    if config.migration_url is None:
        raise NotConfigured(say("SALSA_MIGRATION_URL names the role that owns the tables; set it"
                                " beside SALSA_DATABASE_URL."))  # fmt: skip
    return config.migration_url
