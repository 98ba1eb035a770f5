"""Discrepancies as the states concerned see them, each with what every state says to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Account, Assignment, Discrepancy, Event, Position
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.events import of_subjects
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.states import participants
from salsa_ext.readmodels.unauthorised import NamedParty, named
from salsa_ext.values.actor import Actor

WAITING = ("open", "explained", "reopened")


@dataclass(frozen=True)
class DiscrepancyView:
    """A discrepancy with its positions; `assignee` is the own state's.

    `party` is who is meant, where it is about a party.
    """

    discrepancy: Discrepancy
    positions: Sequence[Position]
    events: Sequence[Event]
    assignee: str | None
    party: NamedParty | None = None

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.discrepancy.version

    @property
    def explained_by(self) -> list[str]:
        """Return the states that have said why, in order."""
        return self._of("explained")

    @property
    def agreed_by(self) -> list[str]:
        """Return the states that have agreed, in order."""
        return self._of("agreed")

    @property
    def waiting_for(self) -> list[str]:
        """Return the states without which it is not closed: those that said nothing, else not yes."""
        if self.discrepancy.status not in WAITING:
            return []
        sides = [state for state in self.discrepancy.concerned if state in participants()]
        silent = [state for state in sides if state not in (*self.explained_by, *self.agreed_by)]
        return sorted(silent or set(sides) - {*self.agreed_by})

    def _of(self, stance: str) -> list[str]:
        return [each.owner_state for each in self.positions if each.stance == stance]


def list_discrepancies(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DiscrepancyView]:
    """Return a page of the discrepancies that concern the own state, newest first."""
    require(actor, Permission.DISCREPANCY_READ)
    query = select(Discrepancy)
    for name in ("kind", "status", "subject_kind", "subject_id", "subject_number", "owner_state"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Discrepancy, name) == value)
    if (waiting := filters.get("waiting")) is not None:
        is_waiting = Discrepancy.status.in_(WAITING)
        query = query.where(is_waiting if waiting else ~is_waiting)
    if (assignee := filters.get("assignee")) is not None:
        mine = select(Assignment.discrepancy_id).join(Account, Account.id == Assignment.account_id)
        query = query.where(Discrepancy.id.in_(mine.where(Account.username == assignee)))
    found = page(query, Discrepancy.id, limit, cursor)
    return found.of(views(actor, found.items))


def get_discrepancy(actor: Actor, discrepancy_id: UUID) -> DiscrepancyView:
    """Return one discrepancy; raises NotFound where it does not concern the own state."""
    require(actor, Permission.DISCREPANCY_READ)
    return read(actor, discrepancy_id)


def read(actor: Actor, discrepancy_id: UUID) -> DiscrepancyView:
    """Return one discrepancy that the state may see, for a command that just changed it."""
    found = db.session.get(Discrepancy, discrepancy_id, populate_existing=True)
    if found is None:
        raise NotFound("discrepancy", discrepancy_id)
    return views(actor, [found])[0]


def version(actor: Actor, discrepancy_id: UUID) -> int:
    """Return the version that stands, to be compared with If-Match; raises NotFound."""
    wanted = select(Discrepancy.version).where(Discrepancy.id == discrepancy_id)
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound("discrepancy", discrepancy_id)
    return found


def at_post(actor: Actor, post: str, most: int) -> list[DiscrepancyView]:
    """Return what is not settled of the shipments through a post, newest first; nothing to who may not."""
    if Permission.DISCREPANCY_READ not in actor.permissions:
        return []
    wanted = select(Discrepancy).where(
        Discrepancy.id.in_(select(func.salsa_discrepant_at(post))), Discrepancy.status.in_(WAITING)
    )
    newest = wanted.order_by(Discrepancy.raised_at.desc(), Discrepancy.id).limit(most)
    return views(actor, db.session.scalars(newest.execution_options(populate_existing=True)).all())


def waiting_about(actor: Actor, subjects: Collection[UUID]) -> dict[UUID, list[Discrepancy]]:
    """Return what is not settled about documents, oldest first; nothing to who may not."""
    found: dict[UUID, list[Discrepancy]] = defaultdict(list)
    if Permission.DISCREPANCY_READ not in actor.permissions or not subjects:
        return found
    wanted = select(Discrepancy).where(
        Discrepancy.subject_id.in_(subjects), Discrepancy.status.in_(WAITING)
    )
    ordered = wanted.order_by(Discrepancy.raised_at, Discrepancy.kind, Discrepancy.key)
    for each in db.session.scalars(ordered.execution_options(populate_existing=True)):
        found[each.subject_id].append(each)
    return found


def views(actor: Actor, found: Sequence[Discrepancy]) -> list[DiscrepancyView]:
    """Complete discrepancies with one query for each kind of thing."""
    ids, parties = [each.id for each in found], named(actor, found)
    positions, assignees, events = _positions(ids), _assignees(ids), of_subjects(ids)
    return [
        DiscrepancyView(each, positions[each.id], events[each.id], assignees.get(each.id),
                        parties.get(each.id))
        for each in found
    ]  # fmt: skip


def _positions(ids: Sequence[UUID]) -> dict[UUID, list[Position]]:
    found: dict[UUID, list[Position]] = defaultdict(list)
    wanted = select(Position).where(Position.discrepancy_id.in_(ids))
    ordered = wanted.order_by(Position.owner_state).execution_options(populate_existing=True)
    for position in db.session.scalars(ordered):
        found[position.discrepancy_id].append(position)
    return found


def _assignees(ids: Sequence[UUID]) -> dict[UUID, str]:
    named = select(Assignment.discrepancy_id, Account.username).join(
        Account, Account.id == Assignment.account_id
    )
    return dict(db.session.execute(named.where(Assignment.discrepancy_id.in_(ids))).all())
