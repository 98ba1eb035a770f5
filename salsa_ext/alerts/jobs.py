"""Scheduled work: expiry, validation, and reminders of alerts and hits.

Safe to run concurrently and repeatedly: locked rows are skipped.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, any_, or_, select

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import alerts, hit_answers
from salsa_ext.alerts import notices as alert_notices
from salsa_ext.alerts import values as alert_values
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.values import Notice
from salsa_ext.reference.agencies import find_second_contact
from salsa_ext.reference.calendars import local_days

MAX_ROWS: Final = 200
HIT_EXPIRY: Final = timedelta(days=7)
"""After so long past its time nobody waits for an answer any more."""


def review_alerts(*, actor: Actor, limit: int = MAX_ROWS) -> int:
    """Process up to `limit` alerts and hits of each kind.

    Returns their number. Of the actor's state only.
    """
    require(actor, Permission.ALERT_RECORD)
    done = _expire_alerts(actor, limit) + _request_validation(actor, limit)
    return done + _expire_unanswered_hits(actor, limit) + _remind_of_hits(actor, limit)


def _expire_alerts(actor: Actor, limit: int) -> int:
    on = local_days(actor).of(actor.own_state())
    ended = _lock_alerts(actor, Alert.expires_on < on, limit)
    for alert in ended:
        alerts.end(actor, alert, "expired")
        alert.version += 1
        append(actor, AuditEvent(Action.ALERT_EXPIRED, "alert", alert.id))
        _notify(actor, alert, "alert_expired")
    return len(ended)


def _request_validation(actor: Actor, limit: int) -> int:
    """Notify once per validation day that an alert must be verified."""
    on = local_days(actor).of(actor.own_state())
    asked = _lock_alerts(actor, Alert.validate_on <= on, limit)
    for alert in asked:
        _notify(actor, alert, "alert_expiring")
        later = alerts.next_validation(on, alert.expires_on)
        alert.validate_on = later if later > on else alert.expires_on + timedelta(days=1)
    return len(asked)


def _expire_unanswered_hits(actor: Actor, limit: int) -> int:
    lapsed = _lock_hits(actor, Hit.due_at < actor.now() - HIT_EXPIRY, limit)
    hit_answers.expire_hits(actor, lapsed)
    return len(lapsed)


def _remind_of_hits(actor: Actor, limit: int) -> int:
    """Remind the second contact once of overdue hits.

    Only of hits whose finding state waits for the answer.
    """
    is_late = (Hit.due_at < actor.now()) & Hit.reminded_at.is_(None)
    late = _lock_hits(actor, is_late & _is_shown_to_finder(), limit)
    second = find_second_contact(actor.own_state()) if late else None
    for row in late:
        is_shown = hit_answers.change_hit(actor, row, reminded_at=actor.now())
        alert_notices.notify_overdue(
            actor, row, second.agency if second else None, is_shown=is_shown
        )
    return len(late)


def _is_shown_to_finder() -> ColumnElement[bool]:
    """Return the condition that the finding state may see the hit."""
    shows = or_(Hit.finding_state == Hit.alert_state, Hit.finding_state == any_(Alert.concerned))
    told = select(Alert.id).where(Alert.id == Hit.alert_id, shows)
    return and_(Hit.action != alert_values.SILENT_ACTION, told.exists())


def _lock_alerts(actor: Actor, condition: ColumnElement[bool], limit: int) -> list[Alert]:
    active = (Alert.owner_state == actor.state, Alert.status == "active", condition)
    return _lock_free_rows(select(Alert).where(*active).order_by(Alert.id), limit)


def _lock_hits(actor: Actor, condition: ColumnElement[bool], limit: int) -> list[Hit]:
    waiting = (
        Hit.owner_state == actor.state,
        Hit.alert_state == actor.state,
        Hit.status.in_(hit_answers.UNANSWERED),
        condition,
    )
    return _lock_free_rows(select(Hit).where(*waiting).order_by(Hit.id), limit)


def _lock_free_rows(query: Any, limit: int) -> list[Any]:
    free = query.limit(limit).with_for_update(skip_locked=True)
    return list(db.session.scalars(free.execution_options(populate_existing=True)))


def _notify(actor: Actor, alert: Alert, code: str) -> None:
    said = {"expires_on": alert.expires_on.isoformat(), "second_check": alert.second_check}
    notify_many(
        actor,
        [
            Notice(
                alert.owner_state,
                alert_notices.OWNER_ROLES,
                code,
                "alert",
                alert.id,
                alert.owner_state,
                data=said,
            )
        ],
    )
