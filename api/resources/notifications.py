"""Notifications: what waits for the caller, in his role."""

from __future__ import annotations

from uuid import UUID

from api.resource import Resource
from api.schemas.notifications import (
    NotificationQuery,
    NotificationResponse,
    ReadManyRequest,
    ReadManyResponse,
)
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import notifications as reading
from salsa_ext.readmodels.notifications import NotificationView
from salsa_ext.services import notifications
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import ReadingMany

READ = Permission.NOTIFICATION_READ
blueprint = Resource("notifications", "What waits for you, in your role")
blueprint.listing(
    "/notifications", NotificationQuery, NotificationResponse, reading.list_notifications, READ
)


@blueprint.posting(
    "/notifications/<uuid:notification_id>/read", None, NotificationResponse, READ, status=200
)
def read_notification(actor: Actor, notification_id: UUID) -> NotificationView:
    """Note that your account read a notification; again changes nothing."""
    notifications.read(actor=actor, notification_id=notification_id)
    return reading.get_notification(actor, notification_id)


@blueprint.posting(
    "/notifications/read", ReadManyRequest, ReadManyResponse, READ, status=200
)  # fmt: skip
def read_notifications(actor: Actor, data: ReadingMany) -> dict[str, int]:
    """Note that your account read all of a kind or of a code, so far as they were told by then."""
    return {"read": notifications.read_many(actor=actor, data=data)}
