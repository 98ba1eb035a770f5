"""List of seizures, a seizure's page, recording a seizure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from flask import render_template, request, url_for
from werkzeug import Response

from api.i18n.messages import translate
from api.routes.attachments import get_attachment_content
from api.schemas.attachments import AttachmentResponse
from api.schemas.seizures import SeizureQuery, SeizureRequest, SeizureResponse
from api.web import choices, listing, photos, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.blueprints import investigation_pages
from api.web.forms import Form
from api.web.maps import MapDrawing, MapPlace, draw_map
from api.web.pages.border import seizure_receipts
from api.web.pages.border.seizure import MAX_ITEMS, code_options, number_items, seizure_number
from api.web.pages.investigation import purposes
from api.web.photos import Photo
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import attachments
from salsa_ext.administration.values import AttachmentSubject
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import related, seizures
from salsa_ext.documents.queries import SEIZURES
from salsa_ext.matches import search
from salsa_ext.reference.calendars import actor_zone, today
from salsa_ext.tracing.traces import queries as trace_queries

MAX_ATTACHMENTS = 100
"""Attachments that the page lists."""


SUCCESS_MESSAGES: Final = {
    "corrected": message("The description of the gun is corrected, and it was matched anew.")
}


@investigation_pages.get("/seizures")
@login_required
def seizure_list(actor: Actor) -> str:
    """List the own state's seizures, newest first."""
    asked = listing.read_filters(SeizureQuery)
    page = document_queries.list_own_documents(
        actor, SEIZURES, asked.filters, listing.PAGE_SIZE, asked.cursor
    )
    return render_template(
        "investigation/seizures.html",
        actor=actor,
        form=asked.form,
        page=page,
        choices=choices,
        onward=listing.next_page_address(page.next),
    )


@investigation_pages.get("/seizures/<uuid:seizure_id>")
@login_required
def seizure_page(actor: Actor, seizure_id: UUID) -> str:
    """Show a seizure; ask for a purpose first if foreign."""
    try:
        return _render_seizure(actor, seizure_id)
    except Invalid:  # nothing was read yet: the purpose comes before another state's seizure
        return _render_purpose_form(actor, seizure_id, purposes.purpose_form())


@investigation_pages.post("/seizures/<uuid:seizure_id>")
@login_required_for_form
def seizure_with_purpose(actor: Actor, seizure_id: UUID) -> Any:
    """Show a seizure for the typed purpose and case.

    The disclosure is visible to its owner.
    """
    require(actor, Permission.SEIZURE_READ)
    return purposes.render_with_purpose(
        actor,
        lambda reader: _render_seizure(reader, seizure_id),
        lambda form: _render_purpose_form(actor, seizure_id, form),
    )


@investigation_pages.get("/attachments/<uuid:attachment_id>/file")
@login_required
def attachment_file(actor: Actor, attachment_id: UUID) -> Response:
    """Return a file attached to an own object."""
    require(actor, Permission.ATTACHMENT_READ)
    return get_attachment_content(actor, attachment_id)


def _render_seizure(actor: Actor, seizure_id: UUID) -> str:
    view = document_queries.read_document(actor=actor, kind=SEIZURES, document_id=seizure_id)
    said = SeizureResponse().dump(view)
    return render_template(
        "investigation/seizure.html",
        actor=actor,
        seizure=said,
        is_own=said["state"] == actor.state,
        beside=related.find_related(actor, view),
        traces=_visible_traces(actor, seizure_id),
        attachments=_visible_attachments(actor, seizure_id),
        drawing=_seizure_map(said),
        zone=actor_zone(actor),
        posts=choices.posts(actor),
        told=document_queries.document_history(view),
        done=SUCCESS_MESSAGES.get(request.args.get("done", "")),
    )


def _render_purpose_form(actor: Actor, seizure_id: UUID, form: Form) -> str:
    return render_template(
        "investigation/seizure.html",
        actor=actor,
        seizure=None,
        seizure_id=seizure_id,
        form=form,
        choices=choices,
    )


def _visible_traces(actor: Actor, seizure_id: UUID) -> Sequence[Any]:
    if Permission.TRACE_READ not in actor.permissions:
        return ()
    return trace_queries.traces_of_seizure(actor, seizure_id)


