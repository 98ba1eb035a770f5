"""The reader's notifications: list, open or resolved, marking read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, all_, and_, cast, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import aliased

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, NotFound, message
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db
from salsa_ext.matches.models import Match
from salsa_ext.notifications.models import Notification, NotificationRead
from salsa_ext.notifications.notice_rules import (
    CRITICAL_NOTIFICATIONS,
    URGENT_NOTIFICATIONS,
    ReadFilter,
)
from salsa_ext.reference import names

MAX_MARKED: Final = 5_000
"""Notifications marked read in one call."""


def mark_read(*, actor: Actor, notification_id: UUID) -> None:
    """Mark a notification read by the actor's account; idempotent, raises NotFound."""
    require(actor, Permission.NOTIFICATION_READ)
    notification = load_notification(actor, notification_id)
    if actor.account_id is None:
        return
    first = insert(NotificationRead).values(_read_row(actor, notification))
    statement = first.on_conflict_do_nothing().returning(NotificationRead.notification_id)
    if db.session.scalar(statement) is not None:
        append(actor, AuditEvent(Action.NOTIFICATION_READ, "notification", notification.id))


def mark_many_read(*, actor: Actor, data: ReadFilter) -> int:
    """Mark notifications read, of an object, a kind or a code, or until a moment; returns how many.

    At most MAX_MARKED. Raises Invalid without a filter. The operator has no account and marks
    nothing.
    """
    require(actor, Permission.NOTIFICATION_READ)
    if data == ReadFilter():
        text = message("Say which ones: of a kind, of a code, of an object, or until when.")
        raise Invalid({"kind": [text]})
    unread = find_unread(actor, data, MAX_MARKED) if actor.account_id else ()
    if not unread:
        return 0
    rows = [_read_row(actor, notification) for notification in unread]
    db.session.execute(insert(NotificationRead).values(rows).on_conflict_do_nothing())
    audit_data = {"kind": data.kind, "code": data.code, "count": len(rows)}
    append(
        actor,
        AuditEvent(Action.NOTIFICATIONS_READ, "account", str(actor.account_id), data=audit_data),
    )
    return len(rows)


def _read_row(actor: Actor, notification: Notification) -> dict[str, Any]:
    return {
        "notification_id": notification.id,
        "account_id": actor.account_id,
        "owner_state": notification.owner_state,
        "concerned": [notification.owner_state],
        "read_at": actor.now(),
    }


MAX_COUNTED: Final = 1_000
MAX_COUNTED_DAYS: Final = 90
MAX_EARLIER: Final = 500
"""Earlier notifications of all objects of a page."""


@dataclass(frozen=True)
class NotificationView:
    """Notification with its text in the reader's language, and when read."""

    notification: Notification
    text: str
    read_at: datetime | None

    @property
    def is_urgent(self) -> bool:
        """Return whether someone waits for it."""
        return self.notification.code in URGENT_NOTIFICATIONS

    @property
    def state(self) -> str:
        """Return the other state: the acting one, else the object's owner."""
        data = self.notification.data
        other = data.get("state") if self.notification.subject_kind == "hit" else None
        return data.get("by") or other or self.notification.subject_state

    @property
    def is_grave(self) -> bool:
        """True for an unresolved alarm."""
        return self.notification.code in CRITICAL_NOTIFICATIONS


@dataclass(frozen=True)
class ObjectNotifications:
    """The notifications of one object, the newest first; matches are those of one own record."""

    views: Sequence[NotificationView]

    @property
    def newest(self) -> NotificationView:
        """Return the newest one."""
        return self.views[0]

    @property
    def key(self) -> UUID:
        """Return the id of the object, or of the own record of matches."""
        return _object_key(self.newest.notification)

    @property
    def is_unread(self) -> bool:
        """Return whether one of them is unread."""
        return any(view.read_at is None for view in self.views)


class UnreadCount(NamedTuple):
    """Number of unread notifications, and of alarms among them."""

    all: int
    grave: int


