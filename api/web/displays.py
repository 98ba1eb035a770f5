"""The displays of a post as a page: a supervisor pairs them, sees when each was seen, and revokes one."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import segno
from flask import Blueprint, redirect, render_template, url_for
from werkzeug import Response

from api.schemas.displays import DisplayRequest
from api.transaction import transaction
from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.typed import Form
from salsa_ext.readmodels.boards import side_of
from salsa_ext.readmodels.displays import list_displays
from salsa_ext.services import displays
from salsa_ext.services.displays import Paired
from salsa_ext.values.actor import Actor

MOST: Final = 100

blueprint = Blueprint("screens", __name__)


@blueprint.get("/posts/<slug:code>/displays")
@signed_in
def listed(actor: Actor, code: str) -> str:
    """List the displays of the own side of a post, with a form for another."""
    return _page(actor, code, Form())


@blueprint.post("/posts/<slug:code>/displays")
@sender
def add(actor: Actor, code: str) -> Any:
    """Make a display, and show its code this once."""
    form = sending.sent()
    made = sending.take(form, lambda: _made(actor, code, form))
    if made is None:
        return again(actor, lambda: _page(actor, code, form)), form.status
    return again(actor, lambda: _page(actor, code, Form(), made)), 201


def _made(actor: Actor, code: str, form: Form) -> Paired:
    data = form.load(DisplayRequest())
    with transaction(actor):
        return displays.add(actor=actor, post=code, data=data)


@blueprint.post("/posts/<slug:code>/displays/<uuid:display_id>/revoke")
@sender
def revoke(actor: Actor, code: str, display_id: UUID) -> Response:
    """End a display, and show the others."""
    with transaction(actor):
        displays.revoke(actor=actor, display_id=display_id)
    return redirect(url_for("screens.listed", code=code), 303)


def _page(actor: Actor, code: str, form: Form, made: Paired | None = None) -> str:
    rows = list_displays(actor, {"post": code}, MOST, None).items
    link = url_for("walls.wall", code=made.code, _external=True) if made else None
    return render_template(
        "displays.html", code=code, own=side_of(actor, code), rows=rows, made=made, link=link, form=form,
        picture=segno.make(link).svg_data_uri(scale=5, border=2) if link else None,
    )  # fmt: skip
