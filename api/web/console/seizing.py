"""A new seizure, away from a border post: what, when, where; and what it matches, said at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n import translate
from api.schemas.seizures import SeizureRequest
from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.console.blueprint import blueprint
from api.web.desk import choices
from api.web.post_desk import photos, receipts
from api.web.post_desk.photos import Photo
from api.web.post_desk.seizing import ITEMS, number_items, number_of, options
from api.web.typed import Form
from salsa_ext.errors import say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import documents, hits
from salsa_ext.readmodels.days import today, zone_of
from salsa_ext.readmodels.documents import SEIZURES
from salsa_ext.services import gun_corrections, matches, seizures
from salsa_ext.values.actor import Actor
from salsa_ext.values.attachments import Subject


@blueprint.get("/seizures/new")
@signed_in
def seizure_form(actor: Actor) -> str:
    """Show the form of a seizure; a `serial` of the address is filled in."""
    require(actor, Permission.SEIZURE_RECORD)
    opened = {"kind": "seized", "occurred_on": today(actor).isoformat(), "visibility": "open",
              "agency": actor.agency or "", "items.0.serial": request.args.get("serial", "")}  # fmt: skip
    return _page(actor, Form(opened))


@blueprint.post("/seizures/new")
@sender
def record_seizure(actor: Actor) -> Any:
    """Record it, with its photograph, and say what it matches; the form again where that cannot be."""
    require(actor, Permission.SEIZURE_RECORD)
    form = sending.sent()
    form.called = {"items": translate(say("What was seized"))}
    form.close_up("items")
    photo = sending.take(form, lambda: photos.sent(form))
    done = sending.send(form, actor, lambda: _record(actor, form, photo)) if photo else None
    return done or (again(actor, lambda: _page(actor, form)), form.status)


def _record(actor: Actor, form: Form, photo: Photo) -> str:
    data = form.load(
        SeizureRequest(), lambda body: _complete(body, actor, form, photo), zone_of(actor)
    )
    seizure_id = seizures.record(actor=actor, data=data)
    items = documents.read(SEIZURES, seizure_id).items
    receipts.keep(actor, seizure_id, matches.find(actor=actor, document_id=seizure_id, items=items))
    photo.keep(actor, Subject("seizure", seizure_id))
    return url_for("console.seizure_recorded", seizure_id=seizure_id)


def _complete(body: dict[str, Any], actor: Actor, form: Form, photo: Photo) -> None:
    """Fill in what the form leaves open: a number, the country, and what is not known of the crime."""
    body.setdefault("number", number_of(form.token, body.get("occurred_on", "")))
    body.setdefault("legal_grounds", [])
    body.setdefault("crime_context", ["unknown"])
    body["place"] = body.get("place", {}) | {"country": actor.own_state()}
    number_items(body, photo)


def _page(actor: Actor, form: Form) -> str:
    return render_template(
        "console/seize.html", actor=actor, form=form, choices=choices, options=options, rooms=ITEMS,
        agencies=choices.agencies(actor), suggest=choices.suggestions(actor), zone=zone_of(actor),
    )  # fmt: skip


@blueprint.get("/seizures/<uuid:seizure_id>/recorded")
@signed_in
def seizure_recorded(actor: Actor, seizure_id: UUID) -> str:
    """Show an own seizure as it was taken, and loudly what it matches."""
    require(actor, Permission.SEIZURE_READ)
    gun_corrections.own(actor, seizure_id)
    view = documents.read(SEIZURES, seizure_id)
    guns = [item.record for item in view.items]
    return render_template(
        "console/seized.html", actor=actor, told=receipts.told(actor, seizure_id), guns=guns,
        seizure=view.document, met=hits.of_records(actor, [gun.id for gun in guns]),
        zone=zone_of(actor),
    )  # fmt: skip
