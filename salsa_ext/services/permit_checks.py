"""What a permit has to say, and may not say, before it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from salsa_ext.articles import Article
from salsa_ext.errors import say
from salsa_ext.readmodels import names
from salsa_ext.services.fields import (
    Problems,
    check_agency,
    check_date,
    check_firearms,
    check_unique_lines,
)
from salsa_ext.values.permits import PermitData, Reference


def check(data: PermitData, owner: str, on: date, agencies: frozenset[str]) -> None:
    """Raise Invalid where the permit contradicts itself, or is not the owner's to issue.

    `agencies` are those of the owner.
    """
    problems = Problems()
    check_agency(problems, "authority.agency", data.authority.agency, agencies)
    _check_issuer(problems, data, owner)
    _check_dates(problems, data, on)
    _check_states(problems, data)
    _check_transit(problems, data)
    _check_references(problems, data)
    if not data.lines:
        problems.add("lines", say("A permit has at least one line."))
    check_firearms(problems, "lines", data.lines)
    check_unique_lines(problems, "lines", data.lines)
    problems.raise_any()


def _check_issuer(problems: Problems, data: PermitData, owner: str) -> None:
    if data.kind == "in_transit":
        if owner not in data.transit_states:
            problems.add(
                "transit_states",
                say("{state} issues this, so it must be among the transit states.", state=owner),
            )
        if not data.plan:
            problems.add("plan", say("A transit authorization gives its plan (Model Regulations 4.2)."),
                         Article.PLAN)  # fmt: skip
    elif data.issuing_state() != owner:
        field = "importing_state" if data.kind == "import" else "exporting_state"
        problems.add(
            field, say("Your state issues this document, so this must be {state}.", state=owner)
        )
    if data.exporting_state == data.importing_state:
        problems.add("importing_state", say("Two states are needed; for one, record a transfer."))


def _check_dates(problems: Problems, data: PermitData, on: date) -> None:
    check_date(problems, "issued_on", data.issued_on, on)
    if data.latest_import_on and data.latest_import_on < data.issued_on:
        problems.add(
            "latest_import_on", say("Nothing can be imported before the permit is issued.")
        )
    if data.expires_on < data.issued_on:
        problems.add("expires_on", say("A permit cannot expire before it is issued."))
    elif data.expires_on > (latest := one_year_after(data.issued_on)):
        problems.add("expires_on",
                     say("A permit is valid for one year at most: until {latest} (Model Regulations 8.1).",
                         latest=latest), Article.VALIDITY)  # fmt: skip


def _check_states(problems: Problems, data: PermitData) -> None:
    """Goods move between states that are there; what is gone is where guns were made."""
    transit = {f"transit_states.{at}": state for at, state in enumerate(data.transit_states)}
    sides = {"exporting_state": data.exporting_state, "importing_state": data.importing_state}
    for field, state in (sides | transit).items():
        last, successors = names.ended_states().get(state, (data.issued_on, []))
        if last >= data.issued_on:
            continue
        said = say("{state} ended on {last}, before the day of issue.", state=state, last=last)
        if successors:
            said = say("{state} ended on {last}, before the day of issue; today there are: {successors}.",
                       **said.params, successors=", ".join(successors))  # fmt: skip
        problems.add(field, said)


def _check_transit(problems: Problems, data: PermitData) -> None:
    sides = (data.exporting_state, data.importing_state)
    for index, state in enumerate(data.transit_states):
        if state in sides:
            said = say("{state} exports or imports; a transit state lies between.", state=state)
            problems.add(f"transit_states.{index}", said)
        elif state in data.transit_states[:index]:
            problems.add(f"transit_states.{index}", say("{state} appears twice.", state=state))


def _check_references(problems: Problems, data: PermitData) -> None:
    named: list[tuple[str, Reference | None, Sequence[str]]] = [
        ("import_permit", data.import_permit, [data.importing_state]),
        ("export_permit", data.export_permit, [data.exporting_state]),
    ] + [("transit_permits", permit, data.transit_states) for permit in data.transit_permits]
    for field, permit, states in named:
        if permit and permit.state not in states:
            problems.add(f"{field}.state" if field != "transit_permits" else field,
                         say("This document is issued by {state}.", state=", ".join(states)))  # fmt: skip


def one_year_after(day: date) -> date:
    """Return the same day of the next year; the last of February for a leap day."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)
