"""Schemas of the change feed, of webhooks, and of conversations between states."""

from marshmallow import Schema, fields

from api.http.fields.scalars import Code, Line, QueryWhole, StateCode, Text
from api.http.fields.schemas import Items, RequestSchema, ViewResponse
from api.http.pagination import ListQuery
from api.i18n.messages import LazyMessage
from salsa_ext.access.audit_actions import Action
from salsa_ext.core import codes
from salsa_ext.exchange.conversations import MAX_TEXT, ConversationData
from salsa_ext.exchange.feed import FEED_KINDS
from salsa_ext.exchange.webhooks import TEST_KIND, WebhookData


class ChangeQuery(RequestSchema):
    """Where to go on, how many changes, and how long to wait for one."""

    after = Text(most=400)
    limit = QueryWhole(least=1, most=1000, load_default=200)
    wait = QueryWhole(least=0, most=20, load_default=0)
    kind = Code(tuple(FEED_KINDS))


class ChangeResponse(Schema):
    """A change; nothing of the object's content."""

    kind = Code(tuple(FEED_KINDS), required=True)
    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    action = Code(tuple(Action), required=True)
    at = fields.DateTime(required=True)


class ChangesResponse(Schema):
    """Changes in the order of their commits. `next` is the `after` of the next request."""

    items = fields.List(fields.Nested(ChangeResponse), required=True)
    next = fields.String(required=True)
    more = fields.Boolean(required=True)


class WebhookRequest(RequestSchema):
    """New webhook: where, and of which kinds of objects it hears."""

    value = WebhookData
    url = Line(most=500, required=True)
    kinds = Items(
        Code(tuple(FEED_KINDS)),
        most=len(FEED_KINDS),
        least=1,
        required=True,
        error_messages={"short": LazyMessage("Choose one kind or more.")},
    )


class WebhookResponse(Schema):
    """Webhook of your state; it sees what its agency may see."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    url = fields.String(required=True)
    kinds = fields.List(Code(tuple(FEED_KINDS)), required=True)
    agency = fields.String(required=True, allow_none=True)
    status = Code(codes.WEBHOOK_STATUSES, required=True)
    failing_since = fields.DateTime(required=True, allow_none=True)
    rests_until = fields.DateTime(required=True, allow_none=True)
    old_until = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)


class WebhookQuery(ListQuery):
    """Filter of webhooks."""

    status = Code(codes.WEBHOOK_STATUSES)


class WebhookSecretResponse(Schema):
    """Secret by which a receiver verifies signatures."""

    secret = fields.String(required=True)


class DeliveryQuery(ListQuery):
    """Filter of deliveries."""

    status = Code(codes.DELIVERY_STATUSES)


class DeliveryResponse(Schema):
    """Message to a webhook, and what its receiver answered last."""

    id = fields.UUID(required=True)
    kind = Code((*FEED_KINDS, TEST_KIND), required=True)
    object_id = fields.UUID(required=True)
    version = fields.Integer(attribute="object_version", required=True)
    at = fields.DateTime(required=True)
    status = Code(codes.DELIVERY_STATUSES, required=True)
    attempts = fields.Integer(required=True)
    answer = fields.String(required=True, allow_none=True)
    sent_at = fields.DateTime(required=True, allow_none=True)
    due_at = fields.DateTime(required=True)


class ConversationRequest(RequestSchema):
    """First message to the point of contact of another state; about an object or none."""

    value = ConversationData
    to = StateCode(required=True)
    title = Text(most=100, required=True)
    text = Text(most=MAX_TEXT, required=True)
    about_kind = Code(codes.CONVERSATION_OBJECTS)
    about_number = Text(most=100)


class ConversationReplyRequest(RequestSchema):
    """One more message of a conversation."""

    text = Text(most=MAX_TEXT, required=True)


class ConversationMessageResponse(Schema):
    """Message of one of the two states; files are attached to `message:<id>`."""

    id = fields.UUID(required=True)
    sender = StateCode(required=True)
    agency = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    sent_at = fields.DateTime(required=True)


class ConversationResponse(ViewResponse):
    """Conversation with another state, `partner`; lists have its first message alone."""

    row = "first"
    id = fields.UUID(required=True)
    partner = StateCode(required=True)
    title = fields.String(required=True)
    about_kind = Code(codes.CONVERSATION_OBJECTS, required=True, allow_none=True)
    about_number = fields.String(required=True, allow_none=True)
    messages = fields.List(fields.Nested(ConversationMessageResponse), required=True)


class ConversationQuery(ListQuery):
    """Filter of conversations by state and object."""

    partner = StateCode()
    about_kind = Code(codes.CONVERSATION_OBJECTS)
    about_number = Text(most=100)
