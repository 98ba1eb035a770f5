"""What waits for somebody, in his role: notifications of his state that are addressed to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Match, Notification, NotificationReading
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import names
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.values.actor import Actor

COUNTED: Final = 1_000
COUNTED_DAYS: Final = 90


@dataclass(frozen=True)
class NotificationView:
    """A notification as a sentence of the reader's language, and when his account read it."""

    notification: Notification
    text: str
    read_at: datetime | None


def list_notifications(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[NotificationView]:
    """Return a page of what your state was told for your role, newest first."""
    require(actor, Permission.NOTIFICATION_READ)
    query = _mine(actor)
    if (code := filters.get("code")) is not None:
        query = query.where(Notification.code == code)
    if (unread := filters.get("unread")) is not None:
        query = query.where(_is_unread(actor) if unread else ~_is_unread(actor))
    found = page(query, Notification.id, limit, cursor)
    return found.of(_views(actor, found.items))


def get_notification(actor: Actor, notification_id: UUID) -> NotificationView:
    """Return one notification; raises NotFound where it is not for the actor's role."""
    require(actor, Permission.NOTIFICATION_READ)
    return _views(actor, [find(actor, notification_id)])[0]


def count_unread(actor: Actor) -> int:
    """Return how many of the newest thousand of the last ninety days the account has not read.

    Both limits keep the price of a page the same, however much a state was told before.
    """
    require(actor, Permission.NOTIFICATION_READ)
    since = actor.now() - timedelta(days=COUNTED_DAYS)
    newest = _mine(actor).where(Notification.raised_at >= since)
    newest = newest.order_by(Notification.raised_at.desc()).limit(COUNTED)
    ids = newest.with_only_columns(Notification.id).subquery()
    unread = ~_readings(actor).where(NotificationReading.notification_id == ids.c.id).exists()
    return db.session.scalar(select(func.count()).select_from(ids).where(unread)) or 0


def find(actor: Actor, notification_id: UUID) -> Notification:
    """Return a notification for the actor's role, for a command; raises NotFound."""
    found: Notification | None = db.session.scalar(
        _mine(actor).where(Notification.id == notification_id)
    )
    if found is None:
        raise NotFound("notification", notification_id)
    return found


def _mine(actor: Actor) -> Select[Any]:
    """Select what is addressed to the actor's role, or to him; the operator, who has none, sees all.

    Of a match that is out of reach, since the other record is silent by now, nothing is said any more.
    """
    in_reach = select(Match.id).where(Match.id == Notification.subject_id).exists()
    query = select(Notification).where(
        Notification.owner_state == actor.state,
        or_(Notification.subject_kind != "match", in_reach),
    )
    if actor.account_id is None:
        return query
    to_him = or_(Notification.account_id.is_(None), Notification.account_id == actor.account_id)
    of_his = or_(Notification.agencies.is_(None), Notification.agencies.contains([actor.agency]))
    return query.where(Notification.roles.contains([actor.role]), to_him, of_his)


def _is_unread(actor: Actor) -> ColumnElement[bool]:
    return ~_readings(actor).where(NotificationReading.notification_id == Notification.id).exists()


def _readings(actor: Actor) -> Select[Any]:
    return select(NotificationReading).where(NotificationReading.account_id == actor.account_id)


def _views(actor: Actor, notifications: Sequence[Notification]) -> list[NotificationView]:
    ids = [notification.id for notification in notifications]
    readings = _readings(actor).where(NotificationReading.notification_id.in_(ids))
    read = {row.notification_id: row.read_at for row in db.session.scalars(readings)}
    return [
        NotificationView(
            notification,
            names.label("notification", notification.code, actor.language),
            read.get(notification.id),
        )
        for notification in notifications
    ]
