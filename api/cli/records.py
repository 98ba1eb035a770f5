"""Records of a state, from the server's own machine."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from api.cli.context import acting, explained
from api.cli.options import STATE, Line, own_state_option
from api.cli.printing import echo_json, echo_table, json_option, limit_option, warn_of_more
from api.schemas.records import DisclosureResponse
from salsa_ext.models import AuditEntry
from salsa_ext.readmodels.disclosed import list_disclosures
from salsa_ext.values.codes import PURPOSES


@click.group()
def record() -> None:
    """See what became of records of a state.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@record.command()
@own_state_option
@click.option("--to", "owner_state", metavar="ISO", type=STATE, help="To that state.")
@click.option("--purpose", type=click.Choice(PURPOSES))
@click.option("--case", "case_number", type=Line(100))
@limit_option
@json_option
@click.argument("record_id", metavar="ID", type=click.UUID)
@explained
def disclosures(state: str, limit: int, as_json: bool, record_id: UUID, **filters: Any) -> None:
    """List to whom a record of the state was given, for what, and which fields; newest first.

    \b
    Example:
      salsa record disclosures --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        page = list_disclosures(actor, filters, limit, None, record_id)
        if as_json:
            echo_json(DisclosureResponse(), page.items)
        else:
            echo_table(map(_row, page.items))
        warn_of_more(page)


def _row(entry: AuditEntry) -> tuple[Any, ...]:
    said = entry.data
    return (f"{entry.at:%Y-%m-%d %H:%M} UTC", said.get("to", entry.owner_state), entry.role, entry.purpose,
            entry.case_number, f"version {said['version']}", said.get("handling"),
            ",".join(said.get("groups", ())))  # fmt: skip
