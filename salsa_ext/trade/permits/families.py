"""Families of permits: loading, and locking before a change.

A family reaches further than the states of one document: an import certificate for goods of one
state and a transit to another may reference the same export certificate and share no state. A
change to either reclassifies the whole family, so both take the same locks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_

from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import chunks, group_by
from salsa_ext.database import locks
from salsa_ext.database.session import acting_as, db
from salsa_ext.firearms.records.queries import find_parties
from salsa_ext.reference.calendars import local_days
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


def permit_key(permit: Permit) -> PermitKey:
    """Return a permit's key (state, kind, number)."""
    return permit.owner_state, permit.kind, permit.number


def load(
    actor: Actor, permit_ids: Iterable[UUID], known: Mapping[UUID, ComparedPermit] | None = None
) -> PermitFamilies:
    """Load the families of permits: all direct and indirect references.

    Permits that reference the same import certificate are joined even before it is recorded.
    Permits in `known`, already read as another state, are used as they are.
    """
    known = known or {}
    permits: dict[UUID, Permit] = {}
    new = _find_permits(Permit.id.in_(list(permit_ids)))
    references: dict[UUID, set[PermitKey]] = defaultdict(set)
    searched: set[PermitKey] = set()  # keys recorded, or searched for and not
    searched_references: set[PermitKey] = set()  # keys whose referencing permits are known
    while new:
        permits |= {permit.id: permit for permit in new}
        keys = _find_references(new, references) | _replaced_keys(new)
        own = {permit_key(permit) for permit in new}
        shared = (own | {key for key in keys if key[1] == "import"}) - searched_references
        searched |= own
        related = _by_key(keys - searched) + _referencing(shared) + _replacing(own)
        searched, searched_references = searched | keys, searched_references | shared
        new = list({permit.id: permit for permit in related if permit.id not in permits}.values())
    read = [known[permit_id] for permit_id in permits if permit_id in known]
    unread = [permit for permit in permits.values() if permit.id not in known]
    return PermitFamilies(read + _compared_permits(actor, unread, references), participants())


def find_related_keys(keys: Iterable[PermitKey]) -> tuple[set[PermitKey], set[str]]:
    """Return all document keys of families, and the states concerned.

    By numbers only, recorded or not, as visible to the state of the session.
    """
    known: set[PermitKey] = set()
    states: set[str] = set()
    new = set(keys)
    while new:
        known |= new
        rows = (*_by_key(new), *_referencing(new), *_replacing(new))
        permits = list({permit.id: permit for permit in rows}.values())
        states.update(*(permit.concerned for permit in permits))
        new = _find_references(permits, defaultdict(set)) | _replaced_keys(permits)
        new = (new | {permit_key(permit) for permit in permits}) - known
    return known, states


def _find_permits(condition: Any) -> list[Permit]:
    query = select(Permit).where(condition).execution_options(populate_existing=True)
    return list(db.session.scalars(query))


def _find_references(
    permits: Sequence[Permit], references: dict[UUID, set[PermitKey]]
) -> set[PermitKey]:
    """Return the keys that permits reference; add them by permit."""
    columns = (PermitReference.state, PermitReference.kind, PermitReference.number)
    query = select(PermitReference.permit_id, *columns).where(
        PermitReference.permit_id.in_([permit.id for permit in permits])
    )
    keys: set[PermitKey] = set()
    for permit_id, state, kind, number in db.session.execute(query):
        references[permit_id].add((state, kind, number))
        keys.add((state, kind, number))
    return keys


def _replaced_keys(permits: Iterable[Permit]) -> set[PermitKey]:
    return {(row.owner_state, row.kind, row.replaces) for row in permits if row.replaces}


def _by_key(keys: Iterable[PermitKey]) -> list[Permit]:
    key = tuple_(Permit.owner_state, Permit.kind, Permit.number)
    return _in_batches(keys, key.in_)


def _referencing(keys: Iterable[PermitKey]) -> list[Permit]:
    key = tuple_(PermitReference.state, PermitReference.kind, PermitReference.number)
    ids = select(PermitReference.permit_id)
    return _in_batches(keys, lambda batch: Permit.id.in_(ids.where(key.in_(batch))))


