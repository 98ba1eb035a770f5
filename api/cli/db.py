"""The schema of the database, and a new count of its records."""

from collections import Counter
from uuid import UUID

import click
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from api import jobs
from api.cli.context import explained, require_schema
from api.http.context import core_app, current_vault, transaction
from api.server import embedded_database
from salsa_ext.access.rules import operator
from salsa_ext.administration import distribution, migrations
from salsa_ext.core.config import Config
from salsa_ext.core.errors import NotConfigured, message
from salsa_ext.figures import COUNTED_DATASETS, COUNTED_KINDS
from salsa_ext.personal_data.erasure import encrypt_parties
from salsa_ext.reference.names import participants
from salsa_ext.statistics import rollups


@click.group()
def db() -> None:
    """The schema: its version, and where its tables are."""


@db.command()
@explained
def upgrade() -> None:
    """Run the migrations that are missing, and load the reference data.

    \b
    Example:
      salsa db upgrade
    """
    with embedded_database.running_database(Config.from_env()) as config:
        loaded = migrations.upgrade_schema(owner_url(config))
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
    with embedded_database.running_database(Config.from_env()) as config:
        at, needed = migrations.schema_revisions(owner_url(config))
    click.echo(f"at {at or 'nothing'}, needed {needed}")
    if at != needed:
        raise click.exceptions.Exit(1)


@db.command()
@click.option("--plan", "act", flag_value="plan", default=True, help="Show what would move.")
@click.option("--run", "act", flag_value="run", help="Move it, all or nothing.")
@click.option("--check", "act", flag_value="check", help="Exit with 1 where a rule is broken.")
@explained
def distribute(act: str) -> None:
    """Distribute the tables over the nodes of a Citus cluster.

    \b
    Example:
      salsa db distribute --plan
    """
    with (
        embedded_database.running_database(Config.from_env()) as config,
        create_engine(owner_url(config), poolclass=NullPool).begin() as connection,
    ):
        problems = distribution.find_problems(connection)
        plans = [] if problems else distribution.plan_tables(connection)
        if act == "check" and not problems:
            problems = distribution.find_misplaced(plans)
        for table, (kind, column, _), is_placed, rows, size in plans:
            how = f"by {column}" if column else "on every node"
            moves = "there already" if is_placed else "to be moved"
            click.echo(f"{table:16} {kind:12} {how:14} {rows:>12,} rows {size:>15,} bytes  {moves}")
        for problem in problems:
            click.echo(problem, err=True)
        if problems:
            raise click.exceptions.Exit(1)
        if act == "run":
            moved = distribution.distribute(connection, plans)
            click.echo(f"{len(moved)} tables moved.")


@db.command("rotate-key")
@explained
def rotate_key() -> None:
    """Encrypt addresses and identifications of persons with a new key, which is added to the key file.

    The key before it stays in the file until the next rotation. Copy the file afterwards.

    \b
    Example:
      salsa db rotate-key
    """
    with embedded_database.running_database(Config.from_env()) as config:
        require_schema(config)
        with core_app(config).app_context():
            current_vault().add_text_key()
            with transaction(operator(None)):
                states = participants()
            for state in states:
                after: UUID | None = UUID(int=0)
                while after:
                    actor = operator(state)
                    with transaction(actor):
                        after = encrypt_parties(actor=actor, after=after)
    click.echo("Personal values are encrypted with a new key. Copy the file of the master key now.")


def owner_url(config: Config) -> str:
    """Return the URL of the tables' owner; raises NotConfigured where none is given."""
    if config.migration_url is None:
        raise NotConfigured(
            message(
                "SALSA_MIGRATION_URL names the role that owns the tables. Set it with"
                " SALSA_DATABASE_URL."
            )
        )
    return config.migration_url


@click.command()
@explained
def recount() -> None:
    """Count the records of all states again, for all figures.

    For a new dataset, or after a fault. One state at a time; recording goes on meanwhile.

    \b
    Example:
      salsa recount
    """
    with embedded_database.running_database(Config.from_env()) as config:
        require_schema(config)
        jobs.require_worker(config)
        with jobs.worker_app(config).app_context():
            with transaction(operator(None)):
                states = participants()
            corrected = Counter[str]()
            for state in states:
                actor = operator(state)
                with transaction(actor):
                    corrected.update(
                        rollups.recount(actor=actor, kinds=COUNTED_KINDS, datasets=COUNTED_DATASETS)
                    )
    for dataset in COUNTED_DATASETS:
        click.echo(f"{dataset.code}: {corrected[dataset.code]} figures corrected.")