def list_notifications(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[NotificationView]:
    """Return a page of notifications for the actor's role, newest first."""
    require(actor, Permission.NOTIFICATION_READ)
    query = _select_filtered(actor, filters)
    page = fetch_page(query, Notification.id, limit, cursor, before=(Notification.raised_at,))
    return page.with_items(_views(actor, page.items))


def list_objects(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[ObjectNotifications]:
    """Return a page of objects with their notifications, that with the newest first."""
    require(actor, Permission.NOTIFICATION_READ)
    query, later = _select_filtered(actor, filters), aliased(Notification)
    place, later_place = (tuple_(row.raised_at, row.id) for row in (Notification, later))
    newer = _select_filtered(actor, filters, later).where(
        later.owner_state == Notification.owner_state,
        _subject_key(later) == _subject_key(Notification),
        later_place > place,
    )
    newest = query.where(~newer.exists())
    page = fetch_page(newest, Notification.id, limit, cursor, before=(Notification.raised_at,))
    keys = [str(_object_key(row)) for row in page.items]
    of_page = query.where(_subject_key(Notification).in_(keys)).order_by(
        Notification.raised_at.desc(), Notification.id.desc()
    )
    rows = db.session.scalars(of_page.limit(limit + MAX_EARLIER)).all() if keys else ()
    grouped: dict[str, list[NotificationView]] = {key: [] for key in keys}
    for view in _views(actor, rows):
        grouped[str(_object_key(view.notification))].append(view)
    return page.with_items([ObjectNotifications(views) for views in grouped.values() if views])


def _subject_key(row: Any) -> ColumnElement[str]:
    """Return by what notifications are grouped, as text; an index has it."""
    return func.coalesce(row.data["record"].astext, cast(row.subject_id, String))


def _object_key(row: Notification) -> UUID:
    return UUID(row.data.get("record") or str(row.subject_id))


def count_notifications(actor: Actor, filters: Mapping[str, Any]) -> int:
    """Return the number of notifications, at most MAX_COUNTED."""
    require(actor, Permission.NOTIFICATION_READ)
    some = (
        _select_filtered(actor, filters)
        .with_only_columns(Notification.id)
        .limit(MAX_COUNTED)
        .subquery()
    )
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def find_unread(actor: Actor, data: ReadFilter, limit: int) -> Sequence[Notification]:
    """Return the account's oldest unread notifications of a filter."""
    require(actor, Permission.NOTIFICATION_READ)
    filters = {**vars(data), "unread": True}
    query = _select_filtered(actor, filters).order_by(Notification.id).limit(limit)
    return db.session.scalars(query).all()


def get_notification(actor: Actor, notification_id: UUID) -> NotificationView:
    """Return one notification; raises NotFound if not for the actor's role."""
    require(actor, Permission.NOTIFICATION_READ)
    return _views(actor, [load_notification(actor, notification_id)])[0]


def count_unread(actor: Actor) -> UnreadCount:
    """Count the account's unread notifications among the newest."""
    require(actor, Permission.NOTIFICATION_READ)
    since = actor.now() - timedelta(days=MAX_COUNTED_DAYS)
    newest = _select_addressed(actor).where(Notification.raised_at >= since)
    newest = newest.order_by(Notification.raised_at.desc()).limit(MAX_COUNTED)
    is_grave = Notification.code.in_(CRITICAL_NOTIFICATIONS).label("grave")
    summary = newest.with_only_columns(Notification.id, is_grave).subquery()
    unread = ~_select_read(actor).where(NotificationRead.notification_id == summary.c.id).exists()
    counted = select(func.count(), func.count().filter(summary.c.grave)).where(unread)
    return UnreadCount(*db.session.execute(counted).one())


def _select_filtered(
    actor: Actor, filters: Mapping[str, Any], row: Any = Notification
) -> Select[Any]:
    """Apply the filters; `rest` excludes unread alarms and these codes."""
    query, is_unread = _select_addressed(actor, row), _is_unread(actor, row)
    is_urgent, is_grave = (
        row.code.in_(codes) for codes in (URGENT_NOTIFICATIONS, CRITICAL_NOTIFICATIONS)
    )
    for column, name in ((row.code, "code"), (row.subject_kind, "kind")):
        if (value := filters.get(name)) is not None:
            query = query.where(column == value)
    for condition, name in ((is_unread, "unread"), (is_urgent, "urgent"), (is_grave, "grave")):
        if (value := filters.get(name)) is not None:
            query = query.where(condition if value else ~condition)
    if (role := filters.get("role")) is not None:
        query = query.where(row.roles.contains([role]))
    if (until := filters.get("until")) is not None:
        query = query.where(row.raised_at <= until)
    if (key := filters.get("subject_id")) is not None:
        query = query.where(_subject_key(row) == str(key))
    if (others := filters.get("rest")) is not None:
        query = query.where(row.code.not_in(others), ~and_(is_grave, is_unread))
    return query


def load_notification(actor: Actor, notification_id: UUID) -> Notification:
    """Return a notification for the actor's role; raises NotFound."""
    notification: Notification | None = db.session.scalar(
        _select_addressed(actor).where(Notification.id == notification_id)
    )
    if notification is None:
        raise NotFound("notification", notification_id)
    return notification


def _select_addressed(actor: Actor, row: Any = Notification) -> Select[Any]:
    """Select notifications addressed to the actor; the operator sees all."""
    in_reach = select(Match.id).where(Match.id == row.subject_id).exists()
    query = select(row).where(
        row.owner_state == actor.state, or_(row.subject_kind != "match", in_reach)
    )
    if actor.account_id is None:
        return query
    to_him = or_(row.account_id.is_(None), row.account_id == actor.account_id)
    of_his = or_(row.agencies.is_(None), row.agencies.contains([actor.agency]))
    own = select(Account.muted_kinds).where(Account.id == actor.account_id).scalar_subquery()
    is_wanted = or_(
        row.subject_kind != all_(cast(own, ARRAY(String))), row.code.in_(CRITICAL_NOTIFICATIONS)
    )
    return query.where(row.roles.contains([actor.role]), to_him, of_his, is_wanted)


def _is_unread(actor: Actor, row: Any = Notification) -> ColumnElement[bool]:
    return ~_select_read(actor).where(NotificationRead.notification_id == row.id).exists()


def _select_read(actor: Actor) -> Select[Any]:
    """Select the account's read marks; all of the state for the operator."""
    if actor.account_id is None:
        return select(NotificationRead)
    return select(NotificationRead).where(NotificationRead.account_id == actor.account_id)


def _views(actor: Actor, notifications: Sequence[Notification]) -> list[NotificationView]:
    ids = [notification.id for notification in notifications]
    readings = _select_read(actor).where(NotificationRead.notification_id.in_(ids))
    read = {row.notification_id: row.read_at for row in db.session.scalars(readings)}
    return [
        NotificationView(
            notification, _notification_text(actor, notification), read.get(notification.id)
        )
        for notification in notifications
    ]


def _notification_text(actor: Actor, notification: Notification) -> str:
    """Return the text of a notification, with the kind of an incident."""
    text = names.label("notification", notification.code, actor.language)
    kind = notification.data.get("kind") if notification.code == "shipment_incident" else None
    if kind is None:
        return text
    return f"{text.rstrip('.')}: {names.label('incident_kind', kind, actor.language)}."
