"""Families of permits: loading, and locking before a change.

A family reaches further than the states of one document: an import certificate for goods of one
state and a transit to another may reference the same export certificate and share no state. A
change to either reclassifies the whole family, so both take the same locks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_

from salsa_ext.core.actor import Actor
from salsa_ext.database import locks
from salsa_ext.database.session import acting_as, db
from salsa_ext.firearms.records.queries import PartiesById, find_parties
from salsa_ext.reference.calendars import LocalDays, local_days
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.reference.names import participants
from salsa_ext.trade.permits.allocation import Goods
from salsa_ext.trade.permits.comparison import (
    COMPARED_PARTIES,
    ComparedPermit,
    PermitFamilies,
    PermitKey,
    party_name_key,
)
from salsa_ext.trade.permits.models import Permit, PermitLine, PermitReference

KEYS_PER_QUERY = 5_000


def load(
    actor: Actor, permit_ids: Iterable[UUID], known: Mapping[UUID, ComparedPermit] | None = None
) -> PermitFamilies:
    """Load the families of permits: all direct and indirect references.

    Permits that reference the same import certificate are joined even before it is recorded.
    Permits in `known`, already read as another state, are used as they are.
    """
    known = known or {}
    found: dict[UUID, Permit] = {}
    fresh = _find_permits(Permit.id.in_(list(permit_ids)))
    named: dict[UUID, set[PermitKey]] = defaultdict(set)
    here: set[PermitKey] = set()  # documents that are found, or are asked for and not recorded
    asked: set[PermitKey] = set()  # those of which it is known already who names them
    while fresh:
        found |= {permit.id: permit for permit in fresh}
        keys = _referenced_keys(fresh, named)
        keys |= {
            (permit.owner_state, permit.kind, permit.replaces)
            for permit in fresh
            if permit.replaces
        }
        own = {(permit.owner_state, permit.kind, permit.number) for permit in fresh}
        shared = (own | {key for key in keys if key[1] == "import"}) - asked
        here |= own
        near = _permits_by_key(keys - here) + _permits_referencing(shared) + _permits_replacing(own)
        here, asked = here | keys, asked | shared
        fresh = list({permit.id: permit for permit in near if permit.id not in found}.values())
    fresh = [permit for permit in found.values() if permit.id not in known]
    stand = [known[key] for key in found if key in known]
    return PermitFamilies(stand + _compared_permits(actor, fresh, named), participants())


def find_related_keys(keys: Iterable[PermitKey]) -> tuple[set[PermitKey], set[str]]:
    """Return all document keys of families, and the states concerned.

    By numbers only, recorded or not, as visible to the state of the session.
    """
    known: set[PermitKey] = set()
    states: set[str] = set()
    fresh = set(keys)
    while fresh:
        known |= fresh
        permits = {
            row.id: row
            for row in (
                *_permits_by_key(fresh),
                *_permits_referencing(fresh),
                *_permits_replacing(fresh),
            )
        }
        states.update(*(permit.concerned for permit in permits.values()))
        fresh = _referenced_keys(list(permits.values()), defaultdict(set)) - known
        for row in permits.values():
            fresh |= {
                (row.owner_state, row.kind, number)
                for number in (row.number, row.replaces)
                if number
            } - known
    return known, states


def _find_permits(condition: Any) -> list[Permit]:
    query = select(Permit).where(condition).execution_options(populate_existing=True)
    return list(db.session.scalars(query))


def _referenced_keys(
    permits: Sequence[Permit], named: dict[UUID, set[PermitKey]]
) -> set[PermitKey]:
    ids = [permit.id for permit in permits]
    keys: set[PermitKey] = set()
    columns = (
        PermitReference.permit_id,
        PermitReference.state,
        PermitReference.kind,
        PermitReference.number,
    )
    for row in db.session.execute(select(*columns).where(PermitReference.permit_id.in_(ids))):
        named[row[0]].add((row[1], row[2], row[3]))
        keys.add((row[1], row[2], row[3]))
    return keys


def _permits_by_key(keys: Iterable[PermitKey]) -> list[Permit]:
    key = tuple_(Permit.owner_state, Permit.kind, Permit.number)
    return [permit for chunk in _key_batches(keys) for permit in _find_permits(key.in_(chunk))]


def _permits_referencing(keys: Iterable[PermitKey]) -> list[Permit]:
    key = tuple_(PermitReference.state, PermitReference.kind, PermitReference.number)
    ids = select(PermitReference.permit_id)
    return [
        permit
        for chunk in _key_batches(keys)
        for permit in _find_permits(Permit.id.in_(ids.where(key.in_(chunk))))
    ]


def _permits_replacing(keys: Iterable[PermitKey]) -> list[Permit]:
    key = tuple_(Permit.owner_state, Permit.kind, Permit.replaces)
    return [permit for chunk in _key_batches(keys) for permit in _find_permits(key.in_(chunk))]


def _key_batches(keys: Iterable[PermitKey]) -> Iterable[list[PermitKey]]:
    ordered = sorted(keys)
    return (ordered[at : at + KEYS_PER_QUERY] for at in range(0, len(ordered), KEYS_PER_QUERY))


def _compared_permits(
    actor: Actor, permits: Sequence[Permit], named: Mapping[UUID, set[PermitKey]]
) -> list[ComparedPermit]:
    if not permits:
        return []
    lines: dict[UUID, list[PermitLine]] = defaultdict(list)
    query = select(PermitLine).where(PermitLine.permit_id.in_([permit.id for permit in permits]))
    for line in db.session.scalars(query.execution_options(populate_existing=True)):
        lines[line.permit_id].append(line)
    parties = find_parties(
        getattr(permit, f"{name}_id") for permit in permits for name in COMPARED_PARTIES
    )
    today = local_days(actor)
    return [
        _compared_permit(permit, lines[permit.id], parties, frozenset(named[permit.id]), today)
        for permit in permits
    ]


def _compared_permit(
    permit: Permit,
    lines: Sequence[PermitLine],
    parties: PartiesById,
    names: frozenset[PermitKey],
    today: LocalDays,
) -> ComparedPermit:
    gone = permit.status == "issued" and permit.last_day < today.of(permit.owner_state)
    return ComparedPermit(
        id=permit.id,
        state=permit.owner_state,
        kind=permit.kind,
        number=permit.number,
        status="expired" if gone else permit.status,
        exporting_state=permit.exporting_state,
        importing_state=permit.importing_state,
        transit_states=tuple(permit.transit_states),
        regime=permit.regime,
        parties={
            name: _party_key(parties, getattr(permit, f"{name}_id")) for name in COMPARED_PARTIES
        },
        goods={line.line: line_goods(line, line.quantity - line.lapsed) for line in lines},
        shipped={line.line: line.shipped for line in lines},
        references=names,
        replaces=permit.replaces,
        recorded_on=permit.recorded_at.date(),
        visible_to=tuple(permit.concerned),
    )


def _party_key(parties: PartiesById, party_id: UUID) -> str:
    party = parties.get(party_id)
    return party_name_key(party.name or "") if party else ""


def line_goods(line: PermitLine, quantity: Decimal) -> Goods:
    """Return a quantity of a line's goods, for comparison.

    Fields are codes, or folded text where no code is known.
    """
    said = {
        kind: getattr(line, kind) or _fold_text(kind, getattr(line, f"{kind}_text"))
        for kind in ("type", "make", "calibre")
    }
    return Goods(
        quantity,
        line.category,
        said["type"],
        said["make"],
        _fold_text("model", line.model),
        said["calibre"],
        line.unit,
    )


def _fold_text(kind: str, text: str | None) -> str | None:
    return fold_name(kind, text) if text else None


class _MoreStates(Exception):
    """The families concern states that are not locked yet."""


def lock(actor: Actor, keys: Iterable[PermitKey], states: Iterable[str]) -> None:
    """Lock the families of documents until the end of the transaction.

    `keys` may name documents that are not recorded yet; `states` are those of the documents
    themselves. If the families concern more states, the locks are released and taken again, because
    all are taken in one order. Call it before anything is written.
    """
    wanted, named = set(states), list(keys)
    while True:
        try:
            with db.session.begin_nested():  # its end gives the locks back
                locks.lock_permits(wanted)
                if further := _concerned_states(actor, named, wanted) - wanted:
                    raise _MoreStates
            return
        except _MoreStates:
            wanted |= further


def lock_permits(actor: Actor, permits: Sequence[Permit]) -> None:
    """Lock the families of recorded permits until the end of the transaction."""
    keys = [(permit.owner_state, permit.kind, permit.number) for permit in permits]
    lock(actor, keys, {state for permit in permits for state in permit.concerned})


def _concerned_states(actor: Actor, keys: Iterable[PermitKey], states: Collection[str]) -> set[str]:
    """Return all states concerned by the families, as seen by all states."""
    known, found, members = set(keys), set(states), set(participants())
    asked: dict[str, set[PermitKey]] = defaultdict(set)
    while waiting := [code for code in sorted(found & members) if known - asked[code]]:
        for code in waiting:
            with acting_as(actor, code):
                near, concerned = find_related_keys(known - asked[code])
            known, found = known | near, found | concerned
            asked[code] |= near
    return found
