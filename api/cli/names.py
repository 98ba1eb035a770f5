"""What a make, calibre or type that somebody wrote means, and how sure that is."""

from __future__ import annotations

import click

from api.cli.context import acting, explained
from salsa_ext.readmodels import names

KINDS = ("make", "calibre", "type")


@click.group()
def name() -> None:
    """Read names of makes, calibres and types as the service reads them."""


@name.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("texts", metavar="TEXT...", nargs=-1, required=True)
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1))
@explained
def resolve(kind: str, texts: tuple[str, ...], limit: int) -> None:
    """Show what each TEXT means or may mean, the surest first.

    What is certain becomes the code of a record; the rest is for people to choose from.

    \b
    Example:
      salsa name resolve make "tauros" "SMITH & WE"
      salsa name resolve calibre "7,62" "09 milimetros"
    """
    with acting(None):
        for text in texts:
            _show(kind, text, limit)


def _show(kind: str, text: str, limit: int) -> None:
    certain = names.resolve(kind, text)
    found = names.candidates(kind, text, limit)
    if not found:
        click.echo(f"{text}: {names.remark(kind, text) or 'nothing like it'}")
    for one in found:
        said = "certain" if one.code == certain else f"{one.sureness:.2f}"
        click.echo(f"{text}: {one.code:<24} {said:<8} {one.how}")
