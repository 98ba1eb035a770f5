"""Routes of webhooks, and of what was sent to them."""

from __future__ import annotations

from uuid import UUID

from api.http.resource import Item, Resource
from api.schemas.exchange.webhooks import (
    DeliveryQuery,
    DeliveryResponse,
    WebhookQuery,
    WebhookRequest,
    WebhookResponse,
    WebhookSecretResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.exchange import webhooks

WEBHOOK = "/webhooks/<uuid:webhook_id>"
MANAGE = Permission.WEBHOOK_MANAGE

blueprint = Resource(
    "webhooks",
    "Where your state's own systems hear of changes",
    Item(WebhookResponse, webhooks.get_webhook, webhooks.webhook_version),
)
blueprint.listing("/webhooks", WebhookQuery, WebhookResponse, webhooks.list_webhooks, MANAGE)
blueprint.reading(WEBHOOK, WebhookResponse, webhooks.get_webhook, MANAGE)
blueprint.action(
    "/webhooks",
    WebhookRequest,
    webhooks.add_webhook,
    MANAGE,
    "Add a webhook; its secret is read by itself.",
    name="create_webhook",
    location="/webhooks/{id}",
)


def get_webhook_secret(actor: Actor, webhook_id: UUID) -> dict[str, str]:
    """Return the secret of a webhook; the audit shows it."""
    return {"secret": webhooks.read_secret(actor, webhook_id)}


blueprint.reading(f"{WEBHOOK}/secret", WebhookSecretResponse, get_webhook_secret, MANAGE)
blueprint.listing(
    f"{WEBHOOK}/deliveries",
    DeliveryQuery,
    DeliveryResponse,
    webhooks.list_deliveries,
    MANAGE,
    name="list_webhook_deliveries",
)
for word, command, summary in (
    ("test", webhooks.send_test, "Send a message of the kind `test`."),
    ("rotate", webhooks.rotate_webhook, "Make a new secret; the old one signs for another day."),
    ("enable", webhooks.enable_webhook, "Send again, also what waited."),
    ("disable", webhooks.disable_webhook, "Send nothing until it is enabled."),
    ("remove", webhooks.remove_webhook, "Remove a webhook, with what waits for it."),
):
    blueprint.action(f"{WEBHOOK}/{word}", None, command, MANAGE, summary)
blueprint.action(
    f"{WEBHOOK}/deliveries/<uuid:delivery_id>/replay",
    None,
    webhooks.replay_delivery,
    MANAGE,
    "Send a message again, under the id that it has.",
)
