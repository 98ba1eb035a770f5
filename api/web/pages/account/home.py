"""Home page, search, choice of language, documentation of the API."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from flask import Response, g, jsonify, redirect, render_template, request, url_for

from api.http import auth
from api.http.auth import authenticate_page
from api.http.context import transaction
from api.web import security
from api.web.access import SETUP, local_path, login_required, prepare_frame
from api.web.pages import account_pages
from api.web.pages.statistics.figures import draw_states_picture, list_totals
from api.web.pages.statistics.pictures import Source
from api.web.record_pages import render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.core.errors import message
from salsa_ext.database.paging import MAX_COUNTED
from salsa_ext.reference import agencies, gazetteer
from salsa_ext.reference import queries as reference_queries
from salsa_ext.reference.calendars import today
from salsa_ext.worklists import search, tasks

LANGUAGE_COOKIE_LIFETIME = timedelta(days=365)
MAX_POSTS = 200
MAX_TYPED = 100
MAX_PLACES = 8
Link = tuple[str, Mapping[str, Any]]
TASKS: Final[Mapping[str, tuple[str, Link]]] = {
    "request": ("send", ("tracing.request_list", {})),
    "hit": ("crosshair", ("investigation.hit_list", {"status": "open"})),
    "approval": ("check", ("tracing.approvals", {})),
    "proposal": ("check", ("licensing.permit_list", {"status": "proposed"})),
    "receipt": (
        "package",
        ("licensing.shipment_list", {"awaiting_receipt": "true", "sort": "ships_on"}),
    ),
    "discrepancy": (
        "equal-not",
        ("licensing.discrepancy_list", {"unexplained": "true", "sort": "raised_at"}),
    ),
    "permit": ("circle-dashed", ("licensing.home", {"_anchor": "awaiting"})),
    "alert": (
        "siren",
        ("investigation.alert_list", {"status": "active", "second_check": "waiting"}),
    ),
    "consent": ("handshake", ("tracing.consent_list", {"status": "asked"})),
    "match": ("fingerprint", ("investigation.match_list", {})),
    "trace": ("waypoints", ("tracing.trace_list", {"status": "completed"})),
    "lookup": ("eye", ("investigation.lookup_list", {"status": "open"})),
    "account": ("user", ("account.account_list", {})),
}
"""Icon of a kind of task, and its list: endpoint and filters."""
STARTS: Final = (
    (Permission.SEIZURE_RECORD, "investigation.seizure_form", message("Record a seizure")),
    (Permission.MARK_RECORD, "investigation.seizure_list", message("Add a mark to a seized gun")),
    (Permission.PERMIT_RECORD, "licensing.permit_form", message("Issue a permit")),
    (Permission.TRACE_REQUEST, "tracing.trace_form", message("Ask for a trace")),
    (Permission.CHECK_MAKE, "investigation.check_form", message("Check a serial number")),
    (Permission.REPORT_RECORD, "investigation.report_form", message("Report a gun")),
    (Permission.ALERT_RECORD, "investigation.alert_form", message("Enter an alert")),
    (Permission.TRANSFER_RECORD, "licensing.transfer_form", message("Register a transfer")),
    (Permission.CONSENT_ASK, "tracing.consent_form", message("Ask for consent")),
    (Permission.CONVERSATION_WRITE, "tracing.conversation_form", message("Begin a conversation")),
    (Permission.RELEASE_CREATE, "account.release_form", message("Publish a year")),
    (Permission.ACCOUNT_MANAGE, "account.account_form", message("Open an account")),
    (Permission.PARTICIPATION_DECLARE, "account.participation_form", message("Declare a register")),
    (Permission.AGENCY_MANAGE, "account.agency_list", message("Agencies and offices")),
    (Permission.ACCOUNT_MANAGE, "account.account_list", message("Accounts")),
    (Permission.SETTING_MANAGE, "account.settings_form", message("Settings of your state")),
    (Permission.KEY_MANAGE, "account.key_list", message("Keys and sessions")),
    (Permission.IMPORT_RUN, "account.import_list", message("Import a file")),
    (Permission.AUDIT_READ, "investigation.audit_log", message("Audit")),
    (
        Permission.DISCLOSURE_READ,
        "investigation.disclosure_list",
        message("To whom a record was given"),
    ),
)
"""Permission, page and name of what a person begins, in the order of home."""
UNREAD_MARKS: Final[Mapping[str, Any]] = {"missing": "mark_unread", "status": "standing"}
"""Filters of the seizures from which a mark is added."""


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
        return render_page("account/home.html", g.actor, trail=(), **_work(g.actor))


def _work(actor: Actor) -> dict[str, Any]:
    """Return what waits for the reader, what may be begun, and the reader's last acts."""
    has_tasks = Permission.NOTIFICATION_READ in actor.permissions
    lists = tasks.list_tasks(actor) if has_tasks else []
    starts = [
        (url_for(page, **UNREAD_MARKS if page == "investigation.seizure_list" else {}), name)
        for permission, page, name in STARTS
        if permission in actor.permissions
    ]
    return {
        "lists": lists,
        "links": {
            kind: (icon, url_for(page, **query)) for kind, (icon, (page, query)) in TASKS.items()
        },
        "next": tasks.next_tasks(lists, tasks.MAX_TASKS, actor.now()),
        "most": MAX_COUNTED,
        "acts": tasks.list_recent_acts(actor) if has_tasks else [],
        "starts": starts,
        "posts": _own_posts(actor),
        **_year_figures(actor),
    }


def _year_figures(actor: Actor) -> dict[str, Any]:
    """Return the figures of the last ended year, for who has no state."""
    if actor.state is not None or Permission.STATISTICS_READ not in actor.permissions:
        return {}
    source = Source(actor, today(actor).year - 1, None, {}, "year")
    return {
        "year": source.year,
        "totals": list_totals(source),
        "states": draw_states_picture(source),
    }


@account_pages.get("/search")
@login_required
def search_page(actor: Actor) -> str:
    """Show what bears the typed text, by kind."""
    text = request.args.get("q", "").replace("\x00", "").strip()[:MAX_TYPED]
    objects = search.find_objects(actor, text)
    is_serial = search.reads_as_serial(text, objects)
    return render_page(
        "account/search.html",
        actor,
        text=text,
        objects=objects,
        guns=search.find_guns(actor, text, objects),
        is_serial=is_serial,
    )


@account_pages.get("/place-names")
@login_required
def place_names(actor: Actor) -> Response:
    """Return names of towns of the own state that fit what is typed, as JSON."""
    filters = {"country": actor.state or "", "name": request.args.get("q", "")[:MAX_TYPED]}
    towns = gazetteer.list_places(actor, filters, MAX_PLACES, None).items
    return jsonify([town.title for town in towns])


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


def _own_posts(actor: Actor) -> Sequence[Any]:
    """Return the posts whose boards the reader may open, those of the own agency first."""
    if actor.state is None or Permission.BOARD_READ not in actor.permissions:
        return ()
    posts = reference_queries.list_posts(actor, {"state": actor.state}, MAX_POSTS, None).items
    own = agencies.posts_of_agency(actor)
    return sorted(posts, key=lambda post: post.code not in own)
