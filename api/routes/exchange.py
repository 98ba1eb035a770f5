"""Routes of the change feed, of webhooks, and of conversations between states."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, request

from api.http.pagination import decode_cursor, encode_cursor
from api.http.resource import Item, Resource
from api.http.row_files import NDJSON
from api.schemas.exchange import (
    ChangeQuery,
    ChangesResponse,
    ConversationQuery,
    ConversationReplyRequest,
    ConversationRequest,
    ConversationResponse,
    DeliveryQuery,
    DeliveryResponse,
    WebhookQuery,
    WebhookRequest,
    WebhookResponse,
    WebhookSecretResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.boards.events import EventCursor
from salsa_ext.core.actor import Actor
from salsa_ext.exchange import conversations, feed, webhooks

CURSOR = "changes"
changes_blueprint = Resource(
    "changes", "What changed of your state's objects, in the order of commits"
)


def _position(actor: Actor, after: str | None) -> int:
    """Return the position that a cursor means; raises Invalid for one of another state."""
    return decode_cursor(actor, CURSOR, after).number if after else 0


def list_changes(
    actor: Actor, limit: int, wait: int, after: str | None = None, kind: str | None = None
) -> Any:
    """Return what changed since a cursor; read each object by its id."""
    page = feed.read_feed(actor, _position(actor, after), limit, kind)
    answer = {
        "items": page.items,
        "next": encode_cursor(actor, CURSOR, EventCursor(page.end, actor.now())),
        "more": page.more,
    }
    if request.accept_mimetypes.best_match(["application/json", NDJSON]) != NDJSON:
        return answer
    dumped = ChangesResponse().dump(answer)
    lines = [*dumped.pop("items"), dumped]
    body = "".join(current_app.json.dumps(line) + "\n" for line in lines)
    return Response(body, content_type=NDJSON)


def has_changes(actor: Actor) -> bool:
    """Return whether a request that waits has something to answer."""
    return feed.has_changes(actor, _position(actor, request.args.get("after")))


changes_blueprint.reading(
    "/changes",
    ChangesResponse,
    list_changes,
    Permission.CHANGE_READ,
    ChangeQuery,
    media_types=(NDJSON,),
    is_done=has_changes,
)


WEBHOOK = "/webhooks/<uuid:webhook_id>"
MANAGE = Permission.WEBHOOK_MANAGE

webhooks_blueprint = Resource(
    "webhooks",
    "Where your state's own systems hear of changes",
    Item(WebhookResponse, webhooks.get_webhook, webhooks.webhook_version),
)
webhooks_blueprint.listing(
    "/webhooks", WebhookQuery, WebhookResponse, webhooks.list_webhooks, MANAGE
)
webhooks_blueprint.reading(WEBHOOK, WebhookResponse, webhooks.get_webhook, MANAGE)
webhooks_blueprint.action(
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


webhooks_blueprint.reading(f"{WEBHOOK}/secret", WebhookSecretResponse, get_webhook_secret, MANAGE)
webhooks_blueprint.listing(
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
    webhooks_blueprint.action(f"{WEBHOOK}/{word}", None, command, MANAGE, summary)
webhooks_blueprint.action(
    f"{WEBHOOK}/deliveries/<uuid:delivery_id>/replay",
    None,
    webhooks.replay_delivery,
    MANAGE,
    "Send a message again, under the id that it has.",
)


conversations_blueprint = Resource(
    "conversations",
    "Messages between points of contact of two states",
    Item(ConversationResponse, conversations.get_conversation),
)
conversations_blueprint.listing(
    "/conversations",
    ConversationQuery,
    ConversationResponse,
    conversations.list_conversations,
    Permission.CONVERSATION_WRITE,
)
conversations_blueprint.reading(
    "/conversations/<uuid:conversation_id>",
    ConversationResponse,
    conversations.get_conversation,
    Permission.CONVERSATION_WRITE,
)
conversations_blueprint.action(
    "/conversations",
    ConversationRequest,
    conversations.begin,
    Permission.CONVERSATION_WRITE,
    "Begin a conversation with another state.",
    name="create_conversation",
    location="/conversations/{id}",
)
conversations_blueprint.action(
    "/conversations/<uuid:conversation_id>/reply",
    ConversationReplyRequest,
    conversations.reply,
    Permission.CONVERSATION_WRITE,
    "Send one more message of a conversation.",
)
