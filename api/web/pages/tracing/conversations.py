"""Conversations with other states: list, new one, messages with the form of a reply."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import request

from api.schemas.conversations import (
    ConversationQuery,
    ConversationReplyRequest,
    ConversationRequest,
    ConversationResponse,
)
from api.web.forms import Field, Form
from api.web.pages import tracing_pages
from api.web.record_pages import DocumentPages, register_form
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.exchange import conversations

FILTERS: Final = (
    Field("partner", message("State"), "choice", "other_participant"),
    Field("about_kind", message("About"), "choice", "conversation_object"),
    Field("about_number", message("Number"), max_length=100),
)
PREFILLED: Final = ("to", "title", "about_kind", "about_number")


def _show_form(actor: Actor, form: Form | None) -> dict[str, Any]:
    return {"form": form or Form({name: request.args.get(name, "") for name in PREFILLED})}


def _begin(actor: Actor, form: Form) -> str:
    return PAGES.address(conversations.begin(actor=actor, data=form.load(ConversationRequest())))


def _show(actor: Actor, form: Form | None, conversation_id: UUID) -> str:
    view = conversations.get_conversation(actor, conversation_id)
    return PAGES.render_detail(actor, None, conversation=view, form=form or Form())


def _reply(actor: Actor, form: Form, conversation_id: UUID) -> str:
    text = form.load(ConversationReplyRequest())["text"]
    conversations.reply(actor=actor, conversation_id=conversation_id, text=text)
    return PAGES.address(conversation_id)


PAGES = DocumentPages(tracing_pages, "conversation", "/conversations", message("Conversations"))
PAGES.add_list(
    ConversationQuery, conversations.list_conversations, FILTERS, item=ConversationResponse
)
PAGES.add_form(Permission.CONVERSATION_WRITE, _show_form, _begin)
register_form(
    tracing_pages,
    "/conversations/<uuid:conversation_id>",
    "conversation_page",
    Permission.CONVERSATION_WRITE,
    _show,
    _reply,
)
