"""Queries on a state's register of licensees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.types import Text

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db
from salsa_ext.firearms.records.queries import PartiesById, find_parties
from salsa_ext.reference import name_matching
from salsa_ext.trade.events import events_by_subject
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.models import Licensee
from salsa_ext.trade.permits.values import LicenceQuery, LicenceVerdict


@dataclass(frozen=True)
class LicenseeView:
    """A licensee with its party and its decisions in order."""

    licensee: Licensee
    parties: PartiesById
    decisions: Sequence[TradeEvent] = ()

    @property
    def version(self) -> int:
        """Return the version that commands compare."""
        return self.licensee.version


def list_licensees(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[LicenseeView]:
    """Return a page of the own state's licensees, newest first."""
    require(actor, Permission.LICENSEE_READ)
    query = select(Licensee)
    if (role := filters.get("role")) is not None:
        query = query.where(Licensee.roles.contains([role]))
    for name in ("status", "number"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Licensee, name) == value)
    found = fetch_page(query, Licensee.id, limit, cursor)
    return found.of(_views(found.items))


def get_licensee(actor: Actor, licensee_id: UUID) -> LicenseeView:
    """Return a licensee of the own state; raises NotFound."""
    require(actor, Permission.LICENSEE_READ)
    return read_licensee(licensee_id)


def read_licensee(licensee_id: UUID) -> LicenseeView:
    """Return a licensee without a permission check; raises NotFound."""
    licensee = db.session.get(Licensee, licensee_id, populate_existing=True)
    if licensee is None:
        raise NotFound("licensee", licensee_id)
    return _views([licensee])[0]


def check_licences(state: str, licence_queries: Sequence[LicenceQuery]) -> list[LicenceVerdict]:
    """Return the verdict of a state's register on each query, in order.

    One SQL query. Reads as the state of the session: to query another state's register, the caller
    wraps this in `db.as_state`. Of several licences of one name, the most favourable counts.
    """
    if not licence_queries:
        return []
    rows = db.session.execute(_register_query(state, licence_queries)).all()
    kept = set(rows[0][0] or ())
    licensees = [row[1] for row in rows if row[1] is not None]
    return [
        _verdict(one, licensees) if one.role in kept else LicenceVerdict.NO_REGISTER
        for one in licence_queries
    ]


def _register_query(state: str, asked: Sequence[LicenceQuery]) -> Any:
    """Select the registered roles, and the licensees that may be meant."""
    numbers = {one.licence for one in asked if one.licence}
    keys = {name_matching.name_key(one.name) for one in asked if not one.licence}
    role = func.unnest(literal(sorted({one.role for one in asked}), ARRAY(Text))).column_valued()
    holds = Licensee.roles.contains(array([role]))
    known = select(Licensee.id).where(Licensee.owner_state == state, holds).exists()
    kept = select(func.array_agg(role)).where(known).scalar_subquery().label("kept")
    one = select(kept).subquery()
    meant = or_(Licensee.number.in_(numbers), Licensee.name_key.in_(keys))
    found = and_(Licensee.owner_state == state, meant)
    return (
        select(one.c.kept, Licensee)
        .select_from(one)
        .outerjoin(Licensee, found)
        .execution_options(populate_existing=True)
    )


def _verdict(one: LicenceQuery, licensees: Iterable[Licensee]) -> LicenceVerdict:
    said = {
        _judge_licence(one, licensee)
        for licensee in licensees
        if _is_queried_licensee(one, licensee)
    }
    return next(
        (verdict for verdict in LicenceVerdict if verdict in said), LicenceVerdict.NOT_REGISTERED
    )


def _is_queried_licensee(one: LicenceQuery, licensee: Licensee) -> bool:
    if one.licence:
        return licensee.number == one.licence
    return licensee.name_key == name_matching.name_key(one.name)


def _judge_licence(one: LicenceQuery, licensee: Licensee) -> LicenceVerdict:
    if one.role not in licensee.roles:
        return LicenceVerdict.WRONG_ROLE
    if licensee.inactive_since and licensee.inactive_since <= (one.until or one.on):
        return LicenceVerdict.NOT_ACTIVE
    if one.on < licensee.valid_from or (licensee.valid_to and licensee.valid_to < one.on):
        return LicenceVerdict.EXPIRED
    return LicenceVerdict.AUTHORISED


def _views(licensees: Sequence[Licensee]) -> list[LicenseeView]:
    parties = find_parties(licensee.party_id for licensee in licensees)
    told = events_by_subject(licensee.id for licensee in licensees)
    return [
        LicenseeView(licensee, parties, _sorted_events(told[licensee.id])) for licensee in licensees
    ]


def _sorted_events(told: Iterable[TradeEvent]) -> list[TradeEvent]:
    return sorted(told, key=lambda event: (event.recorded_at, event.id))
