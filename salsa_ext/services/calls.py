"""Calls across a border post: the officers of the other side are asked to call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

from salsa_ext.audit import Act, Action, append
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import finding
from salsa_ext.readmodels.crossings import sides_for
from salsa_ext.readmodels.reference import get_post
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

ROLES: Final = ("border_officer",)


@dataclass(frozen=True)
class CallData:
    """At which post, and about which shipment where it is about one."""

    post: str
    shipment: UUID | None = None


def ask(*, actor: Actor, data: CallData) -> None:
    """Ask the border officers of the other side to call; raises NotFound, or Forbidden for no side of it.

    About a shipment only a state is told that the shipment concerns.
    """
    require(actor, Permission.CHECKPOINT_RECORD)
    post = get_post(actor, data.post)
    _, other = sides_for(post, actor.state)
    concerned = [other.state]
    notice = Notice(other.state, ROLES, "post_called", "post", _id_of(post.code), actor.own_state(),
                    post.name, {"post": post.code})  # fmt: skip
    if data.shipment:
        row = finding.get_shipment(actor, data.shipment).shipment
        if other.state in row.concerned:
            notice = Notice(other.state, ROLES, "post_called", "shipment", row.id, row.owner_state,
                            row.number, {"post": post.code})  # fmt: skip
    notify_many(actor, [notice])
    about = {"about": notice.subject_kind}
    append(actor, Act(Action.POST_CALLED, "post", post.code, concerned=concerned, data=about))


def _id_of(code: str) -> UUID:
    """Return what stands for a post where a number is wanted: posts have codes alone."""
    return uuid5(NAMESPACE_OID, code)
