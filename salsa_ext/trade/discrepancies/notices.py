"""Notifications about discrepancies (Model Regulations 9.10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from salsa_ext.access.audit import AuditEvent
from salsa_ext.core.actor import Actor
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.values import Notice, Subject


def notify_states(
    actor: Actor, audit_entries: Iterable[AuditEvent], subject_numbers: Mapping[str, str]
) -> None:
    """Notify all states concerned of changes of discrepancies, the own state too.

    `subject_numbers` gives the document number by discrepancy id.
    """
    notices = []
    for entry in audit_entries:
        key = str(entry.subject_id)
        for state in entry.concerned:
            subject = Subject(UUID(key), entry.subject_state or state, subject_numbers[key])
            code = entry.action.value.replace(":", "_")
            notices.append(Notice(state, code, subject, dict(entry.data)))
    notify_many(actor, notices)
