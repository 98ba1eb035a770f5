"""Expiry, validation and reminders of alerts and hits; concurrent: locked rows are skipped."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, any_, or_, select

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import alerts, hits
from salsa_ext.alerts import notices as alert_notices
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.jobs.runner import DueJob
from salsa_ext.notifications.commands import notify
from salsa_ext.reference.agencies import find_second_contact
from salsa_ext.reference.calendars import local_days

MAX_ROWS: Final = 200
HIT_EXPIRY: Final = timedelta(days=7)
"""Time after which no answer to an overdue hit is awaited."""


def review_alerts(*, actor: Actor, limit: int = MAX_ROWS) -> int:
    """Process up to `limit` alerts and hits of each kind; return their number. Of the actor's state only."""
    require(actor, Permission.ALERT_RECORD)
    steps = (_expire_alerts, _request_validation, _expire_hits, _remind_of_hits)
    return sum(step(actor, limit) for step in steps)


JOBS: Final = (DueJob("alerts", timedelta(minutes=1), review_alerts),)


def _expire_alerts(actor: Actor, limit: int) -> int:
    day = local_days(actor).today(actor.own_state())
    expired = _lock_alerts(actor, Alert.expires_on < day, limit)
    for alert in expired:
        alerts.end(actor, alert, "expired")
        alert.version += 1
        append(actor, AuditEvent(Action.ALERT_EXPIRED, "alert", alert.id))
        _notify(actor, alert, "alert_expired")
    return len(expired)


def _request_validation(actor: Actor, limit: int) -> int:
    """Notify once per validation day that an alert must be verified."""
    day = local_days(actor).today(actor.own_state())
    due = _lock_alerts(actor, Alert.validate_on <= day, limit)
    for alert in due:
        _notify(actor, alert, "alert_expiring")
        later = alerts.next_validation(day, alert.expires_on)
        alert.validate_on = later if later > day else alert.expires_on + timedelta(days=1)
    return len(due)


def _expire_hits(actor: Actor, limit: int) -> int:
    expired = _lock_hits(actor, Hit.due_at < actor.now() - HIT_EXPIRY, limit)
    for hit in expired:
        is_shown = hits.change_hit(actor, hit, status="expired")
        alert_notices.notify_answered(actor, hit, Action.HIT_EXPIRED, is_shown=is_shown)
    return len(expired)


def _remind_of_hits(actor: Actor, limit: int) -> int:
    """Remind the second contact once of overdue hits. Only of hits whose finding state waits for the answer."""
    is_visible = or_(
        Hit.finding_state == Hit.alert_state, Hit.finding_state == any_(Alert.concerned)
    )
    is_shown_to_finder = select(Alert.id).where(Alert.id == Hit.alert_id, is_visible).exists()
    is_overdue = (Hit.due_at < actor.now()) & Hit.reminded_at.is_(None)
    overdue = _lock_hits(actor, is_overdue & ~Hit.is_silent & is_shown_to_finder, limit)
    office = find_second_contact(actor.own_state()) if overdue else None
    for hit in overdue:
        is_shown = hits.change_hit(actor, hit, reminded_at=actor.now())
        alert_notices.notify_overdue(actor, hit, office and office.agency, is_shown=is_shown)
    return len(overdue)


def _lock_alerts(actor: Actor, condition: ColumnElement[bool], limit: int) -> list[Alert]:
    active = (Alert.owner_state == actor.state, Alert.status == "active", condition)
    return _lock_free_rows(select(Alert).where(*active).order_by(Alert.id), limit)


def _lock_hits(actor: Actor, condition: ColumnElement[bool], limit: int) -> list[Hit]:
    own = (Hit.owner_state == actor.state, Hit.alert_state == actor.state)
    unanswered = Hit.status.in_(hits.UNANSWERED)
    return _lock_free_rows(select(Hit).where(*own, unanswered, condition).order_by(Hit.id), limit)


def _lock_free_rows(query: Any, limit: int) -> list[Any]:
    free = query.limit(limit).with_for_update(skip_locked=True)
    return list(db.session.scalars(free.execution_options(populate_existing=True)))


def _notify(actor: Actor, alert: Alert, code: str) -> None:
    last_day = alert.expires_on.isoformat()
    own, check = alert.owner_state, alert.second_check
    notify(actor, own, code, alert, expires_on=last_day, second_check=check)
