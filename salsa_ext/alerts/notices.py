"""Audit entries and notifications about hits, for both states."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.rules import OPERATOR_ROLE
from salsa_ext.alerts.models import Hit
from salsa_ext.core.actor import Actor
from salsa_ext.disclosure.disclosures import RecordFinding, finding_events
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import Notice, Subject


def notify_created(
    actor: Actor, shown_by_hit: Mapping[Hit, bool], disclosed: Iterable[RecordFinding], role: str
) -> None:
    """Log new hits and notify both states.

    The finding state is notified unless a person of it (`role`) found the gun: the answer lists
    the hit. The audit of a finding state has no entry for a hit that it must not see. `disclosed`
    are the fields that hits show of records; their owners read them in their audit.
    """
    events, notices = [], []
    for hit, is_shown in shown_by_hit.items():
        data = {"alert": str(hit.alert_id), "cause": hit.cause_kind, "strength": hit.strength}
        events.append(_event(Action.HIT_MADE, hit, is_shown, data, hidden=not is_shown))
        data = {"action": hit.action, "strength": hit.strength, "alert": str(hit.alert_id)}
        code = "hit_made" if is_shown else "hit_silent"  # the finding state does not act on these
        notices.append(_owner_notice(code, hit, data))
        is_in_answer = hit.finding_state == actor.state and role != OPERATOR_ROLE
        if is_shown and hit.has_finder_row and not is_in_answer:
            notices += _finder_notices("hit_made", hit, data)
    append_many(actor, [*events, *finding_events(actor, disclosed)])
    notify_many(actor, notices)


def notify_answered(actor: Actor, hit: Hit, action: Action, *, is_shown: bool) -> None:
    """Log an answer; notify the finding state if it sees the hit."""
    due = {"due_at": hit.due_at.isoformat()}
    append_many(actor, [_event(action, hit, is_shown, {"status": hit.status} | due)])
    if is_shown:
        notify_many(actor, _finder_notices(f"hit_{hit.status}", hit, due))


def notify_ended(
    actor: Actor, hits: Sequence[Hit], alert_status: str, visible: Collection[UUID]
) -> None:
    """Log hits whose alert was cancelled or expired; notify the finding states.

    Unanswered hits end with the alert; confirmed ones stay confirmed. `visible` are the ids of hits
    that the finding state may see.
    """
    actions = {"expired": Action.HIT_EXPIRED, "ended": Action.HIT_ENDED}
    events, notices = [], []
    for hit in hits:
        action = actions.get(hit.status, Action.HIT_ALERT_ENDED)
        data = {"status": hit.status, "alert": alert_status}
        events.append(_event(action, hit, hit.id in visible, data))
        if hit.id in visible:
            notices += _finder_notices(f"hit_alert_{alert_status}", hit, {})
    append_many(actor, events)
    notify_many(actor, notices)


def notify_cause_changed(
    actor: Actor, hits: Sequence[Hit], before: Mapping[UUID, str], visible: Collection[UUID]
) -> None:
    """Log corrected or withdrawn records of hits; notify both states.

    `before` are the previous statuses of the hits. Of a hit that is not in `visible`, only the
    alert's state is notified.
    """
    actions = {"ended": Action.HIT_ENDED, "open": Action.HIT_REOPENED}
    events, notices = [], []
    for hit in hits:
        is_shown, is_changed = hit.id in visible, hit.status != before[hit.id]
        action = actions.get(hit.status) if is_changed else None
        data = {"status": hit.status, "cause": hit.cause_status}
        events.append(
            _event(action or Action.HIT_CAUSE_CHANGED, hit, is_shown, data, hidden=not is_shown)
        )
        code = f"hit_cause_{hit.cause_status}"
        if is_changed and hit.status == "open":
            code = "hit_reopened" if is_shown else "hit_silent"
        data = {"status": hit.status, "alert": str(hit.alert_id)}
        if is_shown:
            notices += _finder_notices(code, hit, data)
        if hit.has_finder_row or not is_shown:
            notices.append(_owner_notice(code, hit, data | {"action": hit.action}))
    append_many(actor, events)
    notify_many(actor, notices)


def notify_overdue(actor: Actor, hit: Hit, contact: str | None, *, is_shown: bool) -> None:
    """Remind the second contact of an unanswered hit; notify the finding state."""
    data = {"contact": contact}
    finder = _finder_notices("hit_unanswered", hit, data) if is_shown else []
    notify_many(actor, [_owner_notice("hit_overdue", hit, data), *finder])
    append_many(actor, [AuditEvent(Action.HIT_REMINDED, "hit", hit.id)])


def _event(
    action: Action, hit: Hit, is_shown: bool, data: dict[str, Any], *, hidden: bool = False
) -> AuditEvent:
    states = sorted({hit.alert_state, *([hit.finding_state] if is_shown else ())})
    return AuditEvent(action, "hit", hit.id, hit.alert_state, states, data, hidden=hidden)


def _owner_notice(code: str, hit: Hit, data: dict[str, Any]) -> Notice:
    return _notice(hit.alert_state, code, hit, data | {"state": hit.finding_state})


def _finder_notices(code: str, hit: Hit, data: dict[str, Any]) -> list[Notice]:
    """Return notices for the finding state."""
    notice = _notice(hit.finding_state, code, hit, data | {"state": hit.alert_state})
    if hit.agency is None:
        return [notice]
    return [notice, replace(notice, roles=("border_officer",), agencies=(hit.agency,))]


def _notice(state: str, code: str, hit: Hit, data: dict[str, Any]) -> Notice:
    subject = Subject(hit.id, state, hit.serial_read)
    return Notice(state, code, subject, data | {"alert_state": hit.alert_state})
