"""Routes of notifications."""

from __future__ import annotations

from uuid import UUID

from api.http.resource import Resource
from api.schemas.notifications import (
    MarkReadRequest,
    MarkReadResponse,
    NotificationQuery,
    NotificationResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.notifications.values import ReadFilter
from salsa_ext.worklists import notifications
from salsa_ext.worklists.notifications import NotificationView

READ = Permission.NOTIFICATION_READ
blueprint = Resource("notifications", "What waits for you, in your role")
blueprint.listing(
    "/notifications",
    NotificationQuery,
    NotificationResponse,
    notifications.list_notifications,
    READ,
)


@blueprint.posting(
    "/notifications/<uuid:notification_id>/read", None, NotificationResponse, READ, status=200
)
def mark_notification_read(actor: Actor, notification_id: UUID) -> NotificationView:
    """Mark a notification as read by your account."""
    notifications.mark_read(actor=actor, notification_id=notification_id)
    return notifications.get_notification(actor, notification_id)


@blueprint.posting("/notifications/read", MarkReadRequest, MarkReadResponse, READ, status=200)
def mark_notifications_read(actor: Actor, data: ReadFilter) -> dict[str, int]:
    """Mark all notifications of a kind or code as read."""
    return {"read": notifications.mark_many_read(actor=actor, data=data)}
