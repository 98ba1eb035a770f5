"""Routes of conversations between points of contact."""

from __future__ import annotations

from api.http.resource import Item, Resource
from api.schemas.tracing.conversations import (
    ConversationQuery,
    ConversationReplyRequest,
    ConversationRequest,
    ConversationResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.exchange import conversations

blueprint = Resource(
    "conversations",
    "Messages between points of contact of two states",
    Item(ConversationResponse, conversations.get_conversation),
)
blueprint.listing(
    "/conversations",
    ConversationQuery,
    ConversationResponse,
    conversations.list_conversations,
    Permission.CONVERSATION_WRITE,
)
blueprint.reading(
    "/conversations/<uuid:conversation_id>",
    ConversationResponse,
    conversations.get_conversation,
    Permission.CONVERSATION_WRITE,
)
blueprint.action(
    "/conversations",
    ConversationRequest,
    conversations.begin,
    Permission.CONVERSATION_WRITE,
    "Begin a conversation with another state.",
    name="create_conversation",
    location="/conversations/{id}",
)
blueprint.action(
    "/conversations/<uuid:conversation_id>/reply",
    ConversationReplyRequest,
    conversations.reply,
    Permission.CONVERSATION_WRITE,
    "Send one more message of a conversation.",
)
