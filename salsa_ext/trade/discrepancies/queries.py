"""Queries on discrepancies, with the statements of all states."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, Select, and_, cast, func, select, union_all

from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.paging import Listing, Page
from salsa_ext.database.session import db, read_row
from salsa_ext.firearms.records.queries import find_parties
from salsa_ext.reference.models import FirearmType
from salsa_ext.reference.names import participants
from salsa_ext.trade.discrepancies.models import Discrepancy, DiscrepancyAssignment, Statement
from salsa_ext.trade.discrepancies.values import (
    PARTY_NOT_AUTHORISED,
    QUANTITY_KINDS,
    UNRESOLVED_STATUSES,
    discrepancy_status,
)
from salsa_ext.trade.event_log import events_by_subject
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.models import Permit, PermitLine
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.shipments.models import Shipment


@dataclass(frozen=True)
class UnauthorisedParty:
    """A party of a permit that its state's register does not authorise.

    `state` is the register's state, `verdict` its answer. `name` is None if the reader may not read
    permits or the name was erased.
    """

    role: str
    state: str
    verdict: str
    name: str | None = None


@dataclass(frozen=True)
class CurrentStatement:
    """Current statement of a state on a discrepancy; its stance is open if facts reopened it since."""

    owner_state: str
    stance: str
    explanation: str | None
    changed_at: datetime


@dataclass(frozen=True)
class DiscrepancyStatements:
    """A discrepancy with the states' statements on it."""

    discrepancy: Discrepancy
    statements: Sequence[CurrentStatement]

    @property
    def status(self) -> str:
        """Return the status that the facts and the statements imply."""
        row, stances = self.discrepancy, {each.owner_state: each.stance for each in self.statements}
        states = set(row.concerned) & set(participants())
        return discrepancy_status(
            row.status == "resolved", row.reopened_version > 0, [*map(stances.get, sorted(states))]
        )

    @property
    def explained_by(self) -> list[str]:
        """Return the states that explained it, in order."""
        return [each.owner_state for each in self.statements if each.stance == "explained"]

    @property
    def agreed_by(self) -> list[str]:
        """Return the states that agreed, in order."""
        return [each.owner_state for each in self.statements if each.stance == "agreed"]

    @property
    def waiting_for(self) -> list[str]:
        """Return the states whose answer is outstanding."""
        if self.status not in UNRESOLVED_STATUSES:
            return []
        states = set(self.discrepancy.concerned) & set(participants())
        agreed = {*self.agreed_by}
        return sorted(states - agreed - {*self.explained_by} or states - agreed)


@dataclass(frozen=True)
class DiscrepancyView(DiscrepancyStatements):
    """A discrepancy with its statements, events and own assignee."""

    events: Sequence[TradeEvent] = ()
    assignee: str | None = None
    party: UnauthorisedParty | None = None

    @property
    def version(self) -> int:
        """Return the version that commands compare."""
        return self.discrepancy.version


TRADE_FILTERS: Final = ("exporting_state", "importing_state", "heading", "year")
"""Those that lead from a difference of mirror figures to what may be behind it."""
LISTING: Final = Listing(Discrepancy, "raised_at", ("raised_at",))


def list_discrepancies(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DiscrepancyView]:
    """Return a page of discrepancies concerning the own state, newest first."""
    require(actor, Permission.DISCREPANCY_READ)
    page = LISTING.fetch(select_discrepancies(actor, filters), filters, limit, cursor)
    return page.with_items(view_discrepancies(actor, page.items))