def _replacing(keys: Iterable[PermitKey]) -> list[Permit]:
    key = tuple_(Permit.owner_state, Permit.kind, Permit.replaces)
    return _in_batches(keys, key.in_)


def _in_batches(
    keys: Iterable[PermitKey], condition: Callable[[list[PermitKey]], Any]
) -> list[Permit]:
    batches = chunks(sorted(keys), KEYS_PER_QUERY)
    return [permit for batch in batches for permit in _find_permits(condition(batch))]


def _compared_permits(
    actor: Actor, permits: Sequence[Permit], references: Mapping[UUID, set[PermitKey]]
) -> list[ComparedPermit]:
    if not permits:
        return []
    query = select(PermitLine).where(PermitLine.permit_id.in_([permit.id for permit in permits]))
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    lines = group_by(rows, lambda line: line.permit_id)
    parties = find_parties(
        getattr(permit, f"{name}_id") for permit in permits for name in COMPARED_PARTIES
    )
    names = {party.id: party_name_key(party.name or "") for party in parties.values()}
    today = local_days(actor)
    compared = []
    for permit in permits:
        expired = permit.status == "issued" and permit.last_day < today.today(permit.owner_state)
        own = lines[permit.id]
        compared.append(
            ComparedPermit(
                id=permit.id,
                state=permit.owner_state,
                kind=permit.kind,
                number=permit.number,
                status="expired" if expired else permit.status,
                exporting_state=permit.exporting_state,
                importing_state=permit.importing_state,
                transit_states=tuple(permit.transit_states),
                regime=permit.regime,
                parties={
                    name: names.get(getattr(permit, f"{name}_id"), "") for name in COMPARED_PARTIES
                },
                goods={line.line: line_goods(line, line.quantity - line.lapsed) for line in own},
                shipped={line.line: line.shipped for line in own},
                references=frozenset(references[permit.id]),
                replaces=permit.replaces,
                recorded_on=permit.recorded_at.date(),
                visible_to=tuple(permit.concerned),
            )
        )
    return compared


def line_goods(line: PermitLine, quantity: Decimal) -> Goods:
    """Return a quantity of a line's goods, for comparison.

    Fields are codes, or folded text where no code is known.
    """

    def fold(kind: str, text: str | None) -> str | None:
        return fold_name(kind, text) if text else None

    return Goods(
        quantity,
        line.category,
        line.type or fold("type", line.type_text),
        line.make or fold("make", line.make_text),
        fold("model", line.model),
        line.calibre or fold("calibre", line.calibre_text),
        line.unit,
    )


class _MoreStates(Exception):
    """The families concern states that are not locked yet."""


def lock(actor: Actor, keys: Iterable[PermitKey], states: Iterable[str]) -> None:
    """Lock the families of documents until the end of the transaction.

    `keys` may name documents that are not recorded yet; `states` are those of the documents
    themselves. If the families concern more states, the locks are released and taken again, because
    all are taken in one order. Call it before anything is written.
    """
    locked, named = set(states), set(keys)
    while True:
        try:
            with db.session.begin_nested():  # its end gives the locks back
                locks.lock_permits(locked)
                if further := _concerned_states(actor, named, locked) - locked:
                    raise _MoreStates
            return
        except _MoreStates:
            locked |= further


def lock_permits(actor: Actor, permits: Sequence[Permit]) -> None:
    """Lock the families of recorded permits until the end of the transaction."""
    states = {state for permit in permits for state in permit.concerned}
    lock(actor, map(permit_key, permits), states)


def _concerned_states(actor: Actor, keys: set[PermitKey], states: set[str]) -> set[str]:
    """Return all states concerned by the families, as seen by all states."""
    keys, reached, members = set(keys), set(states), set(participants())
    searched: dict[str, set[PermitKey]] = defaultdict(set)
    while pending := [state for state in sorted(reached & members) if keys - searched[state]]:
        for state in pending:
            with acting_as(actor, state):
                related, concerned = find_related_keys(keys - searched[state])
            keys, reached = keys | related, reached | concerned
            searched[state] |= related
    return reached
