"""Routes of alerts and of hits on them."""

from uuid import UUID

from api.http.resource import Item, Resource
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
from salsa_ext.alerts import alerts, hits, pair_view
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.queries import HitView
from salsa_ext.core.actor import Actor

ALERT = "/alerts/<uuid:alert_id>"
HIT = "/hits/<uuid:hit_id>"

blueprint = Resource(
    "alerts",
    "Guns that a state wants to be notified of",
    Item(AlertResponse, alert_queries.load_alert, alert_queries.alert_version),
)
blueprint.listing(
    "/alerts", AlertQuery, AlertResponse, alert_queries.list_alerts, Permission.ALERT_READ
)
blueprint.reading(ALERT, AlertResponse, alert_queries.get_alert, Permission.ALERT_READ)
blueprint.action(
    "/alerts",
    AlertRequest,
    alerts.record,
    Permission.ALERT_RECORD,
    "Create an alert; valid at once, checked by a second person later.",
    name="create_alert",
    location="/alerts/{id}",
)
blueprint.action(
    f"{ALERT}/validate",
    None,
    alerts.verify,
    Permission.ALERT_RECORD,
    "Confirm that an alert agrees with its source and is still valid.",
)
blueprint.action(
    f"{ALERT}/cancel",
    AlertCancelRequest,
    alerts.cancel,
    Permission.ALERT_RECORD,
    "Cancel an alert; open hits on it end too.",
)

hits_blueprint = Resource(
    "hits",
    "Records and checks that match alerts, for the states of the alerts to confirm",
    Item(HitResponse, alert_queries.load_hit, alert_queries.hit_version),
)
hits_blueprint.listing("/hits", HitQuery, HitResponse, alert_queries.list_hits, Permission.HIT_READ)


def get_hit(actor: Actor, hit_id: UUID) -> HitView:
    """Return one hit with both guns, as far as shared with you."""
    return pair_view.read_hit(actor=actor, hit_id=hit_id)


hits_blueprint.reading(HIT, HitResponse, get_hit, Permission.HIT_READ)
hits_blueprint.action(
    f"{HIT}/confirm",
    HitConfirmRequest,
    hits.confirm,
    Permission.HIT_DECIDE,
    "Confirm that the alert is valid and the gun is the same.",
)
hits_blueprint.action(
    f"{HIT}/reject",
    HitRejectRequest,
    hits.deny,
    Permission.HIT_DECIDE,
    "Reject a hit: another gun, or the alert is no longer valid.",
)
hits_blueprint.action(
    f"{HIT}/extend",
    HitExtendRequest,
    hits.extend,
    Permission.HIT_DECIDE,
    "Extend the time for the answer to a hit.",
)
