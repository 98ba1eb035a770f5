"""Permits that belong together, as one state sees them, ready to be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_

from salsa_ext.db import db
from salsa_ext.matching.names import fold
from salsa_ext.matching.permits import PARTIES, Document, Key, name_key
from salsa_ext.matching.quantities import Goods
from salsa_ext.matching.registers import Register
from salsa_ext.models import Permit, PermitLine, PermitReference
from salsa_ext.readmodels.days import Days, days
from salsa_ext.readmodels.parties import Parties, parties_of
from salsa_ext.readmodels.states import participants
from salsa_ext.values.actor import Actor

CHUNK = 5_000


def around(
    actor: Actor, permit_ids: Iterable[UUID], known: Mapping[UUID, Document] | None = None
) -> Register:
    """Return the families of permits: all that they name or that name them, near and far.

    An import certificate joins those that name it before it is there.
    What is `known` already, as another state sees it, is taken as it is.
    """
    known = known or {}
    found: dict[UUID, Permit] = {}
    fresh = _permits(Permit.id.in_(list(permit_ids)))
    named: dict[UUID, set[Key]] = defaultdict(set)
    here: set[Key] = set()  # documents that are found, or are asked for and not recorded
    asked: set[Key] = set()  # those of which it is known already who names them
    while fresh:
        found |= {permit.id: permit for permit in fresh}
        keys = _names_of(fresh, named)
        keys |= {(permit.owner_state, permit.kind, permit.replaces)
                 for permit in fresh if permit.replaces}  # fmt: skip
        own = {(permit.owner_state, permit.kind, permit.number) for permit in fresh}
        shared = (own | {key for key in keys if key[1] == "import"}) - asked
        here |= own
        near = _named(keys - here) + _naming(shared) + _replacing(own)
        here, asked = here | keys, asked | shared
        fresh = list({permit.id: permit for permit in near if permit.id not in found}.values())
    fresh = [permit for permit in found.values() if permit.id not in known]
    stand = [known[key] for key in found if key in known]
    return Register(stand + _documents(actor, fresh, named), participants())


def reach(keys: Iterable[Key]) -> tuple[set[Key], set[str]]:
    """Return every document of the families that documents belong to, and the states concerned.

    By numbers alone, recorded or not, as the state sees them for which the session acts.
    """
    known: set[Key] = set()
    states: set[str] = set()
    fresh = set(keys)
    while fresh:
        known |= fresh
        permits = {row.id: row for row in (*_named(fresh), *_naming(fresh), *_replacing(fresh))}
        states.update(*(permit.concerned for permit in permits.values()))
        fresh = _names_of(list(permits.values()), defaultdict(set)) - known
        for row in permits.values():
            fresh |= {(row.owner_state, row.kind, number)
                      for number in (row.number, row.replaces) if number} - known  # fmt: skip
    return known, states


def _permits(condition: Any) -> list[Permit]:
    query = select(Permit).where(condition).execution_options(populate_existing=True)
    return list(db.session.scalars(query))


def _names_of(permits: Sequence[Permit], named: dict[UUID, set[Key]]) -> set[Key]:
    ids = [permit.id for permit in permits]
    keys: set[Key] = set()
    columns = (PermitReference.permit_id, PermitReference.state, PermitReference.kind,
               PermitReference.number)  # fmt: skip
    for row in db.session.execute(select(*columns).where(PermitReference.permit_id.in_(ids))):
        named[row[0]].add((row[1], row[2], row[3]))
        keys.add((row[1], row[2], row[3]))
    return keys


def _named(keys: Iterable[Key]) -> list[Permit]:
    key = tuple_(Permit.owner_state, Permit.kind, Permit.number)
    return [permit for chunk in _chunks(keys) for permit in _permits(key.in_(chunk))]


def _naming(keys: Iterable[Key]) -> list[Permit]:
    key = tuple_(PermitReference.state, PermitReference.kind, PermitReference.number)
    ids = select(PermitReference.permit_id)
    return [
        permit for chunk in _chunks(keys) for permit in _permits(Permit.id.in_(ids.where(key.in_(chunk))))
    ]  # fmt: skip


def _replacing(keys: Iterable[Key]) -> list[Permit]:
    key = tuple_(Permit.owner_state, Permit.kind, Permit.replaces)
    return [permit for chunk in _chunks(keys) for permit in _permits(key.in_(chunk))]


def _chunks(keys: Iterable[Key]) -> Iterable[list[Key]]:
    ordered = sorted(keys)
    return (ordered[at : at + CHUNK] for at in range(0, len(ordered), CHUNK))


def _documents(
    actor: Actor, permits: Sequence[Permit], named: Mapping[UUID, set[Key]]
) -> list[Document]:
    if not permits:
        return []
    lines: dict[UUID, list[PermitLine]] = defaultdict(list)
    query = select(PermitLine).where(PermitLine.permit_id.in_([permit.id for permit in permits]))
    for line in db.session.scalars(query.execution_options(populate_existing=True)):
        lines[line.permit_id].append(line)
    parties = parties_of(getattr(permit, f"{name}_id") for permit in permits for name in PARTIES)
    today = days(actor)
    return [
        _document(permit, lines[permit.id], parties, frozenset(named[permit.id]), today)
        for permit in permits
    ]


def _document(
    permit: Permit, lines: Sequence[PermitLine], parties: Parties, names: frozenset[Key],
    today: Days,
) -> Document:  # fmt: skip
    gone = permit.status == "issued" and permit.last_day < today.of(permit.owner_state)
    return Document(
        id=permit.id, state=permit.owner_state, kind=permit.kind, number=permit.number,
        status="expired" if gone else permit.status,
        exporting_state=permit.exporting_state, importing_state=permit.importing_state,
        transit_states=tuple(permit.transit_states), regime=permit.regime,
        parties={name: _name(parties, getattr(permit, f"{name}_id")) for name in PARTIES},
        goods={line.line: goods_of(line, line.quantity - line.lapsed) for line in lines},
        shipped={line.line: line.shipped for line in lines},
        names=names, replaces=permit.replaces, recorded_on=permit.recorded_at.date(),
        seen_by=tuple(permit.concerned),
    )  # fmt: skip


def _name(parties: Parties, party_id: UUID) -> str:
    party = parties.get(party_id)
    return name_key(party.name or "") if party else ""


def goods_of(line: PermitLine, quantity: Decimal) -> Goods:
    """Return so much of a line's goods, by codes, or by the folded words of what has none."""
    said = {
        kind: getattr(line, kind) or _folded(kind, getattr(line, f"{kind}_text"))
        for kind in ("type", "make", "calibre")
    }
    return Goods(quantity, line.category, said["type"], said["make"],
                 _folded("model", line.model), said["calibre"], line.unit)  # fmt: skip


def _folded(kind: str, text: str | None) -> str | None:
    return fold(kind, text) if text else None
