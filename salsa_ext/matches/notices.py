"""Audit and notify changes of matches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import Action, AuditEvent, append_many
from salsa_ext.core.actor import Actor
from salsa_ext.disclosure.disclosures import RecordFinding, finding_events
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import NOTICE_RULES, Notice, Subject

MAX_SEPARATE_NOTICES: Final = 20
ACTIONS: Final = {
    "match_proposed": Action.MATCH_PROPOSED,
    "match_reopened": Action.MATCH_REOPENED,
    "match_withdrawn": Action.MATCH_WITHDRAWN,
}


@dataclass(frozen=True)
class MatchChange:
    """A change of one state's match; `is_urgent` ones are notified."""

    code: str
    owner: str
    match: UUID
    record: UUID
    other_state: str
    strength: str
    is_urgent: bool


def notify_states(
    actor: Actor, changes: Sequence[MatchChange], role: str, findings: Iterable[RecordFinding] = ()
) -> None:
    """Audit changes of matches, and notify the states concerned.

    Owners also get an entry on records disclosed to another state (`findings`). The actor's audit
    names its own matches alone. Its own police is notified unless it wrote the record itself, whose
    page shows the matches (`role`: of the writer). Of more than MAX_SEPARATE_NOTICES the first strong
    one is notified with the count; pairs of licit trade never are.
    """
    events = []
    grouped: dict[tuple[str, str], list[MatchChange]] = defaultdict(list)
    for change in changes:
        owner, is_own = change.owner, change.owner == actor.state
        data = {"record": str(change.record), "strength": change.strength}
        action, key = ACTIONS[change.code], change.match
        events.append(AuditEvent(action, "match", key, owner, [owner], data, hidden=not is_own))
        wrote_it = is_own and role in NOTICE_RULES[change.code].roles
        if change.is_urgent and not wrote_it:
            grouped[owner, change.code].append(change)
    append_many(actor, [*events, *finding_events(actor, findings)])
    notices = []
    for (owner, code), group in grouped.items():
        count: dict[str, Any] = {}
        if len(group) > MAX_SEPARATE_NOTICES:
            count = {"count": len(group)}
            group = [min(group, key=lambda change: change.strength != "strong")]
        for change in group:
            more = {"state": change.other_state, "strength": change.strength, **count}
            subject = Subject(change.match, owner)
            notices.append(Notice(owner, code, subject, {"record": str(change.record)} | more))
    notify_many(actor, notices)
