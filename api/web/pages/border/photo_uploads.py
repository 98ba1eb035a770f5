"""Photograph sent separately for a recorded shipment, seizure or check."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import request

from api.web import submission
from api.web.blueprints import border_pages
from api.web.forms import REQUIRED, Form
from api.web.pages.border.current_post import CurrentPost, post_form, post_page, render_page
from api.web.pages.border.desk_submission import submit_desk_form
from api.web.photos import PHOTO_FIELD, Photo
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration.values import AttachmentSubject
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, NotFound

PAGE_BY_KIND: Final = {
    "shipment": ("truck_sheet", "shipment_id"),
    "seizure": ("seizure_receipt", "seizure_id"),
}
"""The page of the desk that shows each kind of what a photograph belongs to; of a check there is none."""
SUBJECT_KINDS: Final = (*PAGE_BY_KIND, "check")
ADDRESS_FIELDS: Final = ("kind", "subject", "label")


@border_pages.get("/posts/<slug:code>/desk/photo")
@post_page
def photo_form(actor: Actor, here: CurrentPost) -> str:
    """Show the form of a photograph; scripts fill in the object."""
    require(actor, Permission.ATTACHMENT_RECORD)
    return _render_form(
        actor, here, Form({name: request.args.get(name, "") for name in ADDRESS_FIELDS})
    )


@border_pages.post("/posts/<slug:code>/desk/photo")
@post_form
def attach_photo(actor: Actor, here: CurrentPost) -> Any:
    """Attach a photograph and show its object."""
    require(actor, Permission.ATTACHMENT_RECORD)
    sent = submission.read_form()
    return submit_desk_form(
        actor,
        here,
        sent,
        lambda photo: _attach(actor, here, sent, photo),
        lambda again: _render_form(actor, here, again),
    )


def _attach(actor: Actor, here: CurrentPost, sent: Form, photo: Photo) -> str:
    if photo.refused:
        raise Invalid({})
    if photo.kept is None:
        raise Invalid({PHOTO_FIELD: [REQUIRED]})
    subject = _parse_subject(sent.get("kind"), sent.get("subject"))
    photo.keep(actor, subject)
    if subject.kind not in PAGE_BY_KIND:
        return here.address("desk_home", done="photo")
    view, name = PAGE_BY_KIND[subject.kind]
    return here.address(view, **{name: subject.id})


def _parse_subject(kind: str, which: str) -> AttachmentSubject:
    try:
        return AttachmentSubject({name: name for name in SUBJECT_KINDS}[kind], UUID(which))
    except (KeyError, ValueError):
        raise NotFound("attachment", which) from None


def _render_form(actor: Actor, here: CurrentPost, form: Form) -> str:
    return render_page("photo", actor, here, form=form)
