"""Seizures as pages: the list, and one with its marks as stamped, what matched, its traces, its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from flask import render_template, request
from werkzeug import Response

from api.handed import sent
from api.resources.attachments import content_of
from api.schemas.attachments import AttachmentResponse
from api.schemas.seizures import SeizureQuery, SeizureResponse
from api.web.access import sender, signed_in
from api.web.desk import choices, listing
from api.web.guns import purposes
from api.web.guns.blueprint import blueprint
from api.web.maps import Drawing, Spot, draw
from api.web.typed import Form
from salsa_ext.errors import Invalid, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import beside, documents, traces
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.documents import SEIZURES
from salsa_ext.services import attachments, disclosures
from salsa_ext.values.actor import Actor
from salsa_ext.values.attachments import Subject

MOST = 100
"""Attachments that the page lists."""


DONE: Final = {
    "corrected": say("The description of the gun is corrected, and it was matched anew.")
}


@blueprint.get("/seizures")
@signed_in
def seizures(actor: Actor) -> str:
    """Show the seizures of the own state, newest first, by the filters of the address."""
    asked = listing.asked(SeizureQuery)
    page = documents.list_documents(actor, SEIZURES, asked.filters, listing.LIMIT, asked.cursor)
    return render_template(
        "guns/seizures.html", actor=actor, form=asked.form, page=page, choices=choices,
        onward=listing.address(page.next),
    )  # fmt: skip


@blueprint.get("/seizures/<uuid:seizure_id>")
@signed_in
def seizure(actor: Actor, seizure_id: UUID) -> str:
    """Show a seizure; for that of another state ask first what it is read for."""
    try:
        return _page(actor, seizure_id)
    except Invalid:  # nothing was read yet: the purpose comes before another state's seizure
        return _without(actor, seizure_id, purposes.opened())


@blueprint.post("/seizures/<uuid:seizure_id>")
@sender
def seizure_for(actor: Actor, seizure_id: UUID) -> Any:
    """Show it for the purpose and the case that were typed; its owner reads that it was shown."""
    require(actor, Permission.SEIZURE_READ)
    return purposes.read(
        actor,
        lambda reader: _page(reader, seizure_id),
        lambda form: _without(actor, seizure_id, form),
    )


@blueprint.get("/attachments/<uuid:attachment_id>/file")
@signed_in
def attached_file(actor: Actor, attachment_id: UUID) -> Response:
    """Give a file that is attached to an object of the own state."""
    require(actor, Permission.ATTACHMENT_READ)
    return sent(content_of(actor, attachment_id))


def _page(actor: Actor, seizure_id: UUID) -> str:
    view = disclosures.read_document(actor=actor, kind=SEIZURES, document_id=seizure_id)
    said = SeizureResponse().dump(view)
    return render_template(
        "guns/seizure.html", actor=actor, seizure=said, is_own=said["state"] == actor.state,
        beside=beside.of_document(actor, view), traces=_traces(actor, seizure_id),
        attachments=_attachments(actor, seizure_id), drawing=_drawn(said), zone=zone_of(actor),
        posts=choices.posts(actor), told=documents.told(view),
        done=DONE.get(request.args.get("done", "")),
    )  # fmt: skip


def _without(actor: Actor, seizure_id: UUID, form: Form) -> str:
    return render_template(
        "guns/seizure.html", actor=actor, seizure=None, seizure_id=seizure_id, form=form,
        choices=choices,
    )  # fmt: skip


def _traces(actor: Actor, seizure_id: UUID) -> Sequence[Any]:
    if Permission.TRACE_READ not in actor.permissions:
        return ()
    return traces.of_seizure(actor, seizure_id)


def _attachments(actor: Actor, seizure_id: UUID) -> Sequence[Any]:
    """Return what is attached; no more of a file that may not be read than that it is there."""
    if Permission.ATTACHMENT_READ not in actor.permissions:
        return ()
    subject = Subject("seizure", seizure_id)
    page = attachments.list_of(actor=actor, subject=subject, kind=None, limit=MOST, cursor=None)
    return list(AttachmentResponse(many=True).dump(page.items))


def _drawn(said: Mapping[str, Any]) -> Drawing | None:
    """Return a map of the place, where the reader is given one."""
    place = said["place"]
    if place.get("latitude") is None or place.get("longitude") is None:
        return None
    spot = Spot((place["longitude"], place["latitude"]), "1", place.get("name") or said["number"],
                within_km=place.get("precision"))  # fmt: skip
    return draw([spot], states=[place["country"]])
