"""A permit is cancelled, suspended or reinstated; the states concerned learn it (9.8)."""

from __future__ import annotations

from uuid import UUID

from salsa_ext.articles import Article
from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db
from salsa_ext.errors import IllegalTransition, RuleBroken, say
from salsa_ext.models import Permit
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.services import announcements, holdings, ledger, standings
from salsa_ext.services.events import Note, note_many
from salsa_ext.services.replacements import lapse
from salsa_ext.values.actor import Actor
from salsa_ext.values.changes import Decision

FROM = {"cancelled": ("issued", "suspended"), "suspended": ("issued",),
        "reinstated": ("suspended",)}  # fmt: skip
VERBS = {"cancelled": "cancel", "suspended": "suspend", "reinstated": "reinstate"}
ACTIONS = {"cancelled": Action.PERMIT_CANCELLED, "suspended": Action.PERMIT_SUSPENDED,
           "reinstated": Action.PERMIT_REINSTATED}  # fmt: skip


def cancel(*, actor: Actor, permit_id: UUID, seen: int | None, data: Decision) -> None:
    """Cancel a permit for good: what was not shipped lapses (Model Regulations 9.8).

    Raises NotFound, Forbidden, StaleVersion, RuleBroken where it is cancelled already, or
    IllegalTransition.
    """
    require(actor, Permission.PERMIT_RECORD)
    permit = holdings.take(actor, permit_id, seen)
    if permit.status == "cancelled":
        raise RuleBroken(Article.CANCELLATION, say("This permit is cancelled already; a cancellation is for"
                                                   " good. Issue a new one."))  # fmt: skip
    _decide(actor, permit, "cancelled", data)


def suspend(*, actor: Actor, permit_id: UUID, seen: int | None, data: Decision) -> None:
    """Suspend a permit: nothing is released under it until it is reinstated; raises as `cancel`."""
    require(actor, Permission.PERMIT_RECORD)
    _decide(actor, holdings.take(actor, permit_id, seen), "suspended", data)


def reinstate(*, actor: Actor, permit_id: UUID, seen: int | None, data: Decision) -> None:
    """Let a suspended permit be issued again; raises as `cancel`."""
    require(actor, Permission.PERMIT_RECORD)
    _decide(actor, holdings.take(actor, permit_id, seen), "reinstated", data)


def _decide(actor: Actor, permit: Permit, decided: str, data: Decision) -> None:
    if permit.status not in FROM[decided]:
        raise IllegalTransition("permit", permit.status, VERBS[decided])
    if decided == "cancelled":
        lapse(permit)
    permit.status = "issued" if decided == "reinstated" else decided
    permit.version += 1
    db.session.flush()
    note_many(actor, [Note(permit, decided, data.reason)])
    ledger.refresh_under(actor, standings.refresh(actor, [permit]))
    announcements.of_permits(actor, [permit], f"permit_{decided}")
    append(actor, Act(ACTIONS[decided], "permit", permit.id, concerned=permit.concerned,
                      data={"kind": permit.kind, "number": permit.number}))  # fmt: skip
