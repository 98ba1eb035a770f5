"""Records of a state, from the server's own machine."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from api.cli.context import acting, explained
from api.cli.options import STATE, Line, own_state_option
from api.cli.printing import echo_json, echo_table, json_option, limit_option, warn_of_more
from api.schemas.records import DisclosureResponse
from salsa_ext.errors import Conflict, NotFound, say
from salsa_ext.readmodels import known
from salsa_ext.readmodels.disclosed import DisclosureView, list_disclosures
from salsa_ext.values.actor import Actor
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
@click.argument("record_id", metavar="RECORD", type=Line(100))
@explained
def disclosures(state: str, limit: int, as_json: bool, record_id: str, **filters: Any) -> None:
    """List to whom a record of the state was given, for what, and which fields; newest first.

    RECORD is its id, the number of its document or the serial of its gun.

    \b
    Example:
      salsa record disclosures --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        page = list_disclosures(actor, filters, limit, None, _meant(actor, record_id))
        if as_json:
            echo_json(DisclosureResponse(), page.items)
        else:
            echo_table(map(_row, page.items))
        warn_of_more(page)


def _meant(actor: Actor, typed: str) -> UUID:
    """Return the id of the record that is meant; raises NotFound, or Conflict with the ids of several."""
    found = known.find(actor, typed)
    if not found:
        raise NotFound("record", typed)
    if len(found) > 1:
        ids = ", ".join(str(one.record) for one in found[: known.MOST])
        if len(found) > known.MOST:
            raise Conflict(say("More records are meant by this than can be listed; the newest: {records}.",
                               records=ids))  # fmt: skip
        raise Conflict(say("Several records are meant by this: {records}.", records=ids))
    return found[0].record


def _row(view: DisclosureView) -> tuple[Any, ...]:
    entry = view.entry
    return (f"{entry.at:%Y-%m-%d %H:%M} UTC", view.state, "by itself" if view.is_by_itself else view.role,
            view.through, entry.purpose, entry.case_number, f"version {view.version}",
            entry.data.get("handling"), ",".join(entry.data.get("groups", ())))  # fmt: skip
