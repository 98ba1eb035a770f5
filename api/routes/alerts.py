"""Routes of alerts and of hits on them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g

from api.http.resource import Resource
from api.schemas.alerts import (
    AlertCancelRequest,
    AlertQuery,
    AlertRequest,
    AlertResponse,
    HitConfirmRequest,
    HitExtendRequest,
    HitQuery,
    HitRejectRequest,
    HitResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.alerts import alerts, hit_answers, pair_view
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.queries import AlertView, HitView
from salsa_ext.alerts.values import AlertData, HitAnswerData
from salsa_ext.core.actor import Actor

PATH = "/alerts/<uuid:alert_id>"

blueprint = Resource("alerts", "Guns that a state wants to be told of")
blueprint.listing(
    "/alerts", AlertQuery, AlertResponse, alert_queries.list_alerts, Permission.ALERT_READ
)
blueprint.reading(PATH, AlertResponse, alert_queries.get_alert, Permission.ALERT_READ)


@blueprint.posting("/alerts", AlertRequest, AlertResponse, Permission.ALERT_RECORD)
def create_alert(actor: Actor, data: AlertData) -> AlertView:
    """Create an alert; valid at once, checked by a second person later."""
    return alert_queries.load_alert(actor, alerts.record(actor=actor, data=data))


@blueprint.posting(
    f"{PATH}/verify",
    None,
    AlertResponse,
    Permission.ALERT_RECORD,
    status=200,
    standing=alert_queries.alert_version,
)
def validate_alert(actor: Actor, alert_id: UUID) -> AlertView:
    """Confirm that an alert agrees with its source and is still valid."""
    alerts.verify(actor=actor, alert_id=alert_id, expected_version=g.expected_version)
    return alert_queries.load_alert(actor, alert_id)


@blueprint.posting(
    f"{PATH}/cancel",
    AlertCancelRequest,
    AlertResponse,
    Permission.ALERT_RECORD,
    status=200,
    standing=alert_queries.alert_version,
)
def cancel_alert(actor: Actor, data: dict[str, Any], alert_id: UUID) -> AlertView:
    """Cancel an alert; open hits on it end too."""
    alerts.cancel(
        actor=actor, alert_id=alert_id, expected_version=g.expected_version, reason=data["reason"]
    )
    return alert_queries.load_alert(actor, alert_id)


HIT_PATH = "/hits/<uuid:hit_id>"

hits_blueprint = Resource("hits", "Alerts that were met, for their states to confirm")
hits_blueprint.listing("/hits", HitQuery, HitResponse, alert_queries.list_hits, Permission.HIT_READ)


def get_hit(actor: Actor, hit_id: UUID) -> HitView:
    """Return one hit with both guns, as far as shared with you."""
    return pair_view.read_hit(actor=actor, hit_id=hit_id)


hits_blueprint.reading(HIT_PATH, HitResponse, get_hit, Permission.HIT_READ)


@hits_blueprint.posting(
    f"{HIT_PATH}/confirm",
    HitConfirmRequest,
    HitResponse,
    Permission.HIT_DECIDE,
    status=200,
    standing=alert_queries.hit_version,
)
def confirm_hit(actor: Actor, data: HitAnswerData, hit_id: UUID) -> HitView:
    """Confirm that the alert is valid and the gun is the same."""
    hit_answers.confirm(actor=actor, hit_id=hit_id, expected_version=g.expected_version, data=data)
    return alert_queries.load_hit(actor, hit_id)


@hits_blueprint.posting(
    f"{HIT_PATH}/deny",
    HitRejectRequest,
    HitResponse,
    Permission.HIT_DECIDE,
    status=200,
    standing=alert_queries.hit_version,
)
def reject_hit(actor: Actor, data: HitAnswerData, hit_id: UUID) -> HitView:
    """Reject a hit: another gun, or the alert is no longer valid."""
    hit_answers.deny(actor=actor, hit_id=hit_id, expected_version=g.expected_version, data=data)
    return alert_queries.load_hit(actor, hit_id)


@hits_blueprint.posting(
    f"{HIT_PATH}/extend",
    HitExtendRequest,
    HitResponse,
    Permission.HIT_DECIDE,
    status=200,
    standing=alert_queries.hit_version,
)
def extend_hit(actor: Actor, data: HitAnswerData, hit_id: UUID) -> HitView:
    """Extend the time for the answer to a hit."""
    hit_answers.extend(actor=actor, hit_id=hit_id, expected_version=g.expected_version, data=data)
    return alert_queries.load_hit(actor, hit_id)
