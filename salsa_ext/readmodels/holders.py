"""Persons and firms of records, told apart and joined without saying who they are.

Each is looked up under the eyes of the state that named them. Firms are compared across states by
name and country; persons only within one state's records, and by what identifies them, since a
name alone stands for many.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from salsa_ext.db import as_state, db
from salsa_ext.matching import names
from salsa_ext.matching.joined import Known
from salsa_ext.models import Party
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.arrays import among
from salsa_ext.values.actor import Actor

PERSON = "individual"


def known(actor: Actor, wanted: Mapping[str, Collection[UUID]]) -> dict[UUID, Known]:
    """Return whoever is identified among parties, which are given by the state that named them."""
    require(actor, Permission.LEAD_READ)
    found: dict[UUID, Known] = {}
    for state, ids in sorted(wanted.items()):
        with as_state(actor, state):
            parties = db.session.execute(_query(ids)).all()
        found |= _known(actor, parties)
    return found


def _query(ids: Iterable[UUID]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Party.id, Party.owner_state, Party.kind, Party.country, Party.name, Party.address,
        Party.identification,
    )  # fmt: skip
    return select(*columns).where(among(Party.id, ids))


def _known(actor: Actor, parties: Iterable[Any]) -> dict[UUID, Known]:
    return {
        party.id: Known(key, party.kind, str(party.id), party.owner_state, name_for(party, actor))
        for party in parties
        if (key := _key(party))
    }


def name_for(party: Any, actor: Actor) -> str | None:
    """Return the name that the reader may have: here alone a name goes out with a lead.

    His own state's records name everybody to him, another's only firms and bodies.
    """
    if party.kind == PERSON and party.owner_state != actor.state:
        return None
    name: str | None = party.name
    return name


def _key(party: Any) -> str | None:
    """Return what is the same for whoever is the same; it never leaves the service."""
    if party.kind != PERSON:
        return f"{party.country}:{names.key(party.name).hex()}" if party.name else None
    if party.identification:
        said = f"{party.country} {party.identification}"
    elif party.name and party.address:
        said = f"{party.name} {party.address}"
    else:
        return None
    return f"{party.owner_state}:{names.key(said).hex()}"
