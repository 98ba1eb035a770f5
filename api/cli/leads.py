"""Leads of a state, from the server's own machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from api.cli.context import acting, explained
from api.cli.options import STATE, Line, own_state_option
from api.cli.printing import echo_json, echo_page, echo_table, json_option, limit_option
from api.i18n import translate
from api.schemas.leads import LeadResponse
from salsa_ext.matching.joined import Gun
from salsa_ext.services import leads
from salsa_ext.services.leads import LeadView
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.codes import LEAD_KINDS

case_option = click.option(
    "--case", "case_number", type=Line(100),
    help="The case for which other states' records are read too; they are told.",
)  # fmt: skip


@click.group()
def lead() -> None:
    """See what guns that were seized have in common, the most telling first.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@lead.command("list")
@own_state_option
@case_option
@click.option("--kind", type=click.Choice(LEAD_KINDS))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="With a seizure since that day.")
@click.option("--with", "with_state", metavar="ISO", type=STATE, help="Over records of that state.")
@click.option("--dealer", type=Line(200), help="Part of the name of a dealer that sold the guns.")
@limit_option
@json_option
@explained
def list_all(
    state: str, case_number: str | None, since: datetime | None, with_state: str | None,
    limit: int, as_json: bool, **filters: Any,
) -> None:  # fmt: skip
    """List leads, the strongest first, each with its points and how many guns it joins.

    \b
    Example:
      salsa lead list --state PRY --case C-17 --kind shared_dealer
    """
    filters |= {"since": since.date() if since else None, "state": with_state}
    with _reading(state, case_number) as actor:
        page = leads.list_leads(actor=actor, filters=filters, limit=limit, cursor=None)
        echo_page(LeadResponse(), page, _row, as_json=as_json)


@lead.command()
@own_state_option
@case_option
@json_option
@click.argument("lead_id", metavar="ID", type=click.UUID)
@explained
def show(state: str, case_number: str | None, as_json: bool, lead_id: UUID) -> None:
    """Show a lead: why it ranks where it does, its guns, and their records.

    \b
    Example:
      salsa lead show --state PRY --case C-17 0199f2c0-0000-7000-8000-000000000000
    """
    with _reading(state, case_number) as actor:
        view = leads.read_lead(actor=actor, lead_id=lead_id)
        if as_json:
            echo_json(LeadResponse(), view)
        else:
            _print(view)


@contextmanager
def _reading(state: str, case_number: str | None) -> Iterator[Actor]:
    with acting(state) as actor:
        why = Purpose("investigation", case_number) if case_number else None
        yield actor.for_purpose(why)


def _row(view: LeadView) -> tuple[Any, ...]:
    lead = view.lead
    return (lead.id, f"{lead.score:.1f}", lead.kind, len(lead.guns), lead.cases,
            ",".join(lead.states), lead.days[1], translate(lead.summary))  # fmt: skip


def _print(view: LeadView) -> None:
    lead = view.lead
    click.echo(f"{lead.kind}, {lead.score:.1f} points")
    echo_table([(f"{one.bits:+.1f}", translate(one.text)) for one in lead.reasons], "  ")
    for gun in view.guns:
        _print_gun(gun)
    if (left := len(lead.guns) - len(view.guns)) > 0:
        click.echo(f"There are {left} more.", err=True)


def _print_gun(gun: Gun) -> None:
    click.echo("gun")
    echo_table([(said.on, said.state, said.event, said.serial, said.make, said.id)
                for said in gun.records], "  ")  # fmt: skip
    for edge in gun.edges:
        if edge.match and not edge.is_confirmed:
            click.echo(f"  match to be judged: {edge.match}")
