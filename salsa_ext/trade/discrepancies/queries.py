"""Queries on discrepancies, with the statements of all states."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db
from salsa_ext.firearms.records.queries import find_parties
from salsa_ext.reference.names import participants
from salsa_ext.trade.discrepancies.models import Discrepancy, DiscrepancyAssignment, Statement
from salsa_ext.trade.events import events_by_subject
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.models import Permit

UNRESOLVED_STATUSES = ("open", "explained", "reopened")


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
class DiscrepancyView:
    """A discrepancy with its statements, events and own assignee.

    `party` is set for discrepancies about a party.
    """

    discrepancy: Discrepancy
    statements: Sequence[Statement]
    events: Sequence[TradeEvent]
    assignee: str | None
    party: UnauthorisedParty | None = None

    @property
    def version(self) -> int:
        """Return the version that commands compare."""
        return self.discrepancy.version

    @property
    def explained_by(self) -> list[str]:
        """Return the states that explained it, in order."""
        return self._states_with_stance("explained")

    @property
    def agreed_by(self) -> list[str]:
        """Return the states that agreed, in order."""
        return self._states_with_stance("agreed")

    @property
    def waiting_for(self) -> list[str]:
        """Return the states whose answer is outstanding.

        Those without any statement; if there are none, those that have not agreed.
        """
        if self.discrepancy.status not in UNRESOLVED_STATUSES:
            return []
        sides = [state for state in self.discrepancy.concerned if state in participants()]
        silent = [state for state in sides if state not in (*self.explained_by, *self.agreed_by)]
        return sorted(silent or set(sides) - {*self.agreed_by})

    def _states_with_stance(self, stance: str) -> list[str]:
        return [each.owner_state for each in self.statements if each.stance == stance]


def list_discrepancies(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DiscrepancyView]:
    """Return a page of discrepancies concerning the own state, newest first."""
    require(actor, Permission.DISCREPANCY_READ)
    query = select(Discrepancy)
    for name in ("kind", "status", "subject_kind", "subject_id", "subject_number", "owner_state"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Discrepancy, name) == value)
    if (waiting := filters.get("waiting")) is not None:
        is_waiting = Discrepancy.status.in_(UNRESOLVED_STATUSES)
        query = query.where(is_waiting if waiting else ~is_waiting)
    if (assignee := filters.get("assignee")) is not None:
        mine = select(DiscrepancyAssignment.discrepancy_id).join(
            Account, Account.id == DiscrepancyAssignment.account_id
        )
        query = query.where(Discrepancy.id.in_(mine.where(Account.username == assignee)))
    found = fetch_page(query, Discrepancy.id, limit, cursor)
    return found.of(view_discrepancies(actor, found.items))


def get_discrepancy(actor: Actor, discrepancy_id: UUID) -> DiscrepancyView:
    """Return a discrepancy that concerns the own state; raises NotFound."""
    require(actor, Permission.DISCREPANCY_READ)
    return read_discrepancy(actor, discrepancy_id)


def read_discrepancy(actor: Actor, discrepancy_id: UUID) -> DiscrepancyView:
    """Return a discrepancy without a permission check; raises NotFound."""
    found = db.session.get(Discrepancy, discrepancy_id, populate_existing=True)
    if found is None:
        raise NotFound("discrepancy", discrepancy_id)
    return view_discrepancies(actor, [found])[0]


def discrepancy_version(actor: Actor, discrepancy_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound."""
    wanted = select(Discrepancy.version).where(Discrepancy.id == discrepancy_id)
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound("discrepancy", discrepancy_id)
    return found


def list_at_post(actor: Actor, post: str, limit: int) -> list[DiscrepancyView]:
    """Return unresolved discrepancies of shipments through a post, newest first.

    Empty without DISCREPANCY_READ.
    """
    if Permission.DISCREPANCY_READ not in actor.permissions:
        return []
    wanted = select(Discrepancy).where(
        Discrepancy.id.in_(select(func.salsa_discrepancies_at_post(post))),
        Discrepancy.status.in_(UNRESOLVED_STATUSES),
    )
    newest = wanted.order_by(Discrepancy.raised_at.desc(), Discrepancy.id).limit(limit)
    return view_discrepancies(
        actor, db.session.scalars(newest.execution_options(populate_existing=True)).all()
    )


