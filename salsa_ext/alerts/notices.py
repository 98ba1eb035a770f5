"""Audit entries and notifications about hits, for both states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import Action, AuditEvent, append_many
from salsa_ext.alerts.models import Hit
from salsa_ext.core.actor import Actor
from salsa_ext.disclosure.disclosures import RecordFinding, finding_events
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.values import Notice

OWNER_ROLES: Final = ("police_officer", "trace_analyst")
FINDER_ROLES: Final = ("police_officer", "trace_analyst")
REMINDED_ROLES: Final = ("supervisor", "trace_analyst")
"""Who is reminded where the first did not answer."""
ENDED_ACTIONS: Final = {"expired": Action.HIT_EXPIRED, "ended": Action.HIT_ENDED}
"""What a hit that waited did when its alert ended."""


def notify_created(
    actor: Actor,
    rows: Sequence[Mapping[str, Any]],
    disclosed: Iterable[RecordFinding],
    *,
    in_background: bool,
) -> None:
    """Log new hits and notify both states.

    The finding state is notified only in the background: otherwise its answer lists the hit. The
    audit of a finding state has no entry for a hit that it must not see. `disclosed` are the fields
    that hits show of records; their owners read them in their audit.
    """
    append_many(actor, [*map(_created_event, rows), *finding_events(actor, disclosed)])
    notify_many(
        actor,
        [notice for row in rows for notice in _created_notices(row, in_background=in_background)],
    )


def _created_event(row: Mapping[str, Any]) -> AuditEvent:
    concerned = {row["alert_state"], *([row["asking_state"]] if row["is_shown"] else ())}
    said = {"alert": str(row["alert_id"]), "cause": row["cause_kind"], "strength": row["strength"]}
    return AuditEvent(
        Action.HIT_MADE,
        "hit",
        row["id"],
        row["alert_state"],
        sorted(concerned),
        said,
        hidden=not row["is_shown"],
    )


def _created_notices(row: Mapping[str, Any], *, in_background: bool) -> list[Notice]:
    data = {
        "state": row["asking_state"],
        "action": row["action"],
        "strength": row["strength"],
        "alert": str(row["alert_id"]),
    }
    code = "hit_made" if row["is_shown"] else "hit_silent"  # nobody waits there, and nobody acts
    told = [hit_notice(row["alert_state"], OWNER_ROLES, code, row, data)]
    if in_background and row["is_shown"] and row["asking_state"] != row["alert_state"]:
        told += _finder_notices("hit_made", row, data | {"state": row["alert_state"]})
    return told


def notify_answered(actor: Actor, row: Hit, action: Action, *, is_shown: bool) -> None:
    """Log an answer and notify the finding state.

    Notifies nobody if the hit is not shown to it.
    """
    concerned = sorted({row.alert_state, *([row.finding_state] if is_shown else ())})
    append_many(
        actor,
        [
            AuditEvent(
                action,
                "hit",
                row.id,
                row.alert_state,
                concerned,
                {"status": row.status, "due_at": row.due_at.isoformat()},
            )
        ],
    )
    if is_shown:
        data = {"state": row.alert_state, "due_at": row.due_at.isoformat()}
        notify_many(actor, _finder_notices(f"hit_{row.status}", vars(row), data))


def notify_ended(
    actor: Actor, rows: Sequence[Hit], alert_status: str, shown: Collection[UUID]
) -> None:
    """Log hits whose alert was cancelled or expired; notify the finding states.

    Unanswered hits end with the alert; confirmed ones stay confirmed. `shown` are the ids of hits
    that the finding state may see.
    """
    append_many(actor, [_ended_event(row, alert_status, is_shown=row.id in shown) for row in rows])
    notify_many(
        actor,
        [
            notice
            for row in rows
            if row.id in shown
            for notice in _finder_notices(
                f"hit_alert_{alert_status}", vars(row), {"state": row.alert_state}
            )
        ],
    )


def _ended_event(row: Hit, alert_status: str, *, is_shown: bool) -> AuditEvent:
    action = ENDED_ACTIONS.get(row.status, Action.HIT_ALERT_ENDED)
    concerned = sorted({row.alert_state, *([row.finding_state] if is_shown else ())})
    said = {"status": row.status, "alert": alert_status}
    return AuditEvent(action, "hit", row.id, row.alert_state, concerned, said)


def notify_cause_changed(
    actor: Actor, rows: Sequence[Hit], before: Mapping[UUID, str], shown: Collection[UUID]
) -> None:
    """Log corrected or withdrawn records of hits; notify both states.

    `before` are the previous statuses of the hits. Of a hit that is not in `shown`, only the
    alert's state is notified.
    """
    append_many(
        actor, [_cause_event(row, before[row.id], is_shown=row.id in shown) for row in rows]
    )
    notify_many(
        actor,
        [
            notice
            for row in rows
            for notice in _cause_notices(row, before[row.id], is_shown=row.id in shown)
        ],
    )


def _cause_event(row: Hit, before: str, *, is_shown: bool) -> AuditEvent:
    becomes = {"ended": Action.HIT_ENDED, "open": Action.HIT_REOPENED}
    action = becomes.get(row.status, Action.HIT_CAUSE_CHANGED)
    concerned = sorted({row.alert_state, *([row.finding_state] if is_shown else ())})
    said = {"status": row.status, "cause": row.cause_status}
    return AuditEvent(
        Action.HIT_CAUSE_CHANGED if row.status == before else action,
        "hit",
        row.id,
        row.alert_state,
        concerned,
        said,
        hidden=not is_shown,
    )


def _cause_notices(row: Hit, before: str, *, is_shown: bool) -> list[Notice]:
    is_again = before == "ended" and row.status == "open"
    code = "hit_reopened" if is_again else f"hit_cause_{row.cause_status}"
    if is_again and not is_shown:
        code = "hit_silent"
    data = {"status": row.status, "alert": str(row.alert_id)}
    told = _finder_notices(code, vars(row), data | {"state": row.alert_state}) if is_shown else []
    if row.finding_state != row.alert_state or not is_shown:
        said = data | {"state": row.finding_state, "action": row.action}
        told.append(hit_notice(row.alert_state, OWNER_ROLES, code, vars(row), said))
    return told


def notify_overdue(actor: Actor, row: Hit, contact: str | None, *, is_shown: bool) -> None:
    """Remind the second contact of an unanswered hit; notify the finding state."""
    data = {"state": row.alert_state, "contact": contact}
    told = [
        hit_notice(
            row.alert_state,
            REMINDED_ROLES,
            "hit_overdue",
            vars(row),
            data | {"state": row.finding_state},
        )
    ]
    if is_shown:
        told += _finder_notices("hit_unanswered", vars(row), data)
    notify_many(actor, told)
    append_many(actor, [AuditEvent(Action.HIT_REMINDED, "hit", row.id)])


def _finder_notices(code: str, row: Mapping[str, Any], data: dict[str, Any]) -> list[Notice]:
    """Return notices for the finding state.

    Border officers are notified at the agency of the hit only: they see no other hits.
    """
    state, agency = row["asking_state"], row["agency"]
    told = [hit_notice(state, FINDER_ROLES, code, row, data)]
    if agency is not None:
        told.append(hit_notice(state, ("border_officer",), code, row, data, (agency,)))
    return told


def hit_notice(
    state: str,
    roles: tuple[str, ...],
    code: str,
    row: Mapping[str, Any],
    data: dict[str, Any],
    agencies: tuple[str, ...] | None = None,
) -> Notice:
    """Return a notice about a hit.

    Both states know the hit by the same id.
    """
    hit_id: UUID = row["id"]
    data = data | {"alert_state": row["alert_state"]}
    return Notice(state, roles, code, "hit", hit_id, state, row["read_as"], data, agencies=agencies)
