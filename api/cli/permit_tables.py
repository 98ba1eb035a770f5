"""How the command line prints permits."""

from __future__ import annotations

from typing import Any

import click

from api.cli.printing import echo_table
from salsa_ext.models import PermitLine
from salsa_ext.readmodels import unauthorised
from salsa_ext.readmodels.names import label
from salsa_ext.readmodels.permits import PermitView

SIDES = ("exporter", "importer", "final_consignee", "broker")


def row_of(view: PermitView) -> tuple[Any, ...]:
    """Return the columns of a list."""
    row = view.permit
    way = f"{row.exporting_state}>{row.importing_state}"
    return (row.owner_state, row.kind, row.number, view.status, view.standing, way,
            f"{row.issued_on}..{row.last_day}")  # fmt: skip


def print_permit(view: PermitView) -> None:
    """Print one permit: its facts, goods, findings and what happened to it."""
    row = view.permit
    sides = [(side, view.parties.get(getattr(row, f"{side}_id"))) for side in SIDES]
    facts = [
        ("document", f"{row.kind} {row.number} of {row.owner_state}, {row.agency}"),
        ("status", f"{view.status}, {view.standing}, version {view.version}"),
        ("valid", f"{row.issued_on}..{row.last_day}"),
        ("way", " > ".join((row.exporting_state, *row.transit_states, row.importing_state))),
        *((side, f"{party.name or '-'} ({party.country})") for side, party in sides if party),
    ]  # fmt: skip
    echo_table(facts)
    click.echo("goods")
    echo_table(map(_goods, view.lines), "  ")
    if view.findings:
        click.echo("does not add up")
        echo_table(map(_finding, view.findings), "  ")
    if view.events:
        click.echo("happened")
        echo_table([(f"{event.occurred_at:%Y-%m-%d %H:%M} UTC", event.kind, event.owner_state,
                     event.reason) for event in view.events], "  ")  # fmt: skip


def _goods(line: PermitLine) -> tuple[Any, ...]:
    balance = [(line.quantity, "authorised"), (line.shipped, "shipped"), (line.left, "left")]
    return (line.line, line.type_text, line.make_text, line.model, line.calibre_text,
            *(f"{amount.normalize():f} {word}" for amount, word in balance))  # fmt: skip


def _finding(found: dict[str, Any]) -> tuple[Any, ...]:
    if found["code"] == unauthorised.KIND:
        return (label("discrepancy_kind", found["code"], "en"), found["field"],
                found["ours"] or "(name not shown)", label("register_verdict", found["theirs"], "en"),
                found["state"])  # fmt: skip
    other = " ".join(filter(None, (found["state"], found["kind"], found["number"])))
    return (label("permit_standing", found["code"], "en"), found["field"],
            f"ours: {found['ours'] or '-'}", f"theirs: {found['theirs'] or '-'}", other)  # fmt: skip
