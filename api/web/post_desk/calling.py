"""Calling the other side: its offices, by telephone, and its officers, by a notification."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, redirect, request

from api.transaction import transaction
from api.web import sending
from api.web.access import local
from api.web.post_desk.blueprint import blueprint
from api.web.post_desk.here import Here, form, page, render
from api.web.post_desk.moving import opened, truck_of
from api.web.post_desk.offices import offices_of
from api.web.post_desk.taking import take
from api.web.typed import Form
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.services import calls
from salsa_ext.services.calls import CallData
from salsa_ext.values.actor import Actor


@blueprint.get("/posts/<slug:code>/desk/call")
@page
def call_form(actor: Actor, here: Here) -> str:
    """Show whom to call, and the button that asks the other side to."""
    return _page(actor, here, opened(None, request.args.get("which", "")))


@blueprint.post("/posts/<slug:code>/desk/call")
@form
def call(actor: Actor, here: Here) -> Any:
    """Ask the officers of the other side to call."""
    require(actor, Permission.CHECKPOINT_RECORD)
    sent = sending.sent()
    return take(actor, here, sent, lambda _: _ask(actor, here, sent),
                lambda again: _page(actor, here, again))  # fmt: skip


@blueprint.post("/posts/<slug:code>/desk/answer")
@form
def answer(actor: Actor, here: Here) -> Any:
    """Say that the other side was called, and come back to the page."""
    require(actor, Permission.CHECKPOINT_RECORD)
    try:
        asked = UUID(request.form.get("call", ""))
    except ValueError:
        abort(404)
    with transaction(actor):
        calls.answer(actor=actor, call_id=asked)
    page_before = local(request.form.get("next"))
    return redirect(page_before if page_before != "/" else here.address("home"), 303)


def _ask(actor: Actor, here: Here, form: Form) -> str:
    which = form.get("which")
    truck = truck_of(actor, here, which) if which else None
    about = CallData(truck.shipment.id if truck else None)
    calls.ask(actor=actor, post=here.code, data=about)
    if truck:
        return here.address("sheet", shipment_id=truck.shipment.id, done="call")
    return here.address("home", done="call")


def _page(actor: Actor, here: Here, form: Form) -> str:
    return render(
        "call", actor, here, form=form, offices=offices_of(actor, here.other.state, here.code)
    )
