"""Alerts: guns that your state wants to be told of, and what to do when one is met."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.alerts import AlertCancelRequest, AlertQuery, AlertRequest, AlertResponse
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import alerts as reading
from salsa_ext.readmodels.alerts import AlertView
from salsa_ext.services import alerts
from salsa_ext.values.actor import Actor
from salsa_ext.values.alerts import AlertData

PATH = "/alerts/<uuid:alert_id>"

blueprint = Resource("alerts", "Guns that a state wants to be told of")
blueprint.listing("/alerts", AlertQuery, AlertResponse, reading.list_alerts, Permission.ALERT_READ)
blueprint.reading(PATH, AlertResponse, reading.get_alert, Permission.ALERT_READ)


@blueprint.posting("/alerts", AlertRequest, AlertResponse, Permission.ALERT_RECORD)
def record_alert(actor: Actor, data: AlertData) -> AlertView:
    """Enter an alert; it stands at once, and a second person checks it where your state has several."""
    return reading.read(actor, alerts.record(actor=actor, data=data))


@blueprint.posting(
    f"{PATH}/verify", None, AlertResponse, Permission.ALERT_RECORD,
    status=200, standing=reading.version,
)  # fmt: skip
def verify_alert(actor: Actor, alert_id: UUID) -> AlertView:
    """Say that you compared an alert with its source and that it is still true."""
    alerts.verify(actor=actor, alert_id=alert_id, seen=g.seen)
    return reading.read(actor, alert_id)


@blueprint.posting(
    f"{PATH}/cancel", AlertCancelRequest, AlertResponse, Permission.ALERT_RECORD,
    status=200, standing=reading.version,
)  # fmt: skip
def cancel_alert(actor: Actor, data: dict[str, Any], alert_id: UUID) -> AlertView:
    """End an alert before its last day; hits on it that wait for an answer end too."""
    alerts.cancel(actor=actor, alert_id=alert_id, seen=g.seen, reason=data["reason"])
    return reading.read(actor, alert_id)
