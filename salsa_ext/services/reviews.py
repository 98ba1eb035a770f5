"""A licence that changes, and the permits of all states that name who holds it (CIFTA XIII)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Row, Select, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import array

from salsa_ext.db import as_state, db
from salsa_ext.matching import names
from salsa_ext.models import Licensee, Party, Permit
from salsa_ext.readmodels.states import participants
from salsa_ext.services import authorisations, locks
from salsa_ext.services.authorisations import LICENSED, ROLES, STANDING
from salsa_ext.values.actor import Actor


def review(actor: Actor, licensees: Sequence[Licensee]) -> None:
    """Check anew the permits that name licensees of the own state whose licence has just changed.

    So does one that is entered late. A firm that no register held when its permit was judged, since
    its state had none yet, is judged when its permit changes: a register is entered one by one.
    What was authorised and is so no more is raised, and told to the states concerned; what is again
    is resolved. A permit that is being posted waits, or is waited for.
    """
    locks.registers()
    found: list[Permit] = []
    named = _naming(licensees)
    for state in participants():
        with as_state(actor, state):
            rows = db.session.execute(named, {"state": state})
            found += _of_these(licensees, rows)
    authorisations.check(actor, found)


def _naming(licensees: Sequence[Licensee]) -> Select[Permit, str | None, str | None]:
    """Return what asks for the standing permits of a `state` that may name licensees."""
    sides = array([getattr(Permit, f"{role}_id") for role in ROLES])
    return (
        select(Permit, Party.name, Party.licence)
        .join(Party, Party.id == any_(sides))
        .where(Permit.owner_state == bindparam("state"), Permit.status.in_(STANDING))
        .where(_may_be(licensees))
        .order_by(Permit.id)
        .execution_options(populate_existing=True)
    )


def _of_these(
    licensees: Sequence[Licensee], rows: Iterable[Row[Permit, str | None, str | None]]
) -> list[Permit]:
    """Return the permits that do name them, by licence or by name."""
    numbers = {licensee.number for licensee in licensees}
    keys = {licensee.name_key for licensee in licensees}
    found = {
        permit.id: permit for permit, name, licence in rows
        if licence in numbers or (not licence and names.key(name or "") in keys)
    }  # fmt: skip
    return list(found.values())


def _may_be(licensees: Sequence[Licensee]) -> ColumnElement[bool]:
    """Narrow parties down to those that a register is asked about, of the licensees' state."""
    numbers = [licensee.number for licensee in licensees]
    by_number = or_(Party.licence.in_(numbers), Party.licence.is_(None))
    return (
        (Party.country == licensees[0].owner_state)
        & Party.kind.in_(LICENSED)
        & Party.name.is_not(None)
        & by_number
    )
