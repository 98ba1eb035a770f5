"""What commands print: tables for who reads, JSON for what reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click
from marshmallow import Schema

from api.i18n import translate
from salsa_ext.matching.holds import Move
from salsa_ext.readmodels.pages import Page
from salsa_ext.readmodels.remarks import Remark

json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, as over HTTP.")
limit_option = click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="At most so many.",
)


def echo_json(schema: Schema, shown: Any) -> None:
    """Print one thing, or several as a list, in the form in which the service answers over HTTP."""
    many = not hasattr(shown, "version") and isinstance(shown, Sequence)
    click.echo(json.dumps(schema.dump(shown, many=many), indent=2, ensure_ascii=False, default=str))


def echo_table(rows: Iterable[Sequence[Any]], indent: str = "") -> None:
    """Print rows in columns as wide as what stands in them; nothing for no rows."""
    texts = [["-" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo((indent + "  ".join(cells)).rstrip())


def echo_remarks(remarks: Iterable[Remark]) -> None:
    """Say on the standard error stream which words of what was taken nobody knows."""
    for remark in remarks:
        said = " ".join(map(translate, remark.messages))
        click.echo(f"{remark.field} ({remark.count}): {said}", err=True)


def echo_page(
    schema: Schema, page: Page[Any], row: Callable[[Any], Sequence[Any]], *, as_json: bool
) -> None:
    """Print a page of a list, as JSON or in columns of what `row` returns; say where it was cut."""
    if as_json:
        echo_json(schema, page.items)
    else:
        echo_table(map(row, page.items))
    warn_of_more(page)


def told_of_hold(move: Move) -> str:
    """Return what stops a shipment: whose word it is, since when, and why."""
    words = {"refused": "refused by", "lost": "lost, as told by"}.get(move.kind, "held by")
    return (
        f"{words} {move.state} since {move.at:%Y-%m-%d %H:%M}: {move.reason or 'no reason given'}"
    )


def warn_of_more(page: Page[Any]) -> None:
    """Say on the standard error stream that a list was cut."""
    if page.next:
        click.echo(f"There are more than these {len(page.items)}; see --limit.", err=True)
