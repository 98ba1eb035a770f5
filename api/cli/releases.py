"""Verify a release of figures without a database and without a network."""

from __future__ import annotations

import json
from pathlib import Path

import click

from api.cli.verify import keys_in
from salsa_ext.releases.signed_releases import NotProven, verify_release

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def release() -> None:
    """Verify a release of figures; make, list and read releases over HTTP."""


@release.command()
@click.option("--keys", required=True, type=FILE, help="What salsa signing-key get --json printed.")
@click.argument("path", metavar="FILE", type=FILE)
def verify(keys: Path, path: Path) -> None:
    """Verify that a release and its tables are as they were signed; else exit with 1.

    FILE is what salsa release get ID --json printed.

    \b
    Example:
      salsa release verify --keys keys.json figures-2025.json
    """
    try:
        document = json.loads(path.read_text())
        key = verify_release(document, keys_in(keys))
    except (NotProven, ValueError) as error:
        raise click.ClickException(f"Not proven: {error}.") from None
    click.echo(
        f"Release {document['number']} of {document['year']} is as {key.kid} signed it:"
        f" {len(document['tables'])} tables."
    )
