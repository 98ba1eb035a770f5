"""The audit of a state, from the server's own machine."""

from __future__ import annotations

from typing import Any

import click

from api.cli.context import acting, explained
from api.cli.options import STATE, Line, own_state_option
from api.cli.printing import echo_page, json_option, limit_option
from api.schemas.accounts import AuditResponse
from salsa_ext.audit import SUBJECT_KINDS, Action
from salsa_ext.readmodels import audit as reading
from salsa_ext.readmodels.audit import EntryView


class ActionType(click.ParamType):
    """An act by its code; there are too many of them for the help to list."""

    name = "action"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the code; a usage error that names those of the same subject where there is none such."""
        said = str(value)
        if said not in tuple(Action):
            near = [one for one in Action if one.startswith(f"{said.partition(':')[0]}:")]
            self.fail(f"there is no such act; there are {', '.join(near or Action)}", param, ctx)
        return said


@click.group()
def audit() -> None:
    """Read what a state did, and what other states did to its records."""


@audit.command("list")
@own_state_option
@click.option("--action", metavar="ACTION", type=ActionType(), help="Such as trace:sent.")
@click.option("--of", "subject_kind", type=click.Choice(SUBJECT_KINDS), metavar="KIND",
              help="To what it was done, such as trace.")  # fmt: skip
@click.option("--id", "subject_id", type=Line(100), help="The id of that.")
@click.option("--by", "owner_state", metavar="ISO", type=STATE, help="The state that acted.")
@limit_option
@json_option
@explained
def list_all(state: str, limit: int, as_json: bool, **filters: Any) -> None:
    """List acts that concern a state, newest first; who acted is named of its own alone.

    \b
    Example:
      salsa audit list --state PRY --of record --by BRA --limit 20
    """
    with acting(state) as actor:
        page = reading.list_entries(actor, filters, limit, None)
        echo_page(AuditResponse(), page, _row, as_json=as_json)


def _row(view: EntryView) -> tuple[Any, ...]:
    entry = view.entry
    by = "service" if view.by_itself else entry.role
    return (f"{entry.at:%Y-%m-%d %H:%M} UTC", entry.owner_state, entry.action, entry.subject_id,
            by, view.officer, entry.purpose, entry.case_number)  # fmt: skip
