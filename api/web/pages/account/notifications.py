"""Notifications of the signed-in user.

Urgent ones first; frequent kinds are folded into one line each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request

from api.schemas.notifications import MarkReadRequest, NotificationQuery, notification_text
from api.web import choices, listing, submission
from api.web.access import local_path, login_required, login_required_for_form, render_again
from api.web.blueprints import account_pages
from api.web.forms import Form
from salsa_ext.core.actor import Actor
from salsa_ext.database.paging import Page
from salsa_ext.notifications.values import GROUPED_NOTIFICATIONS
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.worklists import notifications
from salsa_ext.worklists.notifications import (
    NotificationView,
    count_notifications,
    list_notifications,
)

PAGE_SIZE = 25
PAGE_BY_SUBJECT = {
    "alert": "investigation.alert_page",
    "permit": "licensing.permit_page",
    "shipment": "licensing.shipment_page",
    "discrepancy": "licensing.discrepancy_page",
    "match": "investigation.match_page",
    "hit": "investigation.hit_page",
    "consent": "tracing.consent_page",
    "request": "tracing.request_page",
    "trace": "tracing.trace_page",
    "record": "investigation.history_page",
    "seizure": "investigation.seizure_page",
}
"""The page of each kind of object that has one."""
UNFOLDED_MAX = 3
"""As many as are shown one by one all the same."""
WORK_LIST_BY_CODE = {"match_proposed": "investigation.match_list"}
"""Where the many are worked on, one by one."""
ALARM_SIGNS = {"shipment_incident": "⚑", "hit_made": "◉", "hit_overdue": "◉", "hit_unanswered": "◉"}
"""The marks of alarms that have one of their own, as boards show them."""
NARROWING_FILTERS = ("kind", "code", "urgent")


@account_pages.get("/notifications")
@login_required
def notification_list(actor: Actor) -> str:
    """Show notifications, newest first.

    All or unread ones, of one kind, or in sections.
    """
    return _render_list(actor)


@account_pages.post("/notifications/<uuid:notification_id>/read")
@login_required
def mark_read(actor: Actor, notification_id: UUID) -> Any:
    """Mark a notification as read and go back to the list."""
    notifications.mark_read(actor=actor, notification_id=notification_id)
    return redirect(local_path(request.form.get("next")), 303)


@account_pages.post("/notifications/read")
@login_required_for_form
def mark_many_read(actor: Actor) -> Any:
    """Mark the listed notifications of a kind or code as read."""
    form = submission.read_form()
    back = local_path(form.values.pop("next", None))
    done = submission.submit(form, actor, lambda: _mark_many_read(actor, form, back))
    return done or (render_again(actor, lambda: _render_list(actor, form)), form.status)


def _mark_many_read(actor: Actor, form: Form, back: str) -> str:
    notifications.mark_many_read(actor=actor, data=form.load(MarkReadRequest()))
    return back


def _render_list(actor: Actor, sent: Form | None = None) -> str:
    asked = listing.read_filters(NotificationQuery)
    is_chosen = any(name in asked.filters for name in NARROWING_FILTERS)
    many = {} if is_chosen else _frequent_codes(actor)
    filters = asked.filters if is_chosen else asked.filters | {"rest": [*many]}
    page = list_notifications(actor, filters, PAGE_SIZE, asked.cursor)
    apart = not is_chosen and asked.cursor is None
    unread = asked.filters.get("unread")
    has_above = apart and unread is not False
    urgent = _urgent(actor) if has_above else Page[NotificationView]([])
    is_folded = has_above and bool(many or urgent.items)
    return render_template(
        "account/notifications.html",
        page=page,
        form=asked.form,
        sent=sent or Form(),
        choices=choices,
        filters=asked.filters,
        waiting=_unread_count(actor, asked.filters),
        is_chosen=is_chosen,
        pages=PAGE_BY_SUBJECT,
        lists=WORK_LIST_BY_CODE,
        signs=ALARM_SIGNS,
        text_of=notification_text,
        urgent=urgent,
        many=many if has_above else {},
        is_folded=is_folded,
        rest=_folded_count(actor, many) if is_folded else 0,
        onward=listing.next_page_address(page.next),
        zone=actor_zone(actor),
        now=actor.now(),
    )


def _unread_count(actor: Actor, filters: Mapping[str, Any]) -> int:
    """Return how many of the chosen kind or code are unread."""
    chosen = {name: filters[name] for name in ("kind", "code") if name in filters}
    return count_notifications(actor, chosen | {"unread": True}) if chosen else 0


def _urgent(actor: Actor) -> Page[NotificationView]:
    """Return the newest unread urgent notifications, alarms first."""
    asked = {"urgent": True, "unread": True}
    grave, others = (
        list_notifications(actor, asked | {"grave": first}, PAGE_SIZE, None)
        for first in (True, False)
    )
    return Page([*grave.items, *others.items], grave.next or others.next)


def _folded_count(actor: Actor, many: Mapping[str, int]) -> int:
    """Return how many of the other codes are unread."""
    return count_notifications(actor, {"rest": [*many], "unread": True})


def _frequent_codes(actor: Actor) -> Mapping[str, int]:
    """Return unread counts of frequent codes above UNFOLDED_MAX."""
    counted = {
        code: count_notifications(actor, {"code": code, "unread": True})
        for code in GROUPED_NOTIFICATIONS
    }
    return {code: number for code, number in counted.items() if number > UNFOLDED_MAX}
