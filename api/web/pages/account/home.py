"""Home page, choice of language, documentation of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from flask import g, redirect, render_template, request, url_for

from api.http import auth
from api.http.auth import authenticate_page
from api.http.context import transaction
from api.web import security
from api.web.access import SETUP, local_path, prepare_frame
from api.web.areas import POSTS_ANCHOR
from api.web.pages import account_pages
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.reference import queries as reference_queries

LANGUAGE_COOKIE_LIFETIME = timedelta(days=365)
MAX_POSTS = 200
PAGE_BY_PERMISSION: Final[Mapping[Permission, str]] = {
    Permission.ALERT_READ: "investigation.alert_list",
    Permission.ALERT_RECORD: "investigation.alert_form",
    Permission.AUDIT_READ: "investigation.audit_log",
    Permission.DISCLOSURE_READ: "investigation.disclosure_list",
    Permission.LOOKUP_REVIEW: "investigation.lookup_list",
    Permission.SEIZURE_READ: "investigation.seizure_list",
    Permission.SEIZURE_RECORD: "investigation.seizure_form",
    Permission.REPORT_READ: "investigation.report_list",
    Permission.REPORT_RECORD: "investigation.report_form",
    Permission.SHIPMENT_READ: "licensing.shipment_list",
    Permission.DISCREPANCY_READ: "licensing.discrepancy_list",
    Permission.TRANSFER_READ: "licensing.transfer_list",
    Permission.TRANSFER_RECORD: "licensing.transfer_form",
    Permission.AGENCY_MANAGE: "account.agency_list",
    Permission.AGENCY_PLACE: "account.post_list",
    Permission.PARTICIPATION_DECLARE: "account.participation_form",
    Permission.CHECK_MAKE: "investigation.check_form",
    Permission.MATCH_READ: "investigation.match_list",
    Permission.PERMIT_READ: "licensing.home",
    Permission.MATCH_DECIDE: "investigation.match_list",
    Permission.REQUEST_READ: "tracing.request_list",
    Permission.REQUEST_ANSWER: "tracing.request_list",
    Permission.TRACE_READ: "tracing.trace_list",
    Permission.TRACE_REQUEST: "tracing.trace_form",
    Permission.TRACE_APPROVE: "tracing.approvals",
    Permission.LEAD_READ: "investigation.lead_list",
    Permission.CONSENT_READ: "tracing.consent_list",
    Permission.CONSENT_ASK: "tracing.consent_form",
    Permission.CONSENT_DECIDE: "tracing.consent_list",
    Permission.HIT_READ: "investigation.hit_list",
    Permission.HIT_DECIDE: "investigation.hit_list",
    Permission.NOTIFICATION_READ: "account.notification_list",
    Permission.SHIPMENT_HOLD: "licensing.shipment_list",
    Permission.INCIDENT_RECORD: "licensing.shipment_list",
    Permission.RECEIPT_RECORD: "licensing.shipment_list",
}
"""What is done on a page of its own, or on the page of each object that this one lists."""
POST_PAGE_BY_PERMISSION: Final[Mapping[Permission, str]] = {
    Permission.BOARD_READ: "border.board_page",
    Permission.CHECKPOINT_RECORD: "border.desk_home",
}
"""What is done on a page of each border post."""


@account_pages.get("/")
def home() -> Any:
    """Show the welcome page, or the home of the signed-in user."""
    g.actor = authenticate_page()
    if g.actor is None:
        return render_template("account/welcome.html")
    if not g.actor.permissions:
        return redirect(url_for(SETUP))
    if Permission.WALL_READ in g.actor.permissions:
        return redirect(url_for("border.wall"))
    with transaction(g.actor):
        prepare_frame(g.actor)
        posts = _own_posts(g.actor)
        tasks = _permitted_tasks(g.actor, posts)
        return render_template("account/home.html", actor=g.actor, posts=posts, tasks=tasks)


@account_pages.get("/docs")
def docs() -> str:
    """Show the OpenAPI document."""
    return render_template("account/docs.html")


@account_pages.post("/language")
def choose_language() -> Any:
    """Store the language in a cookie and go back."""
    response = redirect(local_path(request.form.get("next")), 303)
    if (code := request.form.get("language")) in LANGUAGES:
        security.set_cookie(response, auth.LANGUAGE_COOKIE, code, LANGUAGE_COOKIE_LIFETIME)
    return response


def _permitted_tasks(actor: Actor, posts: Sequence[Any]) -> Sequence[tuple[Permission, str]]:
    """Return the permissions of the actor that have a page, with its address."""
    permissions = [permission for permission in Permission if permission in actor.permissions]
    pages = {
        permission: url_for(PAGE_BY_PERMISSION[permission])
        for permission in permissions
        if permission in PAGE_BY_PERMISSION
    }
    for permission, endpoint in POST_PAGE_BY_PERMISSION.items():
        if permission in permissions and posts:
            only = len(posts) == 1
            pages[permission] = (
                url_for(endpoint, code=posts[0].code) if only else f"#{POSTS_ANCHOR}"
            )
    return [(permission, pages[permission]) for permission in permissions if permission in pages]


def _own_posts(actor: Actor) -> Sequence[Any]:
    """Return the posts whose boards the actor may open."""
    if actor.state is None or Permission.BOARD_READ not in actor.permissions:
        return ()
    return reference_queries.list_posts(actor, {"state": actor.state}, MAX_POSTS, None).items
