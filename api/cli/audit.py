"""Verify a state's audit without a database and without a network; record what logs lost."""

from __future__ import annotations

from pathlib import Path

import click

from salsa_ext.core import log_verifier

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """Verify the audit of a state, or record what it lost; read it over HTTP, with a key."""


@audit.command()
@click.option("--keys", required=True, type=FILE, help="What salsa signing-key get --json printed.")
@click.option(
    "--checkpoint", "older", multiple=True, type=FILE, help="A checkpoint of before; repeatable."
)
@click.argument("bundle", type=FILE)
def verify(keys: Path, older: tuple[Path, ...], bundle: Path) -> None:
    """Verify that no entry of a bundle was altered, removed, added or moved; else exit with 1.

    Give checkpoints that you stored before: they show whether the log was rewritten.

    \b
    Example:
      salsa audit verify --keys keys.json --checkpoint march.txt BRA-audit.zip
    """
    try:
        notes = [path.read_text() for path in older]
        result = log_verifier.verify_bundle(bundle, log_verifier.load_keys(keys), notes)
    except log_verifier.NotProven as error:
        raise click.ClickException(f"Not proven: {error}. Ask the state for its log.") from None
    click.echo(
        f"{result.entries} of {result.size} entries of {result.state} are as they were sealed;"
        f" {result.without_text} are erased or withheld. Checkpoints of before: {result.older}."
    )


@audit.command("record-loss")
@click.option(
    "--checkpoint", "older", multiple=True, type=FILE, help="A checkpoint of before; repeatable."
)
def record_loss(older: tuple[Path, ...]) -> None:
    """Record in the audits which acts are missing after the database was brought back to a time.

    They are found by the checkpoints beside the backups, and by those given. `salsa restore` does it.

    \b
    Example:
      salsa audit record-loss --checkpoint march.txt
    """
    from api.cli import backup  # heavy, and of no use to those who verify or read

    backup.record_losses([path.read_text() for path in older])