def select_discrepancies(actor: Actor, filters: Mapping[str, Any]) -> Select[Any]:
    """Select own discrepancies: `waiting` unresolved, `unexplained` by the own state."""
    query = select(Discrepancy)
    for name in ("kind", "status", "subject_kind", "subject_id", "subject_number", "owner_state"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Discrepancy, name) == value)
    if (subjects := filters.get("subject_ids")) is not None:
        query = query.where(is_any_of(Discrepancy.subject_id, subjects))
    is_waiting = Discrepancy.status.in_(UNRESOLVED_STATUSES)
    if (waiting := filters.get("waiting")) is not None:
        query = query.where(is_waiting if waiting else ~is_waiting)
    if (unexplained := filters.get("unexplained")) is not None:
        is_unexplained = and_(is_waiting, ~_is_explained_by(actor.own_state()))
        query = query.where(is_unexplained if unexplained else ~is_unexplained)
    if trade := {name: filters[name] for name in TRADE_FILTERS if filters.get(name) is not None}:
        columns = select_trade().subquery()
        behind = select(columns.c.id).where(*(columns.c[name] == trade[name] for name in trade))
        query = query.where(Discrepancy.id.in_(behind))
    if (assignee := filters.get("assignee")) is not None:
        assigned = select(DiscrepancyAssignment.discrepancy_id).join(
            Account, Account.id == DiscrepancyAssignment.account_id
        )
        query = query.where(Discrepancy.id.in_(assigned.where(Account.username == assignee)))
    return query


def count_by_trade(actor: Actor, year: int) -> Counter[tuple[str, str, str]] | None:
    """Return how many may cause a year's differences; None without DISCREPANCY_READ."""
    if Permission.DISCREPANCY_READ not in actor.permissions:
        return None
    behind = select_trade().subquery()
    keys = behind.c.exporting_state, behind.c.importing_state, behind.c.heading
    query = select(*keys, func.count()).where(behind.c.year == year).group_by(*keys)
    counts = db.session.execute(query)
    return Counter({(exporter, importer, heading): n for exporter, importer, heading, n in counts})


def select_trade() -> Select[Any]:
    """Select discrepancies of quantities with the states, headings and years of their goods."""
    shipped = (Shipment.permit_id, Shipment.exporting_state, Shipment.importing_state)
    subjects = union_all(
        select(
            Permit.id.label("subject_id"),
            Permit.id.label("permit_id"),
            Permit.exporting_state,
            Permit.importing_state,
            Permit.issued_on.label("on"),
        ),
        select(Shipment.id, *shipped, Shipment.ships_on),
        select(Shipment.id, *shipped, Receipt.received_on).join(
            Receipt, Receipt.shipment_id == Shipment.id
        ),
    ).subquery()
    goods, line = PermitLine, Discrepancy.data["line"].as_integer()
    heading = func.coalesce(func.left(goods.hs_code, 4), FirearmType.hs, "unknown")
    return (
        select(
            Discrepancy.id,
            subjects.c.exporting_state,
            subjects.c.importing_state,
            heading.label("heading"),
            cast(func.extract("year", subjects.c.on), Integer).label("year"),
        )
        .distinct()
        .join(subjects, subjects.c.subject_id == Discrepancy.subject_id)
        .join(goods, goods.permit_id == subjects.c.permit_id)
        .outerjoin(FirearmType, FirearmType.code == goods.type)
        .where(Discrepancy.kind.in_(QUANTITY_KINDS), line.is_(None) | (line == goods.line))
    )


def _is_explained_by(state: str) -> Any:
    """Return whether a state has made its statement since facts last reopened a discrepancy."""
    statement = select(Statement.discrepancy_id).where(
        Statement.discrepancy_id == Discrepancy.id,
        Statement.owner_state == state,
        Statement.stance != "open",
        Statement.version > Discrepancy.reopened_version,
    )
    return statement.exists()


def get_discrepancy(actor: Actor, discrepancy_id: UUID) -> DiscrepancyView:
    """Return a discrepancy that concerns the own state; raises NotFound."""
    require(actor, Permission.DISCREPANCY_READ)
    return read_discrepancy(actor, discrepancy_id)


def read_discrepancy(actor: Actor, discrepancy_id: UUID) -> DiscrepancyView:
    """Return a discrepancy without a permission check; raises NotFound."""
    return view_discrepancies(actor, [read_row(Discrepancy, discrepancy_id)])[0]


