"""What commands on seizures and reports share: one by its number, and how it is printed."""

from __future__ import annotations

from typing import Any

import click

from api.cli.printing import echo_table
from salsa_ext.errors import NotFound
from salsa_ext.readmodels.documents import DocumentView, Kind, list_documents
from salsa_ext.values.actor import Actor


def chosen(actor: Actor, kind: Kind, number: str) -> DocumentView:
    """Return the document of a number of the own state; raises NotFound."""
    page = list_documents(actor, kind, {"number": number}, 1, None)
    if not page.items:
        raise NotFound(kind.name, number)
    return page.items[0]


def print_document(name: str, view: DocumentView) -> None:
    """Print a document with its items, each with its record and its marks."""
    row = view.document
    echo_table([(name, f"{row.number}, version {row.version}"), ("id", row.id)])
    for item in view.items:
        gun = item.record
        said = " ".join(filter(None, (gun.make_text, gun.model, gun.calibre_text)))
        click.echo(f"line {gun.line}: {said or gun.category}, marking {gun.marking}")
        echo_table([("record", gun.id), ("serial", gun.serial)], "  ")
        echo_table([_mark(each) for each in item.marks], "  ")


def _mark(mark: Any) -> tuple[Any, ...]:
    by = mark.reader
    who = f"{by.agency} {by.officer or ''} {by.at:%Y-%m-%d}" if by else ""
    return mark.text, mark.kind, mark.location, mark.condition, mark.method, who
