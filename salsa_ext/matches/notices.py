"""Audit and notify changes of matches."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.database.session import acting_as
from salsa_ext.disclosure.disclosures import RecordFinding, finding_events
from salsa_ext.jobs.changes import append_changes
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import (
    CRITICAL_NOTIFICATIONS,
    NOTICE_RULES,
    Notice,
    Subject,
)

MAX_SEPARATE_NOTICES: Final = 20
ACTIONS: Final = {
    "match_proposed": Action.MATCH_PROPOSED,
    "match_contradicted": Action.MATCH_PROPOSED,
    "match_reopened": Action.MATCH_REOPENED,
    "match_withdrawn": Action.MATCH_WITHDRAWN,
    "match_changed": Action.MATCH_PROPOSED,
}
"""`match_changed`, other evidence of a match that stays, is in the change feed alone."""


@dataclass(frozen=True)
class MatchChange:
    """A change of one state's match; `is_urgent` ones are notified, once for each gun."""

    code: str
    owner: str
    match: UUID
    record: UUID
    other_state: str
    strength: str
    is_urgent: bool
    gun: UUID


def notify_states(
    actor: Actor, changes: Sequence[MatchChange], role: str, findings: Iterable[RecordFinding] = ()
) -> None:
    """Audit changes of matches, and notify the states concerned.

    Owners also get an entry on records disclosed to another state (`findings`). The actor's audit
    names its own matches alone. Its own police is notified unless it wrote the record itself, whose
    page shows the matches (`role`: of the writer), but of a contradiction always. Of each gun the
    first strong match is notified; of more than MAX_SEPARATE_NOTICES guns one, with the count; pairs
    of licit trade never are.
    """
    events = []
    _log_changes(actor, changes)
    grouped: dict[tuple[str, str], dict[UUID, MatchChange]] = defaultdict(dict)
    for change in changes:
        if change.code == "match_changed":
            continue
        owner, is_own = change.owner, change.owner == actor.state
        data = {"record": str(change.record), "strength": change.strength}
        action, key = ACTIONS[change.code], change.match
        events.append(AuditEvent(action, "match", key, owner, [owner], data, hidden=not is_own))
        wrote_it = is_own and role in NOTICE_RULES[change.code].roles
        if change.is_urgent and (not wrote_it or change.code in CRITICAL_NOTIFICATIONS):
            of_code = grouped[owner, change.code]
            of_code[change.gun] = _stronger(of_code.get(change.gun, change), change)
    append_many(actor, [*events, *finding_events(actor, findings)])
    notices = []
    for (owner, code), by_gun in grouped.items():
        guns, count = [*by_gun.values()], dict[str, Any]()
        if len(guns) > MAX_SEPARATE_NOTICES:
            count = {"count": len(guns)}
            guns = [reduce(_stronger, guns)]
        for change in guns:
            more = {"state": change.other_state, "strength": change.strength, **count}
            subject = Subject(change.match, owner)
            notices.append(Notice(owner, code, subject, {"record": str(change.record)} | more))
    notify_many(actor, notices)


def _log_changes(actor: Actor, changes: Iterable[MatchChange]) -> None:
    """Let the change feed of each owner have the changes of its matches."""
    by_kind = group_by(changes, lambda change: (change.owner, change.code))
    for (owner, code), some in sorted(by_kind.items()):
        with acting_as(actor, owner):
            append_changes(actor, [owner], "match", [each.match for each in some], ACTIONS[code])


def _stronger(change: MatchChange, other: MatchChange) -> MatchChange:
    return min(change, other, key=lambda each: each.strength != "strong")
