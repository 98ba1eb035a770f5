"""Matches as the state that is told of them sees them; no other state's row is ever in reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Account, Match
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.contacts import Office, contact_of
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.values.actor import Actor


@dataclass(frozen=True)
class MatchView:
    """A match, the user name of who judged it, and whom to ask in the other state."""

    match: Match
    decided_by: str | None
    contact: Office | None

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.match.version


def list_matches(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[MatchView]:
    """Return a page of the matches of your state's records, newest first."""
    require(actor, Permission.MATCH_READ)
    query = select(Match).where(Match.owner_state == actor.state)
    for name in ("status", "strength", "other_state", "is_of_crime"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Match, name) == value)
    if (record := filters.get("record")) is not None:
        query = query.where(or_(Match.record_id == record, Match.other_record == record))
    query = query.where(Match.is_standing == filters.get("standing", True))
    found = page(query, Match.id, limit, cursor)
    return found.of(views(actor, found.items))


def get_match(actor: Actor, match_id: UUID) -> MatchView:
    """Return one match; raises NotFound where it is another state's."""
    require(actor, Permission.MATCH_READ)
    return read(actor, match_id)


def read(actor: Actor, match_id: UUID) -> MatchView:
    """Return one match of the own state, for a command that just changed it."""
    found = db.session.get(Match, match_id, populate_existing=True)
    if found is None:
        raise NotFound("match", match_id)
    return views(actor, [found])[0]


def version(actor: Actor, match_id: UUID) -> int:
    """Return the version that stands, to be compared with If-Match; raises NotFound."""
    found = db.session.scalar(select(Match.version).where(Match.id == match_id))
    if found is None:
        raise NotFound("match", match_id)
    return found


def views(actor: Actor, found: Sequence[Match]) -> list[MatchView]:
    """Complete matches with one query for each kind of thing."""
    judges = {row.decided_by for row in found if row.decided_by}
    named = select(Account.id, Account.username).where(Account.id.in_(judges))
    names: dict[UUID, str] = dict(db.session.execute(named).all()) if judges else {}
    others = {row.other_state for row in found} - {actor.state}
    contacts = {state: contact_of(state) for state in sorted(others)}
    return [
        MatchView(row, names.get(row.decided_by) if row.decided_by else None,
                  contacts.get(row.other_state))
        for row in found
    ]  # fmt: skip
