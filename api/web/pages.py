"""The home page, and the language of all pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, g, redirect, render_template, request, url_for

from api.auth import authenticate_page
from api.resource import Resource
from api.transaction import transaction
from api.web import cookies
from api.web.access import count_waiting, local
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import reference
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import LANGUAGES

LASTS = timedelta(days=365)
ALL_POSTS = 200
PAGES: Final[Mapping[Permission, str]] = {
    Permission.ALERT_READ: "console.alerts_page", Permission.ALERT_RECORD: "console.alert_form",
    Permission.AUDIT_READ: "console.audit", Permission.DISCLOSURE_READ: "console.disclosures",
    Permission.SEIZURE_READ: "guns.seizures", Permission.SEIZURE_RECORD: "console.seizure_form",
    Permission.REPORT_READ: "guns.reports", Permission.REPORT_RECORD: "guns.report_form",
    Permission.SHIPMENT_READ: "desk.shipments", Permission.DISCREPANCY_READ: "desk.discrepancies",
    Permission.TRANSFER_READ: "desk.transfers", Permission.TRANSFER_RECORD: "desk.transfer_form",
    Permission.AGENCY_PLACE: "placing.posts",
    Permission.CHECK_MAKE: "guns.check_form", Permission.MATCH_READ: "guns.matches",
    Permission.PERMIT_READ: "desk.home", Permission.MATCH_DECIDE: "guns.matches",
    Permission.REQUEST_READ: "console.requests", Permission.REQUEST_ANSWER: "console.requests",
    Permission.TRACE_READ: "console.traces", Permission.TRACE_REQUEST: "console.trace_form",
    Permission.TRACE_APPROVE: "console.approvals", Permission.LEAD_READ: "console.leads",
    Permission.CONSENT_READ: "console.consents_page", Permission.CONSENT_ASK: "console.consent_form",
    Permission.CONSENT_DECIDE: "console.consents_page", Permission.HIT_READ: "console.hits",
    Permission.HIT_DECIDE: "console.hits", Permission.NOTIFICATION_READ: "notices.listed",
    Permission.SHIPMENT_HOLD: "desk.shipments", Permission.INCIDENT_RECORD: "desk.shipments",
    Permission.RECEIPT_RECORD: "desk.shipments",
}  # fmt: skip
"""What is done on a page of its own, or on the page of each object that this one lists."""
AT_POSTS: Final[Mapping[Permission, str]] = {
    Permission.BOARD_READ: "boards.board", Permission.CHECKPOINT_RECORD: "post_desk.home",
}  # fmt: skip
"""What is done on a page of each border post."""
POSTS: Final = "#posts"
"""Where home lists them."""

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> Any:
    """Say what this is, or who is signed in and where he can go."""
    g.actor = authenticate_page()
    if g.actor is None:
        return render_template("welcome.html")
    if Permission.WALL_READ in g.actor.permissions:
        return redirect(url_for("walls.wall"))
    with transaction(g.actor):
        count_waiting(g.actor)
        posts = _posts(g.actor)
        return render_template(
            "home.html", actor=g.actor, posts=posts, doings=_doings(g.actor, posts)
        )


@blueprint.post("/language")
def choose_language() -> Any:
    """Remember the language in which pages are shown, and come back."""
    response = redirect(local(request.form.get("next")), 303)
    if (code := request.form.get("language")) in LANGUAGES:
        cookies.put(response, cookies.LANGUAGE, code, LASTS)
    return response


def _doings(actor: Actor, posts: Sequence[Any]) -> Sequence[tuple[str, str, bool]]:
    """Return what the actor may do, where it is done, and whether by programs alone; pages first.

    What has no page leads to its route in the documentation.
    """
    docs = url_for("docs.docs")
    mine = [one for one in Permission if one in actor.permissions]
    pages = {one: url_for(PAGES[one]) for one in mine if one in PAGES} | _at_posts(mine, posts)
    return [(str(one), pages[one], False) for one in mine if one in pages] + [
        (str(one), f"{docs}#/{Resource.first_with[one]}", True)
        for one in mine if one not in pages and one in Resource.first_with
    ]  # fmt: skip


def _at_posts(mine: Sequence[Permission], posts: Sequence[Any]) -> dict[Permission, str]:
    """Return where that is done which is done at a post: at the only one, or where they are listed."""
    if not posts:
        return {}
    return {one: url_for(AT_POSTS[one], code=posts[0].code) if len(posts) == 1 else POSTS
            for one in mine if one in AT_POSTS}  # fmt: skip


def _posts(actor: Actor) -> Sequence[Any]:
    """Return the posts whose boards the actor may open."""
    if actor.state is None or Permission.BOARD_READ not in actor.permissions:
        return ()
    return reference.list_posts(actor, {"state": actor.state}, ALL_POSTS, None).items
