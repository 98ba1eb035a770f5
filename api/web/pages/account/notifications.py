"""Notifications of the signed-in user: a line for each object, unread alarms first."""

from typing import Any
from uuid import UUID

from flask import request

from api.schemas.notifications import MarkReadRequest, NotificationQuery, notification_text
from api.web import lists, submission
from api.web.access import local_path, login_required, login_required_for_form, render_again
from api.web.forms import Form
from api.web.pages import account_pages
from api.web.record_pages import render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.database.paging import Page
from salsa_ext.notifications.notice_rules import GROUPED_NOTIFICATIONS
from salsa_ext.worklists import notification_inbox, record_lookup
from salsa_ext.worklists.notification_inbox import (
    ObjectNotifications,
    count_notifications,
    list_objects,
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
    """Show what happened to which objects, the newest first."""
    return _render_list(actor)


@account_pages.post("/notifications")
@login_required_for_form
def mark_many_read(actor: Actor) -> Any:
    """Mark notifications as read: of an object, a kind or a code, or all that the page showed."""
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
    is_first = not is_narrowed and listed.cursor is None and filters.get("unread") is not False
    alarms = Page[ObjectNotifications]([])
    if is_first:
        alarms = list_objects(actor, {"grave": True, "unread": True}, PAGE_SIZE, None)
    rest = filters if is_narrowed else filters | {"rest": [*frequent]}
    page = list_objects(actor, rest, PAGE_SIZE, listed.cursor)
    narrowed = {name: filters[name] for name in ("kind", "code") if name in filters}
    return render_page(
        "account/notifications.html",
        actor,
        trail=(),
        page=page,
        alarms=alarms,
        form=listed.form,
        sent=sent or Form(),
        filters=filters,
        narrowed=narrowed,
        unread=count_notifications(actor, narrowed | {"unread": True}),
        is_narrowed=is_narrowed,
        work_lists=WORK_LIST_BY_CODE,
        signs=ALARM_SIGNS,
        text_of=notification_text,
        serials=_serials(actor, [*alarms.items, *page.items]),
        frequent=frequent if is_first else {},
        next_page=lists.next_page_address(page.next),
        path=request.full_path.rstrip("?") if request.method == "GET" else request.path,
    )


def _serials(actor: Actor, objects: list[ObjectNotifications]) -> dict[UUID, str | None]:
    """Return the serial numbers by which matches are named, by own record."""
    if Permission.RECORD_READ not in actor.permissions:
        return {}
    keys = [each.key for each in objects if "record" in each.newest.notification.data]
    records = record_lookup.describe_records(actor, keys, Permission.RECORD_READ)
    return {key: row.serial for key, row in records.items()}
