"""Conversations with other states: list, new one, messages with the form of a reply."""

from typing import Any, Final
from uuid import UUID

from flask import request

from api.schemas.exchange import (
    ConversationQuery,
    ConversationReplyRequest,
    ConversationRequest,
    ConversationResponse,
)
from api.web import submission
from api.web.forms import Field, Form
from api.web.pages import tracing_pages
from api.web.record_pages import DocumentPages, register_form
from salsa_ext.access.permissions import Permission
from salsa_ext.administration import attachments
from salsa_ext.administration.attachment_values import AttachmentSubject
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
    form = form or Form({name: request.args.get(name, "") for name in PREFILLED})
    return {"form": form, "has_file": True}


def _begin(actor: Actor, form: Form) -> str:
    key = conversations.begin(actor=actor, data=form.load(ConversationRequest()))
    form.photo.attach(actor, AttachmentSubject("message", key))
    return PAGES.address(key)


def _show(actor: Actor, form: Form | None, conversation_id: UUID) -> str:
    view = conversations.get_conversation(actor, conversation_id)
    files: Any = {}
    if Permission.ATTACHMENT_READ in actor.permissions:
        ids = [each.id for each in view.messages]
        files = attachments.view_attachments_of(actor=actor, kind="message", ids=ids)
    return PAGES.render_detail(actor, None, conversation=view, files=files, form=form or Form())


def _reply(actor: Actor, form: Form, conversation_id: UUID) -> str:
    text = form.load(ConversationReplyRequest())["text"]
    key = conversations.reply(actor=actor, conversation_id=conversation_id, text=text)
    form.photo.attach(actor, AttachmentSubject("message", key))
    return PAGES.address(conversation_id)


PAGES = DocumentPages(tracing_pages, "conversation", "/conversations", message("Conversations"))
PAGES.add_list(
    ConversationQuery, conversations.list_conversations, FILTERS, item=ConversationResponse
)
PAGES.add_form(Permission.CONVERSATION_WRITE, _show_form, _begin, prepare=submission.read_file)
register_form(
    tracing_pages,
    "/conversations/<uuid:conversation_id>",
    "conversation_page",
    Permission.CONVERSATION_WRITE,
    _show,
    _reply,
    prepare=submission.read_file,
)