def discrepancy_version(actor: Actor, discrepancy_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound."""
    return read_row(Discrepancy, discrepancy_id).version


def list_at_post(actor: Actor, post: str, limit: int) -> list[DiscrepancyView]:
    """Return unresolved ones through a post, newest first; empty without DISCREPANCY_READ."""
    if Permission.DISCREPANCY_READ not in actor.permissions:
        return []
    query = select(Discrepancy).where(
        Discrepancy.id.in_(select(func.salsa_discrepancies_at_post(post))),
        Discrepancy.status.in_(UNRESOLVED_STATUSES),
    )
    query = query.order_by(Discrepancy.raised_at.desc(), Discrepancy.id).limit(limit)
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return view_discrepancies(actor, rows.all())


def list_unresolved(
    actor: Actor, subjects: Collection[UUID], statuses: Collection[str] = UNRESOLVED_STATUSES
) -> dict[UUID, list[Discrepancy]]:
    """Return unresolved discrepancies by subject, oldest first. Empty without DISCREPANCY_READ."""
    if Permission.DISCREPANCY_READ not in actor.permissions or not subjects:
        return group_by((), lambda row: row.subject_id)
    query = select(Discrepancy).where(
        Discrepancy.subject_id.in_(subjects), Discrepancy.status.in_(statuses)
    )
    query = query.order_by(Discrepancy.raised_at, Discrepancy.kind, Discrepancy.key)
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return group_by(rows, lambda row: row.subject_id)


def view_statements(rows: Sequence[Discrepancy]) -> list[DiscrepancyStatements]:
    """Return discrepancies with the states' statements on them, by state."""
    query = select(Statement).where(Statement.discrepancy_id.in_([row.id for row in rows]))
    query = query.order_by(Statement.owner_state).execution_options(populate_existing=True)
    statements = group_by(db.session.scalars(query), lambda row: row.discrepancy_id)
    return [
        DiscrepancyStatements(
            row,
            [
                CurrentStatement(
                    each.owner_state,
                    each.stance if each.version > row.reopened_version else "open",
                    each.explanation,
                    each.changed_at,
                )
                for each in statements[row.id]
            ],
        )
        for row in rows
    ]


def view_discrepancies(actor: Actor, rows: Sequence[Discrepancy]) -> list[DiscrepancyView]:
    """Return views of discrepancies, with a fixed number of queries."""
    if not rows:
        return []
    ids, parties = [row.id for row in rows], _unauthorised_parties(actor, rows)
    accounts = (
        select(DiscrepancyAssignment.discrepancy_id, Account.username)
        .join(Account, Account.id == DiscrepancyAssignment.account_id)
        .where(DiscrepancyAssignment.discrepancy_id.in_(ids))
    )
    assignees, events = dict(db.session.execute(accounts).all()), events_by_subject(ids)
    return [
        DiscrepancyView(
            row, view.statements, events[row.id], assignees.get(row.id), parties.get(row.id)
        )
        for view in view_statements(rows)
        for row in (view.discrepancy,)
    ]


def list_unauthorised_parties(
    actor: Actor, permit_ids: Collection[UUID]
) -> dict[UUID, list[UnauthorisedParty]]:
    """Return the parties that unresolved discrepancies are about, by permit. Empty without DISCREPANCY_READ."""
    unresolved = list_unresolved(actor, permit_ids)
    parties = _unauthorised_parties(actor, chain.from_iterable(unresolved.values()))
    return {
        permit_id: [
            parties[row.id] for row in sorted(rows, key=lambda row: row.key) if row.id in parties
        ]
        for permit_id, rows in unresolved.items()
    }


def _unauthorised_parties(
    actor: Actor, discrepancies: Iterable[Discrepancy]
) -> dict[UUID, UnauthorisedParty]:
    """Return the unauthorised party of each discrepancy about one."""
    about = [row for row in discrepancies if row.kind == PARTY_NOT_AUTHORISED]
    party_ids: dict[UUID, UUID] = {}
    if about and Permission.PERMIT_READ in actor.permissions:
        query = select(Permit).where(Permit.id.in_({row.subject_id for row in about}))
        permits = {permit.id: permit for permit in db.session.scalars(query)}
        for row in about:
            if permit := permits.get(row.subject_id):
                party_ids[row.id] = getattr(permit, f"{row.data['role']}_id")
    parties, by_discrepancy = find_parties(party_ids.values()), {}
    for row in about:
        party = parties.get(party_ids[row.id]) if row.id in party_ids else None
        facts = (row.data["role"], row.data["state"], row.data["verdict"])
        by_discrepancy[row.id] = UnauthorisedParty(*facts, party.name if party else None)
    return by_discrepancy
