"""Canaries: serials that a state made up; who looks one up read them out of a register."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Invalid, NotFound, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.locks import lock
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db, execute_raw
from salsa_ext.firearms.marks import keys
from salsa_ext.lookups.models import Canary
from salsa_ext.notifications.commands import notify
from salsa_ext.notifications.notice_rules import Subject

_FIND: Final = (
    "SELECT key, id, owner_state FROM canary WHERE key = ANY(%s::bigint[]) AND removed_at IS NULL"
    " ORDER BY id"
)


class CanaryLookup(NamedTuple):
    """A serial that was looked up by a check or trace, or by recording it; `of_owner` notifies both."""

    requester: Actor
    kind: str
    id: UUID
    serial: str
    of_owner: bool = True


def plant_canary(*, actor: Actor, serial: str) -> UUID:
    """Plant a serial; raises Invalid if it cannot be searched, Conflict if it is planted already."""
    require(actor, Permission.CANARY_MANAGE)
    key = keys.whole_key(serial)
    if key is None:
        raise Invalid({"serial": [message("This serial cannot be searched. Give a longer one.")]})
    own = actor.own_state()
    planted = select(Canary.id).where(Canary.key == key.value, Canary.removed_at.is_(None))
    if db.session.scalar(planted.where(Canary.owner_state == own)) is not None:
        raise Conflict(message("Your state planted this serial already."))
    row = Canary(id=new_id(), owner_state=own, serial=serial, key=key.value, planted_at=actor.now())
    db.session.add(row)
    append(actor, AuditEvent(Action.CANARY_PLANTED, "canary", row.id))
    return row.id


def remove_canary(*, actor: Actor, canary_id: UUID) -> None:
    """Remove a canary; idempotent, raises NotFound."""
    require(actor, Permission.CANARY_MANAGE)
    canary = lock(Canary, canary_id, kind="canary")
    if canary.removed_at is None:
        canary.removed_at = actor.now()
        append(actor, AuditEvent(Action.CANARY_REMOVED, "canary", canary_id))


def get_canary(actor: Actor, canary_id: UUID) -> Canary:
    """Return a canary of the own state; raises NotFound."""
    require(actor, Permission.CANARY_MANAGE)
    canary = db.session.get(Canary, canary_id, populate_existing=True)
    if canary is None or canary.owner_state != actor.state:
        raise NotFound("canary", canary_id)
    return canary


def list_canaries(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[Canary]:
    """Return a page of the own state's canaries, newest first."""
    require(actor, Permission.CANARY_MANAGE)
    own = select(Canary).where(Canary.owner_state == actor.state)
    return fetch_page(own, Canary.id, limit, cursor)


def notify_of_canaries(lookups: Iterable[CanaryLookup]) -> None:
    """Notify of canaries among look-ups: the looker's state and the owner; the asker sees nothing.

    As the worker, who alone sees the canaries of all states, after the answers were given.
    """
    by_key: dict[int, list[CanaryLookup]] = defaultdict(list)
    for lookup in lookups:
        if key := keys.whole_key(lookup.serial):
            by_key[key.value].append(lookup)
    planted = execute_raw(_FIND, ([*by_key],)).fetchall() if by_key else ()
    for key_value, canary, owner in planted:
        for requester, kind, id, _, of_owner in by_key[key_value]:
            looker, data = requester.own_state(), {"canary": str(canary)}
            concerned = {owner} if of_owner else set[str]()
            event = AuditEvent(Action.CANARY_LOOKED_UP, kind, id, looker, concerned, data)
            append(requester, replace(event, of_state=True))
            subject = Subject(id, looker, kind=kind)
            states = {looker, *concerned}
            notify(requester, states, "canary_looked_up", subject, canary=str(canary))