def list_unresolved(actor: Actor, subjects: Collection[UUID]) -> dict[UUID, list[Discrepancy]]:
    """Return unresolved discrepancies by subject, oldest first.

    Empty without DISCREPANCY_READ.
    """
    found: dict[UUID, list[Discrepancy]] = defaultdict(list)
    if Permission.DISCREPANCY_READ not in actor.permissions or not subjects:
        return found
    wanted = select(Discrepancy).where(
        Discrepancy.subject_id.in_(subjects), Discrepancy.status.in_(UNRESOLVED_STATUSES)
    )
    ordered = wanted.order_by(Discrepancy.raised_at, Discrepancy.kind, Discrepancy.key)
    for each in db.session.scalars(ordered.execution_options(populate_existing=True)):
        found[each.subject_id].append(each)
    return found


def view_discrepancies(actor: Actor, found: Sequence[Discrepancy]) -> list[DiscrepancyView]:
    """Return views of discrepancies, with a fixed number of queries."""
    ids, parties = [each.id for each in found], find_unauthorised_parties(actor, found)
    positions, assignees, events = (
        _statements_by_discrepancy(ids),
        _assignees_by_discrepancy(ids),
        events_by_subject(ids),
    )
    return [
        DiscrepancyView(
            each, positions[each.id], events[each.id], assignees.get(each.id), parties.get(each.id)
        )
        for each in found
    ]


def _statements_by_discrepancy(ids: Sequence[UUID]) -> dict[UUID, list[Statement]]:
    found: dict[UUID, list[Statement]] = defaultdict(list)
    wanted = select(Statement).where(Statement.discrepancy_id.in_(ids))
    ordered = wanted.order_by(Statement.owner_state).execution_options(populate_existing=True)
    for position in db.session.scalars(ordered):
        found[position.discrepancy_id].append(position)
    return found


def _assignees_by_discrepancy(ids: Sequence[UUID]) -> dict[UUID, str]:
    named = select(DiscrepancyAssignment.discrepancy_id, Account.username).join(
        Account, Account.id == DiscrepancyAssignment.account_id
    )
    return dict(
        db.session.execute(named.where(DiscrepancyAssignment.discrepancy_id.in_(ids))).all()
    )


PARTY_NOT_AUTHORISED: Final = "party_not_authorised"


def find_unauthorised_parties(
    actor: Actor, discrepancies: Iterable[Discrepancy]
) -> dict[UUID, UnauthorisedParty]:
    """Return the unauthorised party of each discrepancy about one.

    Two queries.
    """
    about = [each for each in discrepancies if each.kind == PARTY_NOT_AUTHORISED]
    names = _party_names(actor, about)
    return {
        each.id: UnauthorisedParty(
            each.data["role"],
            each.data["state"],
            each.data["verdict"],
            names.get((each.subject_id, each.data["role"])),
        )
        for each in about
    }


def list_unauthorised_parties(
    actor: Actor, permit_ids: Collection[UUID], statuses: Sequence[str]
) -> dict[UUID, list[UnauthorisedParty]]:
    """Return unauthorised parties of permits with discrepancies in `statuses`.

    Empty without DISCREPANCY_READ.
    """
    found: dict[UUID, list[UnauthorisedParty]] = defaultdict(list)
    if Permission.DISCREPANCY_READ not in actor.permissions:
        return found
    about = select(Discrepancy).where(
        Discrepancy.subject_id.in_(permit_ids),
        Discrepancy.kind == PARTY_NOT_AUTHORISED,
        Discrepancy.status.in_(statuses),
    )
    doubts = db.session.scalars(about.order_by(Discrepancy.key)).all()
    parties = find_unauthorised_parties(actor, doubts)
    for doubt in doubts:
        found[doubt.subject_id].append(parties[doubt.id])
    return found


def _party_names(actor: Actor, about: Sequence[Discrepancy]) -> dict[tuple[UUID, str], str | None]:
    if not about or Permission.PERMIT_READ not in actor.permissions:
        return {}
    ids = {each.subject_id for each in about}
    permits = {row.id: row for row in db.session.scalars(select(Permit).where(Permit.id.in_(ids)))}
    sides = {
        (each.subject_id, each.data["role"]): getattr(
            permits.get(each.subject_id), f"{each.data['role']}_id", None
        )
        for each in about
    }
    parties = find_parties(sides.values())
    return {key: parties[side].name for key, side in sides.items() if side in parties}
