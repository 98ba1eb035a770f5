"""Notifications: what waits for the caller, in his role."""

from __future__ import annotations

from uuid import UUID

from api.resource import Resource
from api.schemas.notifications import NotificationQuery, NotificationResponse
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import notifications as reading
from salsa_ext.readmodels.notifications import NotificationView
from salsa_ext.services import notifications
from salsa_ext.values.actor import Actor

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
