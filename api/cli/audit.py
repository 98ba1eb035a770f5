"""Verify a state's audit without a database and without a network; record what logs lost."""

from pathlib import Path

import click

from api.cli.context import explained, require_schema
from api.cli.db import owner_url
from salsa_ext.core import log_verifier
from salsa_ext.core.config import Config

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """Verify the audit of a state, compare rows with it, record what it lost; read it over HTTP."""


@audit.command()
@click.option("--keys", required=True, type=FILE, help="What salsa signing-key get --json printed.")
@click.option(
    "--checkpoint", "older", multiple=True, type=FILE, help="A checkpoint of before; repeatable."
)
@click.option("--rows", type=FILE, help="What salsa audit compare --export wrote for the state.")
@click.argument("bundle", type=FILE)
def verify(keys: Path, older: tuple[Path, ...], rows: Path | None, bundle: Path) -> None:
    """Verify that no entry of a bundle was altered, removed, added or moved; else exit with 1.

    Give checkpoints that you stored before: they show whether the log was rewritten.

    \b
    Example:
      salsa audit verify --keys keys.json --checkpoint march.txt BRA-audit.zip
    """
    try:
        notes = [path.read_text() for path in older]
        result = log_verifier.verify_bundle(bundle, log_verifier.load_keys(keys), notes, rows)
    except log_verifier.NotProven as error:
        raise click.ClickException(f"Not proven: {error}. Ask the state for its log.") from None
    click.echo(
        f"{result.entries} of {result.size} entries of {result.state} are as they were sealed;"
        f" {result.without_text} are erased or withheld. Checkpoints of before: {result.older}."
        + (f" {result.rows} rows are as they were written." if rows else "")
    )


@audit.command()
@explained
@click.option(
    "--export",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder for a file of each state, for salsa audit verify --rows.",
)
def compare(export: Path | None) -> None:
    """Compare the rows of the database with what acts wrote, by the logs; exit with 1 for others.

    \b
    Example:
      salsa audit compare
    """
    # heavy, and of no use to those who verify or read
    import salsa_ext.tables  # noqa: F401 - rows of a model that is not loaded are not found
    from api.server import embedded_database
    from salsa_ext.access.vault import Vault
    from salsa_ext.sealed_log.row_comparison import compare_rows

    with embedded_database.running_database(Config.from_env()) as config:
        require_schema(config)
        result = compare_rows(owner_url(config), Vault.from_config(config), export)
    for problem in result.problems:
        click.echo(problem)
    if result.problems:
        raise click.ClickException(
            f"{len(result.problems)} differences: the database was changed outside the program."
            " Ask who may."
        )
    click.echo(
        f"{result.rows:,} rows of {result.entries:,} acts are as they were written;"
        f" {result.erased:,} are erased."
    )


@audit.command("record-loss")
@click.option(
    "--checkpoint", "older", multiple=True, type=FILE, help="A checkpoint of before; repeatable."
)
def record_loss(older: tuple[Path, ...]) -> None:
    """Record in the audits which acts are missing after the database was brought back to a time.

    They are found by the checkpoints stored with the backups, and by those given. `salsa restore` does it.

    \b
    Example:
      salsa audit record-loss --checkpoint march.txt
    """
    from api.cli import backup  # heavy, and of no use to those who verify or read

    backup.record_losses([path.read_text() for path in older])
