"""Who is told of what happens to permits, and of discrepancies (Model Regulations 9.8 and 9.10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from salsa_ext.audit import Act, Action
from salsa_ext.models import Permit
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

OF_PERMITS: Final = ("licensing_officer",)
OF_DISCREPANCIES: Final = ("licensing_officer", "supervisor", "border_officer")
CODES: Final[Mapping[Action, str]] = {
    Action.DISCREPANCY_RAISED: "discrepancy_raised",
    Action.DISCREPANCY_RESOLVED: "discrepancy_resolved",
    Action.DISCREPANCY_REOPENED: "discrepancy_reopened",
    Action.DISCREPANCY_EXPLAINED: "discrepancy_explained",
    Action.DISCREPANCY_AGREED: "discrepancy_agreed",
}


def of_permits(actor: Actor, permits: Iterable[Permit], code: str) -> None:
    """Tell the other states that permits concern what was done to them."""
    notify_many(actor, [
        Notice(state, OF_PERMITS, code, "permit", permit.id, permit.owner_state, permit.number)
        for permit in permits for state in permit.concerned if state != actor.state
    ])  # fmt: skip


def of_discrepancies(actor: Actor, acts: Iterable[Act], number: Mapping[str, str]) -> None:
    """Tell every state concerned, the actor's own too, what became of discrepancies.

    `number` is that of the document which each is about, by the discrepancy's id.
    """
    notify_many(actor, [
        Notice(state, OF_DISCREPANCIES, CODES[act.action], "discrepancy", UUID(str(act.subject_id)),
               act.subject_state or state, number[str(act.subject_id)], dict(act.data))
        for act in acts for state in act.concerned
    ])  # fmt: skip
