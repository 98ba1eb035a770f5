"""Declarations of states on their registers: declare, list, and what is in force."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, tuple_

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, Message, message
from salsa_ext.core.field_checks import Problems
from salsa_ext.core.ids import new_id
from salsa_ext.database.paging import WRONG_CURSOR, Page
from salsa_ext.database.session import db, execute_raw
from salsa_ext.reference import names
from salsa_ext.reference.calendars import today
from salsa_ext.reference.participation.models import Participation
from salsa_ext.reference.participation.rules import Declaration, Declarations

_COLUMNS: Final = tuple(field.name for field in fields(Declaration))
_DECLARED_AT: Final = (
    "SELECT DISTINCT ON (owner_state, register) owner_state,"  # noqa: S608 - columns of ours
    f" {', '.join(_COLUMNS)}"
    " FROM unnest(%(states)s::char(3)[], %(moments)s::timestamptz[]) AS searched (state, at)"
    " JOIN participation ON owner_state = state AND declared_at <= at"
    " ORDER BY owner_state, register, version DESC"
)
_PARTICIPATING: Final = (
    "SELECT DISTINCT owner_state FROM ("
    "SELECT DISTINCT ON (owner_state, register) owner_state, register, since, until"
    " FROM participation"
    " ORDER BY owner_state, register, version DESC) AS current"
    " WHERE since <= %(on)s AND (until IS NULL OR until >= %(on)s)"
    " AND coalesce(register = %(register)s, true)"
)


@dataclass(frozen=True)
class DeclarationView:
    """A version of a state's declaration, and whether it is in force today."""

    row: Participation
    declaration: Declaration
    in_force: bool


def declare(*, actor: Actor, data: Declaration) -> UUID:
    """Declare a register, or change its declaration; returns the version's id.

    Raises Invalid, Conflict where another person declares it at the same moment.
    """
    require(actor, Permission.PARTICIPATION_DECLARE)
    own = actor.own_state()
    makes = _check(data)
    last = select(func.max(Participation.version)).where(
        Participation.owner_state == own, Participation.register == data.register
    )
    row = Participation(
        id=new_id(),
        owner_state=own,
        version=(db.session.scalar(last) or 0) + 1,
        declared_at=actor.now(),
        **vars(data) | {"makes": makes},
    )
    db.session.add(row)
    db.session.flush()
    entry = {"register": data.register, "version": row.version}
    append(actor, AuditEvent(Action.PARTICIPATION_DECLARED, "participation", row.id, data=entry))
    return row.id


def _check(data: Declaration) -> list[str]:
    """Return the codes of the makes; raises Invalid."""
    problems, makes = Problems(), []
    if data.until is not None and data.until < data.since:
        problems.add("until", message("The last day is before the first, {on}.", on=data.since))
    if data.year_from and data.year_to and data.year_to < data.year_from:
        text = message("The last year is before the first, {year}.", year=str(data.year_from))
        problems.add("year_to", text)
    for at, name in enumerate(data.makes):
        if (code := names.resolve("make", name)) is None:
            wrong = message("No make is known as “{value}”. Choose it from the list.", value=name)
            problems.add(f"makes.{at}", wrong)
        else:
            makes.append(code)
    problems.raise_any()
    return sorted({*makes})


def participating_states(actor: Actor, register: str | None = None) -> frozenset[str]:
    """Return the states that take part today with a register, or with any."""
    rows = execute_raw(_PARTICIPATING, {"on": actor.now().date(), "register": register})
    return frozenset(state for (state,) in rows)


def declarations_at(moments: Mapping[str, datetime]) -> dict[str, Declarations]:
    """Return what each state had in force at a moment of its own, by state and register."""
    by_state: dict[str, dict[str, Declaration]] = {state: {} for state in moments}
    parameters = {"states": [*moments], "moments": [*moments.values()]}
    for state, *values in execute_raw(_DECLARED_AT, parameters):
        declaration = _declaration(dict(zip(_COLUMNS, values, strict=True)))
        if declaration.is_in_force(moments[state].date()):
            by_state[state][declaration.register] = declaration
    return {**by_state}


def _declaration(values: dict[str, Any]) -> Declaration:
    return Declaration(**values | {"makes": tuple(values["makes"])})


def list_participation(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DeclarationView]:
    """Return what states declare of their registers; with `all_versions` also what they did before."""
    require(actor, Permission.REFERENCE_READ)
    of_register = (Participation.owner_state, Participation.register)
    key = (*of_register, -Participation.version)
    query = select(Participation)
    if not filters.get("all_versions"):
        last = select(*of_register, func.max(Participation.version)).group_by(*of_register)
        query = query.where(tuple_(*of_register, Participation.version).in_(last))
    if (state := filters.get("state")) is not None:
        query = query.where(Participation.owner_state == state)
    if (register := filters.get("register")) is not None:
        query = query.where(Participation.register == register)
    if cursor is not None:
        query = query.where(tuple_(*key) > tuple_(*_parse_cursor(cursor)))
    rows = db.session.scalars(query.order_by(*key).limit(limit + 1)).all()
    last_row = rows[limit - 1] if len(rows) > limit else None
    following = (
        f"{last_row.owner_state}:{last_row.register}:{last_row.version}" if last_row else None
    )
    return Page([_view(actor, row) for row in rows[:limit]], following)


def _parse_cursor(cursor: str) -> tuple[str, str, int]:
    try:
        state, register, version = cursor.split(":")
        return state, register, -int(version)
    except ValueError:
        raise Invalid({"cursor": [WRONG_CURSOR]}) from None


def read_declaration(actor: Actor, declaration_id: UUID) -> DeclarationView:
    """Return the version that was just declared; checks no permission."""
    return _view(actor, db.session.get_one(Participation, declaration_id))


def _view(actor: Actor, row: Participation) -> DeclarationView:
    declaration = _declaration({name: getattr(row, name) for name in _COLUMNS})
    return DeclarationView(row, declaration, declaration.is_in_force(today(actor)))


def describe_coverage(declaration: Declaration) -> Message:
    """Return for which makes and years of manufacture a register is complete."""
    if not declaration.complete:
        return message("not complete")
    makes = ", ".join(names.display_name("make", code, "en") for code in declaration.makes)
    first, last = declaration.year_from or "", declaration.year_to or ""
    limits = ", ".join(filter(None, (makes, f"{first}–{last}" if first or last else "")))
    return message("complete for {limits}", limits=limits) if limits else message("complete")
