"""Notifications of the signed-in user.

Urgent ones first; frequent kinds are folded into one line each.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import redirect, request

from api.schemas.notifications import MarkReadRequest, NotificationQuery, notification_text
from api.web import lists, submission
from api.web.access import local_path, login_required, login_required_for_form, render_again
from api.web.forms import Form
from api.web.pages import account_pages
from api.web.pages.investigation.guns import rows_by_gun
from api.web.record_pages import render_page
from salsa_ext.core.actor import Actor
from salsa_ext.database.paging import Page
from salsa_ext.notifications.notice_rules import GROUPED_NOTIFICATIONS
from salsa_ext.worklists import notification_inbox
from salsa_ext.worklists.notification_inbox import (
    NotificationView,
    count_notifications,
    list_notifications,
)

PAGE_SIZE = 25
UNFOLDED_MAX = 3
"""So many are listed singly all the same."""
WORK_LIST_BY_CODE = {"match_proposed": "investigation.match_list"}
"""The list where a frequent kind is worked on."""
ALARM_SIGNS = {
    "shipment_incident": "flag",
    "hit_made": "siren",
    "hit_overdue": "siren",
    "hit_unanswered": "siren",
}
"""Signs of alarms as on boards."""
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
    notification_inbox.mark_read(actor=actor, notification_id=notification_id)
    return redirect(local_path(request.form.get("next")), 303)


@account_pages.post("/notifications")
@login_required_for_form
def mark_many_read(actor: Actor) -> Any:
    """Mark the listed notifications of a kind or code as read."""
    form = submission.read_form()
    page_before = local_path(form.values.pop("next", None))

    def mark() -> str:
        notification_inbox.mark_many_read(actor=actor, data=form.load(MarkReadRequest()))
        return page_before

    done = submission.submit(form, actor, mark)
    return done or (render_again(actor, lambda: _render_list(actor, form)), form.status)


def _render_list(actor: Actor, sent: Form | None = None) -> str:
    listed = lists.read_filters(NotificationQuery)
    filters = listed.filters
    is_narrowed = any(name in filters for name in NARROWING_FILTERS)
    counts = {
        code: count_notifications(actor, {"code": code, "unread": True})
        for code in (() if is_narrowed else GROUPED_NOTIFICATIONS)
    }
    frequent = {code: count for code, count in counts.items() if count > UNFOLDED_MAX}
    listed_filters = filters if is_narrowed else filters | {"rest": [*frequent]}
    page = list_notifications(actor, listed_filters, PAGE_SIZE, listed.cursor)
    has_sections = not is_narrowed and listed.cursor is None and filters.get("unread") is not False
    urgent = _urgent(actor) if has_sections else Page[NotificationView]([])
    is_folded = has_sections and bool(frequent or urgent.items)
    rows, repeated = rows_by_gun(actor, page.items, _own_record)
    narrowed = {name: filters[name] for name in ("kind", "code") if name in filters}
    others = {"rest": [*frequent], "unread": True}
    return render_page(
        "account/notifications.html",
        actor,
        trail=(),
        page=page.with_items(rows),
        repeated=repeated,
        form=listed.form,
        sent=sent or Form(),
        filters=filters,
        unread=count_notifications(actor, narrowed | {"unread": True}) if narrowed else 0,
        is_narrowed=is_narrowed,
        work_lists=WORK_LIST_BY_CODE,
        signs=ALARM_SIGNS,
        text_of=notification_text,
        urgent=urgent,
        frequent=frequent if has_sections else {},
        is_folded=is_folded,
        unread_others=count_notifications(actor, others) if is_folded else 0,
        next_page=lists.next_page_address(page.next),
    )


def _own_record(view: NotificationView) -> UUID | None:
    """Return the own record of a match, by whose gun its notifications are grouped."""
    record = view.notification.data.get("record")
    return UUID(record) if record and view.notification.subject_kind == "match" else None


def _urgent(actor: Actor) -> Page[NotificationView]:
    """Return the newest unread urgent notifications, alarms first."""
    filters = {"urgent": True, "unread": True}
    alarms, others = (
        list_notifications(actor, filters | {"grave": is_alarm}, PAGE_SIZE, None)
        for is_alarm in (True, False)
    )
    return Page([*alarms.items, *others.items], alarms.next or others.next)
