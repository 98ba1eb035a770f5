"""List of own transfers, a transfer's page, registration."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.schemas.transfers import TransferQuery, TransferRequest
from api.web import choices, listing, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.blueprints import licensing_pages
from api.web.forms import Form
from api.web.prefill import firearm_category
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import transfers
from salsa_ext.documents.queries import TRANSFERS
from salsa_ext.reference.calendars import actor_zone, today
from salsa_ext.reference.suggestions import remarks_on_rows


@licensing_pages.get("/transfers")
@login_required
def transfer_list(actor: Actor) -> str:
    """List the own state's transfers, newest first."""
    asked = listing.read_filters(TransferQuery)
    page = document_queries.list_own_documents(
        actor, TRANSFERS, asked.filters, listing.PAGE_SIZE, asked.cursor
    )
    return render_template(
        "licensing/transfers.html",
        actor=actor,
        form=asked.form,
        page=page,
        choices=choices,
        onward=listing.next_page_address(page.next),
    )


@licensing_pages.get("/transfers/<uuid:transfer_id>")
@login_required
def transfer_page(actor: Actor, transfer_id: UUID) -> str:
    """Show the current version of a transfer."""
    view = document_queries.read_document(actor=actor, kind=TRANSFERS, document_id=transfer_id)
    return render_template(
        "licensing/transfer.html",
        actor=actor,
        view=view,
        transfer=view.document,
        done=request.args.get("done"),
        zone=actor_zone(actor),
        told=document_queries.document_history(view),
        remarks=remarks_on_rows((("firearm", item.record) for item in view.items), actor.language),
    )


@licensing_pages.get("/transfers/new")
@login_required
def transfer_form(actor: Actor) -> str:
    """Show the form of a transfer."""
    require(actor, Permission.TRANSFER_RECORD)
    form = Form(
        {
            "kind": "domestic_sale",
            "occurred_on": today(actor).isoformat(),
            "firearm.marking": "intact",
            "visibility": "open",
        }
    )
    return _render_form(actor, form)


@licensing_pages.post("/transfers/new")
@login_required_for_form
def record_transfer(actor: Actor) -> Any:
    """Register the transfer and redirect to it.

    Shows the form with 422 or 409 if refused.
    """
    require(actor, Permission.TRANSFER_RECORD)
    form = submission.read_form()
    done = submission.submit(form, actor, lambda: _record(actor, form))
    return done or (render_again(actor, lambda: _render_form(actor, form)), form.status)


def _record(actor: Actor, form: Form) -> str:
    data = form.load(TransferRequest(), lambda body: _complete_transfer(body, actor.own_state()))
    transfer_id = transfers.record(actor=actor, data=data)
    return url_for("licensing.transfer_page", transfer_id=transfer_id, done="registered")


def _complete_transfer(body: dict[str, Any], own_state: str) -> None:
    """Set default countries of parties and the category of the firearm."""
    for side in ("from", "to"):
        if side in body:
            body[side].setdefault("country", own_state)
    firearm = body["firearm"]
    firearm.setdefault("category", firearm_category(firearm))


def _render_form(actor: Actor, form: Form) -> str:
    return render_template(
        "licensing/transfer_new.html",
        actor=actor,
        form=form,
        choices=choices,
        suggest=choices.suggestions(actor),
    )
