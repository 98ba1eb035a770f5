"""Checks of a permit's contents (Model Regulations 2.2.1, 3.2, 4.2, 8.1)."""

from collections.abc import Sequence
from datetime import date

from salsa_ext.core.errors import Article, message
from salsa_ext.core.field_checks import Problems, add_years, check_agency, check_date
from salsa_ext.firearms.records.validation import UNKNOWN_TYPE, check_firearms, check_unique_lines
from salsa_ext.reference import names
from salsa_ext.trade.permits.values import DocumentReference, PermitData


def validate_permit(
    data: PermitData,
    owner: str,
    on: date,
    agencies: frozenset[str],
    equivalent_years: int,
    is_reissue: bool = False,
) -> None:
    """Raise Invalid if a permit contradicts itself or its issuer.

    `owner` is the issuing state, `agencies` its agency codes. A certificate is valid for one year
    (Model Regulations 8.1), an equivalent document for `equivalent_years`. A reissue repeats the
    goods of its permit as recorded, so their description is not checked.
    """
    problems = Problems()
    check_agency(problems, "authority.agency", data.authority.agency, agencies)
    _check_states(problems, data, owner)
    _check_dates(problems, data, on, 1 if data.document_kind == "certificate" else equivalent_years)
    _check_references(problems, data)
    if not data.lines:
        problems.add("lines", message("A permit has at least one line."))
    check_firearms(problems, "lines", data.lines)
    check_unique_lines(problems, "lines", data.lines)
    for index, line in enumerate(() if is_reissue else data.lines):
        gun_type = names.resolve("type", line.type) or line.type
        if line.category == "firearm" and gun_type in (None, UNKNOWN_TYPE):
            problem = message(
                "Line {line} is for firearms and does not say of which type; give one, such"
                " as pistol, revolver or rifle (Model Regulations 2.2.1, 3.2 and 4.2).",
                line=line.line,
            )
            problems.add(f"lines.{index}.type", problem, Article.GOODS)
    problems.raise_any()


def _check_states(problems: Problems, data: PermitData, owner: str) -> None:
    """Check the issuer and the route; each state existed on the day of issue."""
    sides = {"exporting_state": data.exporting_state, "importing_state": data.importing_state}
    if data.kind == "in_transit":
        if owner not in data.transit_states:
            problem = message(
                "{state} issues this, so it must be among the transit states.", state=owner
            )
            problems.add("transit_states", problem)
        if not data.plan:
            problem = message("A transit authorization gives its plan (Model Regulations 4.2).")
            problems.add("plan", problem, Article.PLAN)
    elif sides[field := f"{data.kind}ing_state"] != owner:  # importing_ or exporting_state
        problem = message("Your state issues this document, so this must be {state}.", state=owner)
        problems.add(field, problem)
    if data.exporting_state == data.importing_state:
        problem = message("Two states are needed; for one, record a transfer.")
        problems.add("importing_state", problem)
    transit = {f"transit_states.{index}": state for index, state in enumerate(data.transit_states)}
    for field, state in (sides | transit).items():
        last, successors = names.former_states().get(state, (data.issued_on, []))
        if last >= data.issued_on:
            continue
        problem = message(
            "{state} ended on {last}, before the day of issue.", state=state, last=last
        )
        if successors:
            problem = message(
                "{state} ended on {last}, before the day of issue; today there are: {successors}.",
                **problem.params,
                successors=", ".join(successors),
            )
        problems.add(field, problem)
    for index, (field, state) in enumerate(transit.items()):
        if state in sides.values():
            problem = message(
                "{state} exports or imports; a transit state lies between.", state=state
            )
            problems.add(field, problem)
        elif state in data.transit_states[:index]:
            problems.add(field, message("{state} appears twice.", state=state))


def _check_dates(problems: Problems, data: PermitData, on: date, years: int) -> None:
    check_date(problems, "issued_on", data.issued_on, on)
    if data.latest_import_on and data.latest_import_on < data.issued_on:
        problem = message("Nothing can be imported before the permit is issued.")
        problems.add("latest_import_on", problem)
    if data.expires_on < data.issued_on:
        problems.add("expires_on", message("A permit cannot expire before it is issued."))
    elif data.expires_on <= (latest := add_years(data.issued_on, years)):
        return
    elif data.document_kind == "certificate":
        problem = message(
            "A certificate is valid for one year at most: until {latest} (Model Regulations 8.1).",
            latest=latest,
        )
        problems.add("expires_on", problem, Article.VALIDITY)
    else:
        problem = message(
            "Your state limits such documents to {years} years: until {latest}. Its administrator may"
            " change that.",
            years=years,
            latest=latest,
        )
        problems.add("expires_on", problem)


def _check_references(problems: Problems, data: PermitData) -> None:
    """Check that each referenced document is of a state that can issue it."""
    references: list[tuple[str, DocumentReference | None, Sequence[str]]] = [
        ("import_permit.state", data.import_permit, [data.importing_state]),
        ("export_permit.state", data.export_permit, [data.exporting_state]),
        *(("transit_permits", permit, data.transit_states) for permit in data.transit_permits),
    ]
    for field, permit, states in references:
        if permit and permit.state not in states:
            problem = message("This document is issued by {state}.", state=", ".join(states))
            problems.add(field, problem)
