"""Requests and answers of conversations between states."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.codes import Code, StateCode
from api.http.fields.schemas import RequestSchema
from api.http.fields.texts import Text
from api.http.pagination import ListQuery
from salsa_ext.core import codes
from salsa_ext.exchange.conversations import MAX_TEXT, Conversation, ConversationData


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


class ConversationResponse(Schema):
    """Conversation with another state, `partner`; lists have its first message alone."""

    id = fields.UUID(required=True)
    partner = StateCode(required=True)
    title = fields.String(required=True)
    about_kind = Code(codes.CONVERSATION_OBJECTS, required=True, allow_none=True)
    about_number = fields.String(required=True, allow_none=True)
    messages = fields.List(fields.Nested(ConversationMessageResponse), required=True)

    @pre_dump
    def _present(self, view: Conversation, **_: Any) -> dict[str, Any]:
        names = ("title", "about_kind", "about_number")
        return {name: getattr(view.first, name) for name in names} | {
            "id": view.id,
            "partner": view.partner,
            "messages": view.messages,
        }


class ConversationQuery(ListQuery):
    """Filter of conversations by state and object."""

    partner = StateCode()
    about_kind = Code(codes.CONVERSATION_OBJECTS)
    about_number = Text(most=100)
