"""A photograph by itself: one that was refused is sent anew, or a better one, for what was recorded."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import request

from api.web import sending
from api.web.post_desk.blueprint import blueprint
from api.web.post_desk.here import Here, form, page, render
from api.web.post_desk.photos import FIELD, Photo
from api.web.post_desk.taking import take
from api.web.typed import NEEDED, Form
from salsa_ext.errors import Invalid, NotFound
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.values.actor import Actor
from salsa_ext.values.attachments import Subject

PAGES: Final = {"shipment": ("sheet", "shipment_id"), "seizure": ("receipt", "seizure_id")}
"""The page of the desk that shows each kind of what a photograph belongs to; of a check there is none."""
KINDS: Final = (*PAGES, "check")
NAMED: Final = ("kind", "subject", "label")


@blueprint.get("/posts/<slug:code>/desk/photo")
@page
def photo_form(actor: Actor, here: Here) -> str:
    """Show the form of a photograph; what it belongs to is filled in by the script."""
    require(actor, Permission.ATTACHMENT_RECORD)
    return _page(actor, here, Form({name: request.args.get(name, "") for name in NAMED}))


@blueprint.post("/posts/<slug:code>/desk/photo")
@form
def keep_photo(actor: Actor, here: Here) -> Any:
    """Keep a photograph, and show what it belongs to."""
    require(actor, Permission.ATTACHMENT_RECORD)
    sent = sending.sent()
    return take(actor, here, sent, lambda photo: _keep(actor, here, sent, photo),
                lambda again: _page(actor, here, again))  # fmt: skip


def _keep(actor: Actor, here: Here, sent: Form, photo: Photo) -> str:
    if photo.refused:
        raise Invalid({})
    if photo.kept is None:
        raise Invalid({FIELD: [NEEDED]})
    subject = _subject(sent.get("kind"), sent.get("subject"))
    photo.keep(actor, subject)
    if subject.kind not in PAGES:
        return here.address("home", done="photo")
    view, name = PAGES[subject.kind]
    return here.address(view, **{name: subject.id})


def _subject(kind: str, which: str) -> Subject:
    try:
        return Subject({name: name for name in KINDS}[kind], UUID(which))
    except (KeyError, ValueError):
        raise NotFound("attachment", which) from None


def _page(actor: Actor, here: Here, form: Form) -> str:
    return render("photo", actor, here, form=form)
