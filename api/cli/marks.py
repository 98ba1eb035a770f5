"""How a mark is understood, without a database."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

import click

from salsa_ext.matching.readings import MarkRead, Reading, read

DAMAGE: Final = {
    "scientific": "a program wrote it as a power of ten",
    "number": "a program may have taken it for a number with thousands or decimals",
    "date": "a program may have taken it for a date",
    "precision": "a program keeps fifteen digits of a number, and wrote noughts for the rest",
    "error": "a formula failed; what stood there is gone",
    "width": "the column was too narrow; what stood there is gone",
    "cut": "its end is missing",
    "encoding": "its accents were read in another encoding",
}


@click.group()
def mark() -> None:
    """Understand marks as people write them."""


@mark.command("read")
@click.argument("cells", nargs=-1, required=True, metavar="TEXT…")
def read_(cells: tuple[str, ...]) -> None:
    """Show which marks a form's or spreadsheet's cell holds, and what it says of them.

    Needs no database and records nothing. A ? is one glyph that cannot be read, a * a run of them,
    [8B] one of two. A - for the text reads cells from standard input, one a line.

    \b
    Example:
      salsa mark read "Cano A3247, Armação A32475."
    """
    for cell in sys.stdin.read().splitlines() if cells == ("-",) else cells:
        click.echo(cell)
        for line in _told(read(cell)):
            click.echo(f"  {line}")


def _told(reading: Reading) -> Iterable[str]:
    yield from map(_mark, reading.marks)
    if not reading.marks:
        yield "no mark"
    if reading.marking:
        yield f"marking  {reading.marking}"
    if reading.damage:
        yield f"damage   {reading.damage}: {DAMAGE[reading.damage]}"
    yield from (f"remark   {remark}" for remark in reading.remarks)


def _mark(found: MarkRead) -> str:
    said = ", ".join(filter(None, (found.part, found.condition)))
    remark = f" “{found.remark}”" if found.remark else ""
    return f"mark     {found.text}" + (f" ({said})" if said else "") + remark
