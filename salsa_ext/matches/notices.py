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
from salsa_ext.notifications.values import NOTICE_RULES, Notice, Subject

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
    actor: Actor,
    changes: Sequence[MatchChange],
    findings: Iterable[RecordFinding] = (),
    *,
    in_background: bool,
) -> None:
    """Audit changes of matches, and notify the states concerned.

    Owners also get an entry on records disclosed to another state (`findings`). The actor's audit
    names its own matches alone. Its own police is notified unless it wrote the record itself and
    waits for the answer. Of more than MAX_SEPARATE_NOTICES the first strong one is notified with
    the count; pairs of licit trade never are.
    """
    append_many(
        actor, [*(_audit_entry(actor, each) for each in changes), *finding_events(actor, findings)]
    )
    told: dict[tuple[str, str], list[MatchChange]] = defaultdict(list)
    for each in changes:
        if _needs_notice(actor, each, in_background=in_background):
            told[each.owner, each.code].append(each)
    notify_many(
        actor,
        [
            Notice(owner, code, Subject(each.match, owner), _notice_data(each, len(all_of)))
            for (owner, code), all_of in told.items()
            for each in _limit_notices(all_of)
        ],
    )


def _needs_notice(actor: Actor, each: MatchChange, *, in_background: bool) -> bool:
    is_seen = (
        each.owner == actor.state
        and actor.role in NOTICE_RULES[each.code].roles
        and not in_background
    )
    return each.is_urgent and not is_seen


def _limit_notices(changes: Sequence[MatchChange]) -> Sequence[MatchChange]:
    strongest_first = sorted(changes, key=lambda each: each.strength != "strong")
    return changes if len(changes) <= MAX_SEPARATE_NOTICES else strongest_first[:1]


def _notice_data(each: MatchChange, count: int) -> dict[str, Any]:
    more = {"count": count} if count > MAX_SEPARATE_NOTICES else {}
    return {"record": str(each.record), "state": each.other_state, "strength": each.strength} | more


def _audit_entry(actor: Actor, each: MatchChange) -> AuditEvent:
    return AuditEvent(
        ACTIONS[each.code],
        "match",
        each.match,
        each.owner,
        [each.owner],
        {"record": str(each.record), "strength": each.strength},
        hidden=each.owner != actor.state,
    )
