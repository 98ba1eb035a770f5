"""Persons and firms of records, told apart and joined without saying who they are.

Each is looked up under the eyes of the state that named them. Firms are compared across states by
name and country; persons only within one state's records, and by what identifies them, since a
name alone stands for many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
from salsa_ext.readmodels.sharing import Sharing, group_of
from salsa_ext.values.actor import Actor

PERSON = "individual"


def known(actor: Actor, named: Mapping[UUID, Sequence[Sharing]]) -> dict[UUID, Known]:
    """Return whoever is identified among parties, given with the records and papers that name them.

    A name goes out where the release function gives the reader the names of one of these.
    """
    require(actor, Permission.LEAD_READ)
    places: dict[str, set[UUID]] = defaultdict(set)
    for key, shared in named.items():
        places[shared[0].said.owner].add(key)
    found: dict[UUID, Known] = {}
    for state, ids in sorted(places.items()):
        with as_state(actor, state):
            parties = db.session.execute(_query(ids)).all()
        found |= _known(parties, named)
    return found


def _query(ids: Iterable[UUID]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Party.id, Party.owner_state, Party.kind, Party.country, Party.name, Party.address,
        Party.identification,
    )  # fmt: skip
    return select(*columns).where(among(Party.id, ids))


def _known(parties: Iterable[Any], named: Mapping[UUID, Sequence[Sharing]]) -> dict[UUID, Known]:
    return {
        party.id: Known(key, party.kind, str(party.id), party.owner_state,
                        party.name if _may_be_named(party, named[party.id]) else None)
        for party in parties
        if (key := _key(party))
    }  # fmt: skip


def _may_be_named(party: Any, shared: Iterable[Sharing]) -> bool:
    group = group_of(party.kind)
    return any(one.may(group) for one in shared)


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
