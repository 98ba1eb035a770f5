"""Requests and answers about webhooks."""

from __future__ import annotations

from marshmallow import Schema, fields

from api.http.fields.codes import Code
from api.http.fields.schemas import Items, RequestSchema
from api.http.fields.texts import Line
from api.http.pagination import ListQuery
from api.i18n.messages import LazyMessage
from salsa_ext.core import codes
from salsa_ext.exchange.feed import FEED_KINDS
from salsa_ext.exchange.webhooks import TEST_KIND, WebhookData


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
