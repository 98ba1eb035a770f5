"""Calls across a border post: the officers of the other side are asked to call, and say that they did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db, insert_many
from salsa_ext.errors import AlreadyAsked, Forbidden, TooManyCalls, say
from salsa_ext.models import PostCall, PostCallAnswer, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import calls, finding
from salsa_ext.readmodels.contacts import standing_at
from salsa_ext.readmodels.crossings import sides_for
from salsa_ext.readmodels.reference import get_post
from salsa_ext.services import locks
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.notices import Notice

ROLES: Final = ("border_officer",)
AGAIN: Final = timedelta(minutes=5)
"""After so long the same may be asked again, though nobody answered."""


@dataclass(frozen=True)
class CallData:
    """About which shipment, where it is about one."""

    shipment: UUID | None = None


def ask(*, actor: Actor, post: str, data: CallData) -> UUID:
    """Ask the border officers of the other side to call; raises NotFound, or Forbidden.

    Raises AlreadyAsked where the same waits, TooManyCalls where as many wait as the boards show.

    It stands on the board and the desk of the other side, and is told to the officers of the
    agencies that stand there. About a shipment only a state is told that the shipment concerns.
    """
    require(actor, Permission.CHECKPOINT_RECORD)
    at, state = get_post(post), actor.own_state()
    own, other = sides_for(at, state)
    about = _about(actor, data, other.state)
    shipment = about.id if about else None
    locks.calls_of(state, at.code)
    if waiting := calls.waiting_since(actor, at.code, shipment, actor.now() - AGAIN):
        raise AlreadyAsked(f"{waiting.asked_at.astimezone(ZoneInfo(own.zone)):%H:%M}")
    if calls.waiting_of(actor, at.code) >= calls.MOST:
        raise TooManyCalls(calls.MOST)
    row = {
        "id": new_id(), "owner_state": state, "concerned": sorted((state, other.state)),
        "post": at.code, "agency": actor.agency, "shipment_id": shipment,
        "shipment_number": about.number if about else None, "asked_at": actor.now(),
    }  # fmt: skip
    insert_many(PostCall, [row])
    notify_many(actor, [_notice(row, at.name, other.state, about)])
    said = {"call": str(row["id"]), "for": "shipment" if about else "post"}
    append(actor, Act(Action.POST_CALLED, "post", at.code, concerned=[other.state], data=said))
    return UUID(str(row["id"]))


def answer(*, actor: Actor, call_id: UUID) -> None:
    """Say that the other side was called; again changes nothing; raises NotFound, or Forbidden."""
    require(actor, Permission.CHECKPOINT_RECORD)
    call = calls.find(call_id)
    state = actor.own_state()
    if call.owner_state == state:
        raise Forbidden(say("Your side asked for this call; the other side answers it."))
    first = insert(PostCallAnswer).values(
        call_id=call.id, owner_state=state, concerned=call.concerned, agency=actor.agency,
        answered_at=actor.now(),
    )  # fmt: skip
    made = first.on_conflict_do_nothing().returning(PostCallAnswer.call_id)
    if db.session.scalar(made) is not None:
        said = {"call": str(call.id)}
        concerned = [call.owner_state]
        append(actor, Act(Action.POST_ANSWERED, "post", call.post, concerned=concerned, data=said))


def _about(actor: Actor, data: CallData, other: str) -> Shipment | None:
    if data.shipment is None:
        return None
    row = finding.get_shipment(actor, data.shipment).shipment
    return row if other in row.concerned else None


def _notice(call: Mapping[str, Any], name: str, other: str, about: Shipment | None) -> Notice:
    code, state = call["post"], call["owner_state"]
    agencies, data = standing_at(other, code), {
        "post": code, "name": name, "call": str(call["id"]), "by": state,
    }  # fmt: skip
    if about is None:
        return Notice(other, ROLES, "post_called", "post", _id_of(code), state, name, data,
                      agencies=agencies)  # fmt: skip
    return Notice(other, ROLES, "post_called", "shipment", about.id, about.owner_state,
                  about.number, data, agencies=agencies)  # fmt: skip


def _id_of(code: str) -> UUID:
    """Return what stands for a post where a number is wanted: posts have codes alone."""
    return uuid5(NAMESPACE_OID, code)
