"""What waits for whoever is signed in, as a page: the urgent above, what comes by the hundred as one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request

from api.schemas.notifications import NotificationQuery, ReadManyRequest
from api.told import text_of
from api.web import sending
from api.web.access import again, local, sender, signed_in
from api.web.desk import choices, listing
from api.web.typed import Form
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.notifications import NotificationView, count, list_notifications
from salsa_ext.readmodels.pages import Page
from salsa_ext.services import notifications
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import MANY_NOTIFICATIONS

MOST = 25
PAGES = {"alert": "console.alert", "permit": "desk.permit", "shipment": "desk.shipment",
         "discrepancy": "desk.discrepancy",
         "match": "guns.match", "hit": "console.hit",
         "consent": "console.consent",
         "request": "console.request_page", "trace": "console.trace",
         "record": "guns.history", "seizure": "guns.seizure"}  # fmt: skip
"""The page of each kind of object that has one."""
FEW = 3
"""As many as are shown one by one all the same."""
LISTS = {"match_proposed": "guns.matches"}
"""Where the many are worked on, one by one."""
SIGNS = {"shipment_incident": "⚑", "hit_made": "◉", "hit_overdue": "◉", "hit_unanswered": "◉"}
"""The marks of alarms that have one of their own, as boards show them."""
CHOSEN = ("kind", "code", "urgent")

blueprint = Blueprint("notices", __name__)  # the routes of the API have the other name


@blueprint.get("/notifications")
@signed_in
def listed(actor: Actor) -> str:
    """Show notifications, newest first: all or the unread ones, those of a kind, or each in its part."""
    return _page(actor)


@blueprint.post("/notifications/<uuid:notification_id>/read")
@signed_in
def read(actor: Actor, notification_id: UUID) -> Any:
    """Note that a notification was read, and come back to the list."""
    notifications.read(actor=actor, notification_id=notification_id)
    return redirect(local(request.form.get("next")), 303)


@blueprint.post("/notifications/read")
@sender
def read_many(actor: Actor) -> Any:
    """Note that all of a kind or a code were read that the page could show, and come back to the list."""
    form = sending.sent()
    back = local(form.values.pop("next", None))
    done = sending.send(form, actor, lambda: _read_many(actor, form, back))
    return done or (again(actor, lambda: _page(actor, form)), form.status)


def _read_many(actor: Actor, form: Form, back: str) -> str:
    notifications.read_many(actor=actor, data=form.load(ReadManyRequest()))
    return back


def _page(actor: Actor, sent: Form | None = None) -> str:
    asked = listing.asked(NotificationQuery)
    is_chosen = any(name in asked.filters for name in CHOSEN)
    many = {} if is_chosen else _many(actor)
    filters = asked.filters if is_chosen else asked.filters | {"rest": [*many]}
    page = list_notifications(actor, filters, MOST, asked.cursor)
    apart = not is_chosen and asked.cursor is None
    unread = asked.filters.get("unread")
    has_above = apart and unread is not False
    urgent = _urgent(actor) if has_above else Page[NotificationView]([])
    is_folded = has_above and bool(many or urgent.items)
    return render_template(
        "notifications.html", page=page, form=asked.form, sent=sent or Form(), choices=choices,
        filters=asked.filters, waiting=_waiting(actor, asked.filters), is_chosen=is_chosen,
        pages=PAGES, lists=LISTS, signs=SIGNS, text_of=text_of,
        urgent=urgent,
        many=many if has_above else {}, is_folded=is_folded,
        rest=_rest(actor, many) if is_folded else 0,
        onward=listing.address(page.next), zone=zone_of(actor), now=actor.now(),
    )  # fmt: skip


def _waiting(actor: Actor, filters: Mapping[str, Any]) -> int:
    """Return how many unread ones there are of the kind or code that was chosen."""
    chosen = {name: filters[name] for name in ("kind", "code") if name in filters}
    return count(actor, chosen | {"unread": True}) if chosen else 0


def _urgent(actor: Actor) -> Page[NotificationView]:
    """Return the urgent ones that were not read, the newest of them: the alarms before the rest."""
    asked = {"urgent": True, "unread": True}
    grave, others = (list_notifications(actor, asked | {"grave": first}, MOST, None)
                     for first in (True, False))  # fmt: skip
    return Page([*grave.items, *others.items], grave.next or others.next)


def _rest(actor: Actor, many: Mapping[str, int]) -> int:
    """Return how many unread ones there are of what is folded below the others."""
    return count(actor, {"rest": [*many], "unread": True})


def _many(actor: Actor) -> Mapping[str, int]:
    """Return how many unread ones there are of what comes by the hundred, by its code."""
    counted = {code: count(actor, {"code": code, "unread": True}) for code in MANY_NOTIFICATIONS}
    return {code: number for code, number in counted.items() if number > FEW}
