"""Families of permits: what references connect."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_

from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import chunks, group_by
from salsa_ext.core.codes import UNISSUED_STATUSES
from salsa_ext.database.session import acting_as, db
from salsa_ext.firearms.records.queries import find_parties
from salsa_ext.reference.calendars import local_days
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.reference.names import participants
from salsa_ext.reference.participation.declarations import participating_states
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


def licensing_states(actor: Actor) -> frozenset[str]:
    """Return the states that record their permits here; the others license on paper."""
    return participating_states(actor, "permits")


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
    compared = read + _compared_permits(actor, unread, references)
    return PermitFamilies(compared, licensing_states(actor))


def complete(actor: Actor, visible: PermitFamilies) -> PermitFamilies:
    """Return families that the own state sees as all states concerned see them together.

    So a transit state learns that the referenced import certificate was issued without reading it.
    """
    known = {permit.id: permit for permit in visible.permits}
    members, searched = set(participants()), {actor.own_state()}
    while pending := _concerned(known.values()) & members - searched:
        for state in sorted(pending):
            with acting_as(actor, state):
                permits = load(actor, known, known).permits
            known |= {permit.id: permit for permit in permits}
        searched |= pending
    return PermitFamilies(known.values(), visible.participants)


def _concerned(permits: Iterable[ComparedPermit]) -> set[str]:
    return {state for permit in permits for state in permit.visible_to}


def _find_permits(condition: Any) -> list[Permit]:
    query = select(Permit).where(condition, Permit.status.not_in(UNISSUED_STATUSES))
    query = query.execution_options(populate_existing=True)
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
    """Return a quantity of a line's goods, for comparison."""

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