def _visible_attachments(actor: Actor, seizure_id: UUID) -> Sequence[Any]:
    """Return the attachments; unreadable files by their existence only."""
    if Permission.ATTACHMENT_READ not in actor.permissions:
        return ()
    subject = AttachmentSubject("seizure", seizure_id)
    page = attachments.view_attachments(
        actor=actor, subject=subject, kind=None, limit=MAX_ATTACHMENTS, cursor=None
    )
    return list(AttachmentResponse(many=True).dump(page.items))


def _seizure_map(said: Mapping[str, Any]) -> MapDrawing | None:
    """Return a map of the place; None without coordinates."""
    place = said["place"]
    if place.get("latitude") is None or place.get("longitude") is None:
        return None
    spot = MapPlace(
        (place["longitude"], place["latitude"]),
        "1",
        place.get("name") or said["number"],
        within_km=place.get("precision"),
    )
    return draw_map([spot], states=[place["country"]])


@investigation_pages.get("/seizures/new")
@login_required
def seizure_form(actor: Actor) -> str:
    """Show the form; `serial` of the address is filled in."""
    require(actor, Permission.SEIZURE_RECORD)
    opened = {
        "kind": "seized",
        "occurred_on": today(actor).isoformat(),
        "visibility": "open",
        "agency": actor.agency or "",
        "items.0.serial": request.args.get("serial", ""),
    }
    return _render_seizure_form(actor, Form(opened))


@investigation_pages.post("/seizures/new")
@login_required_for_form
def record_seizure(actor: Actor) -> Any:
    """Record a seizure with its photograph and show its matches.

    Shows the form again if refused.
    """
    require(actor, Permission.SEIZURE_RECORD)
    form = submission.read_form()
    form.called = {"items": translate(message("What was seized"))}
    form.close_up("items")
    photo = submission.submit_repeatable(form, lambda: photos.read_photo(form))
    done = (
        submission.submit(form, actor, lambda: _record_seizure(actor, form, photo))
        if photo
        else None
    )
    return done or (render_again(actor, lambda: _render_seizure_form(actor, form)), form.status)


def _record_seizure(actor: Actor, form: Form, photo: Photo) -> str:
    data = form.load(
        SeizureRequest(),
        lambda body: _complete_seizure(body, actor, form, photo),
        actor_zone(actor),
    )
    seizure_id = seizures.record(actor=actor, data=data)
    items = document_queries.load_document(SEIZURES, seizure_id).items
    seizure_receipts.store_matches(
        actor, seizure_id, search.find_matches(actor=actor, document_id=seizure_id, items=items)
    )
    photo.keep(actor, AttachmentSubject("seizure", seizure_id))
    return url_for("investigation.seizure_result", seizure_id=seizure_id)


def _complete_seizure(body: dict[str, Any], actor: Actor, form: Form, photo: Photo) -> None:
    """Set default number, country and crime context."""
    body.setdefault("number", seizure_number(form.token, body.get("occurred_on", "")))
    body.setdefault("legal_grounds", [])
    body.setdefault("crime_context", ["unknown"])
    body["place"] = body.get("place", {}) | {"country": actor.own_state()}
    number_items(body, photo)


def _render_seizure_form(actor: Actor, form: Form) -> str:
    return render_template(
        "investigation/seizure_new.html",
        actor=actor,
        form=form,
        choices=choices,
        options=code_options,
        rooms=MAX_ITEMS,
        agencies=choices.agencies(actor),
        suggest=choices.suggestions(actor),
        zone=actor_zone(actor),
    )


@investigation_pages.get("/seizures/<uuid:seizure_id>/recorded")
@login_required
def seizure_result(actor: Actor, seizure_id: UUID) -> str:
    """Show a recorded own seizure with its matches."""
    require(actor, Permission.SEIZURE_READ)
    seizures.find_own_seizure(actor, seizure_id)
    view = document_queries.load_document(SEIZURES, seizure_id)
    guns = [item.record for item in view.items]
    return render_template(
        "investigation/seizure_recorded.html",
        actor=actor,
        told=seizure_receipts.matches_by_line(actor, seizure_id),
        guns=guns,
        seizure=view.document,
        met=alert_queries.hits_of_records(actor, [gun.id for gun in guns]),
        zone=actor_zone(actor),
    )
