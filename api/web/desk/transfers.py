"""Transfers on the desk: registering one, the list of the own state's, and one of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.schemas.transfers import TransferQuery, TransferRequest
from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.desk import choices, listing
from api.web.desk.blueprint import blueprint
from api.web.desk.filling import category_of
from api.web.typed import Form
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import documents
from salsa_ext.readmodels.days import today, zone_of
from salsa_ext.readmodels.documents import TRANSFERS
from salsa_ext.readmodels.remarks import on_rows
from salsa_ext.services import disclosures
from salsa_ext.services import transfers as commands
from salsa_ext.values.actor import Actor


@blueprint.get("/transfers")
@signed_in
def transfers(actor: Actor) -> str:
    """Show the transfers of the own state, newest first, by the filters of the address."""
    asked = listing.asked(TransferQuery)
    page = documents.list_documents(actor, TRANSFERS, asked.filters, listing.LIMIT, asked.cursor)
    return render_template(
        "desk/transfers.html", actor=actor, form=asked.form, page=page, choices=choices,
        onward=listing.address(page.next),
    )  # fmt: skip


@blueprint.get("/transfers/<uuid:transfer_id>")
@signed_in
def transfer(actor: Actor, transfer_id: UUID) -> str:
    """Show one transfer as it stands."""
    view = disclosures.read_document(actor=actor, kind=TRANSFERS, document_id=transfer_id)
    return render_template(
        "desk/transfer.html", actor=actor, view=view, transfer=view.document,
        done=request.args.get("done"), zone=zone_of(actor), told=documents.told(view),
        remarks=on_rows((("firearm", item.record) for item in view.items), actor.language),
    )  # fmt: skip


@blueprint.get("/transfers/new")
@signed_in
def transfer_form(actor: Actor) -> str:
    """Show the form of a transfer."""
    require(actor, Permission.TRANSFER_RECORD)
    form = Form({"kind": "domestic_sale", "occurred_on": today(actor).isoformat(),
                 "firearm.marking": "intact", "visibility": "open"})  # fmt: skip
    return _page(actor, form)


@blueprint.post("/transfers/new")
@sender
def record_transfer(actor: Actor) -> Any:
    """Register the transfer and show it; 422 or 409 with the form where that cannot be."""
    require(actor, Permission.TRANSFER_RECORD)
    form = sending.sent()
    done = sending.send(form, actor, lambda: _record(actor, form))
    return done or (again(actor, lambda: _page(actor, form)), form.status)


def _record(actor: Actor, form: Form) -> str:
    data = form.load(TransferRequest(), lambda body: _complete(body, actor.own_state()))
    transfer_id = commands.record(actor=actor, data=data)
    return url_for("desk.transfer", transfer_id=transfer_id, done="registered")


def _complete(body: dict[str, Any], own: str) -> None:
    """Let the parties be of the own state where no other is named, and the type say the category."""
    for side in ("from", "to"):
        if side in body:
            body[side].setdefault("country", own)
    firearm = body["firearm"]
    firearm.setdefault("category", category_of(firearm))


def _page(actor: Actor, form: Form) -> str:
    return render_template("desk/register.html", actor=actor, form=form, choices=choices,
                           suggest=choices.suggestions(actor))  # fmt: skip
