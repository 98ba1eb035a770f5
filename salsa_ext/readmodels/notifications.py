"""What waits for somebody, in his role: notifications of his state that are addressed to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Match, Notification, NotificationReading
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import names
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import GRAVE_NOTIFICATIONS, URGENT_NOTIFICATIONS
from salsa_ext.values.notices import ReadingMany

COUNTED: Final = 1_000
COUNTED_DAYS: Final = 90
IS_URGENT: Final = Notification.code.in_(URGENT_NOTIFICATIONS)
IS_GRAVE: Final = Notification.code.in_(GRAVE_NOTIFICATIONS)


@dataclass(frozen=True)
class NotificationView:
    """A notification as a sentence of the reader's language, and when his account read it.

    `is_urgent` and `is_grave` go by its code alone.
    """

    notification: Notification
    text: str
    read_at: datetime | None

    @property
    def is_urgent(self) -> bool:
        """Tell whether somebody waits for it."""
        return self.notification.code in URGENT_NOTIFICATIONS

    @property
    def state(self) -> str:
        """Return the state that it is about: who asked, answered or did it, else whose the object is."""
        said = self.notification.data
        other = said.get("state") if self.notification.subject_kind == "hit" else None
        return said.get("by") or other or self.notification.subject_state

    @property
    def is_grave(self) -> bool:
        """Tell whether it is an alarm."""
        return self.notification.code in GRAVE_NOTIFICATIONS


class Unread(NamedTuple):
    """How many an account has not read, and how many of them are alarms."""

    all: int
    grave: int


def list_notifications(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[NotificationView]:
    """Return a page of what your state was told for your role, newest first."""
    require(actor, Permission.NOTIFICATION_READ)
    query = _wanted(actor, filters)
    found = page(query, Notification.id, limit, cursor, moment=Notification.raised_at)
    return found.of(_views(actor, found.items))


def count(actor: Actor, filters: Mapping[str, Any]) -> int:
    """Return how many there are, a thousand at most."""
    require(actor, Permission.NOTIFICATION_READ)
    some = _wanted(actor, filters).with_only_columns(Notification.id).limit(COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def unread_of(actor: Actor, data: ReadingMany, limit: int) -> Sequence[Notification]:
    """Return the oldest that the account has not read of those that a command names."""
    require(actor, Permission.NOTIFICATION_READ)
    filters = {"kind": data.kind, "code": data.code, "until": data.until, "unread": True}
    query = _wanted(actor, filters).order_by(Notification.id).limit(limit)
    return db.session.scalars(query).all()


def get_notification(actor: Actor, notification_id: UUID) -> NotificationView:
    """Return one notification; raises NotFound where it is not for the actor's role."""
    require(actor, Permission.NOTIFICATION_READ)
    return _views(actor, [find(actor, notification_id)])[0]


def count_unread(actor: Actor) -> Unread:
    """Return how many of the newest thousand of the last ninety days the account has not read.

    Both limits keep the price of a page the same, however much a state was told before.
    """
    require(actor, Permission.NOTIFICATION_READ)
    since = actor.now() - timedelta(days=COUNTED_DAYS)
    newest = _mine(actor).where(Notification.raised_at >= since)
    newest = newest.order_by(Notification.raised_at.desc()).limit(COUNTED)
    told = newest.with_only_columns(Notification.id, IS_GRAVE.label("grave")).subquery()
    unread = ~_readings(actor).where(NotificationReading.notification_id == told.c.id).exists()
    counted = select(func.count(), func.count().filter(told.c.grave)).where(unread)
    return Unread(*db.session.execute(counted).one())


def _wanted(actor: Actor, filters: Mapping[str, Any]) -> Select[Any]:
    """Select by what is asked; `rest` leaves out what is told apart: the urgent ones and these codes."""
    query, is_unread = _mine(actor), _is_unread(actor)
    for column, name in ((Notification.code, "code"), (Notification.subject_kind, "kind")):
        if (value := filters.get(name)) is not None:
            query = query.where(column == value)
    if (unread := filters.get("unread")) is not None:
        query = query.where(is_unread if unread else ~is_unread)
    if (urgent := filters.get("urgent")) is not None:
        query = query.where(IS_URGENT if urgent else ~IS_URGENT)
    if (grave := filters.get("grave")) is not None:
        query = query.where(IS_GRAVE if grave else ~IS_GRAVE)
    if (role := filters.get("role")) is not None:
        query = query.where(Notification.roles.contains([role]))
    if (until := filters.get("until")) is not None:
        query = query.where(Notification.raised_at <= until)
    if (apart := filters.get("rest")) is not None:
        query = query.where(Notification.code.not_in(apart), ~and_(IS_URGENT, is_unread))
    return query


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
    """Select what the account read; for the operator, who has none, what anybody of the state read."""
    if actor.account_id is None:
        return select(NotificationReading)
    return select(NotificationReading).where(NotificationReading.account_id == actor.account_id)


def _views(actor: Actor, notifications: Sequence[Notification]) -> list[NotificationView]:
    ids = [notification.id for notification in notifications]
    readings = _readings(actor).where(NotificationReading.notification_id.in_(ids))
    read = {row.notification_id: row.read_at for row in db.session.scalars(readings)}
    return [
        NotificationView(
            notification,
            _text(actor, notification),
            read.get(notification.id),
        )
        for notification in notifications
    ]


def _text(actor: Actor, notification: Notification) -> str:
    """Return what a notification says; of an incident, which it is."""
    said = names.label("notification", notification.code, actor.language)
    kind = notification.data.get("kind") if notification.code == "shipment_incident" else None
    if kind is None:
        return said
    return f"{said.rstrip('.')}: {names.label('incident_kind', kind, actor.language)}."
