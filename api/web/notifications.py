"""What waits for whoever is signed in, as a page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request

from api.web.access import local, signed_in
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.notifications import list_notifications
from salsa_ext.services import notifications
from salsa_ext.values.actor import Actor

MOST = 25
PAGES = {"permit": "desk.permit", "shipment": "desk.shipment", "discrepancy": "desk.discrepancy",
         "match": "guns.match", "approval": "console.approval", "hit": "console.hit",
         "consent": "console.consent",
         "request": "console.request_page", "trace": "console.trace",
         "seizure": "guns.seizure"}  # fmt: skip
"""The page of each kind of object that has one."""

blueprint = Blueprint("notices", __name__)  # the routes of the API have the other name


@blueprint.get("/notifications")
@signed_in
def listed(actor: Actor) -> str:
    """Show a page of notifications, newest first, all or the unread ones."""
    unread = request.args.get("unread") == "true"
    filters = {"unread": True} if unread else {}
    page = list_notifications(actor, filters, MOST, request.args.get("cursor"))
    return render_template("notifications.html", page=page, only_unread=unread, pages=PAGES,
                           zone=zone_of(actor))  # fmt: skip


@blueprint.post("/notifications/<uuid:notification_id>/read")
@signed_in
def read(actor: Actor, notification_id: UUID) -> Any:
    """Note that a notification was read, and come back to the list."""
    notifications.read(actor=actor, notification_id=notification_id)
    return redirect(local(request.form.get("next")), 303)
