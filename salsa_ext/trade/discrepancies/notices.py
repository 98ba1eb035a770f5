"""Notifications about discrepancies (Model Regulations 9.10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from salsa_ext.access.audit import Action, AuditEvent
from salsa_ext.core.actor import Actor
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.values import Notice

DISCREPANCY_RECIPIENTS: Final = ("licensing_officer", "supervisor", "border_officer")
NOTICE_CODES: Final[Mapping[Action, str]] = {
    Action.DISCREPANCY_RAISED: "discrepancy_raised",
    Action.DISCREPANCY_RESOLVED: "discrepancy_resolved",
    Action.DISCREPANCY_REOPENED: "discrepancy_reopened",
    Action.DISCREPANCY_EXPLAINED: "discrepancy_explained",
    Action.DISCREPANCY_AGREED: "discrepancy_agreed",
}


def notify_states(
    actor: Actor, audit_entries: Iterable[AuditEvent], subject_numbers: Mapping[str, str]
) -> None:
    """Notify all states concerned of changes of discrepancies.

    The own state too. `subject_numbers` gives the document number by discrepancy id.
    """
    notify_many(
        actor,
        [
            Notice(
                state,
                DISCREPANCY_RECIPIENTS,
                NOTICE_CODES[act.action],
                "discrepancy",
                UUID(str(act.subject_id)),
                act.subject_state or state,
                subject_numbers[str(act.subject_id)],
                dict(act.data),
            )
            for act in audit_entries
            for state in act.concerned
        ],
    )
