"""What a person says to a match, each state for itself: confirmed, or rejected, and it can be said anew."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from salsa_ext.audit import Act, Action, append, officer_id
from salsa_ext.db import db
from salsa_ext.errors import Conflict, IllegalTransition, NotFound, StaleVersion, say
from salsa_ext.models import Match
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.values.actor import Actor
from salsa_ext.values.matches import Deciding

VERBS: Final = {"confirmed": "confirm", "rejected": "reject"}
ACTIONS: Final = {"confirmed": Action.MATCH_CONFIRMED, "rejected": Action.MATCH_REJECTED}


def confirm(*, actor: Actor, match_id: UUID, seen: int | None, data: Deciding) -> None:
    """Say for the own state that two records are of one gun; their histories become one.

    Raises NotFound, StaleVersion, IllegalTransition, or Conflict where it no longer stands.
    """
    require(actor, Permission.MATCH_DECIDE)
    _decide(actor, match_id, seen, "confirmed", data)


def reject(*, actor: Actor, match_id: UUID, seen: int | None, data: Deciding) -> None:
    """Say for the own state that two records are not of one gun, and why; raises as `confirm`."""
    require(actor, Permission.MATCH_DECIDE)
    _decide(actor, match_id, seen, "rejected", data)


def _decide(actor: Actor, match_id: UUID, seen: int | None, status: str, data: Deciding) -> None:
    row = db.session.get(Match, match_id, populate_existing=True, with_for_update=True)
    if row is None:
        raise NotFound("match", match_id)
    if seen is not None and seen != row.version:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    if row.status == status:
        raise IllegalTransition("match", row.status, VERBS[status])
    if not row.is_standing:
        raise Conflict(say("A correction took this match away; the marks no longer agree."))
    row.status, row.reason = status, data.reason
    row.decided_by, row.decided_at = actor.account_id, actor.now()
    row.decided_agency, row.decided_officer = actor.agency, officer_id(actor)
    row.version, row.changed_at = row.version + 1, actor.now()
    db.session.flush()
    append(actor, Act(ACTIONS[status], "match", row.id, data={"record": str(row.record_id)}))
