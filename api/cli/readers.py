"""Who reads marks, judges matches and attaches files: in the name of which agency and officer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from api.auth import OFFICER
from api.cli.options import AGENCY
from salsa_ext.readmodels.contacts import agency_codes
from salsa_ext.services.fields import Problems, check_agency
from salsa_ext.values.actor import Actor


def _number(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not OFFICER.fullmatch(value):
        raise click.BadParameter("letters, digits and . _ / - alone, at most 40 characters")
    return value


officer_option = click.option("--officer", callback=_number,
                              help="The officer's number, never a name.")  # fmt: skip


def reader_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the two options by which a command says who read, judged or attached something."""
    agency = click.option("--agency", required=True, type=AGENCY, help="In whose name.")
    return agency(officer_option(command))


def reading_as(actor: Actor, agency: str, officer: str | None) -> Actor:
    """Return the operator in the name of an agency of his state; raises Invalid for another's."""
    problems = Problems()
    check_agency(problems, "agency", agency, agency_codes(actor.own_state()))
    problems.raise_any()
    return replace(actor, agency=agency, officer=officer)
