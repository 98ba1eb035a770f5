"""List of matches, a match with both records, its decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n.messages import translate
from api.schemas.records import (
    MatchConfirmRequest,
    MatchQuery,
    MatchRejectRequest,
    MatchResponse,
    RecordResponse,
)
from api.web import actions, choices, listing
from api.web.access import login_required, login_required_for_form
from api.web.actions import Action, ActionField, Subject
from api.web.blueprints import investigation_pages
from api.web.forms import Form
from api.web.pages.investigation import purposes
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound, message
from salsa_ext.disclosure import disclosures
from salsa_ext.firearms.records.queries import RecordView, find_records
from salsa_ext.matches import commands as match_commands
from salsa_ext.matches import queries as match_queries
from salsa_ext.matches.queries import MatchView
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.reference.names import label

REASON_HINT = message("Nobody outside your state reads it.")
ACTIONS: actions.Actions = (
    Action(
        "confirm",
        message("Confirm: one gun"),
        message(
            "Say for your state that the two records are of one gun. Their histories become one; what the other"
            " state says stays its own, and you can take yours back."
        ),
        MatchConfirmRequest,
        match_commands.confirm_match,
        Permission.MATCH_DECIDE,
        ("proposed", "rejected"),
        (
            ActionField(
                "reason", message("Reason"), "area", required=False, most=500, hint=REASON_HINT
            ),
        ),
        is_for=lambda actor, view: view.match.is_current,
    ),
    Action(
        "reject",
        message("Reject: not one gun"),
        message(
            "Say for your state that the two records are not of one gun, and why. You can take it back."
        ),
        MatchRejectRequest,
        match_commands.reject_match,
        Permission.MATCH_DECIDE,
        ("proposed", "confirmed"),
        (
            ActionField(
                "reason", message("Reason"), "area", required=True, most=500, hint=REASON_HINT
            ),
        ),
        is_for=lambda actor, view: view.match.is_current,
    ),
)
SUCCESS_MESSAGES = {
    "confirm": message("Your state says that it is one gun."),
    "reject": message("Your state says that it is not one gun."),
}


@investigation_pages.get("/matches")
@login_required
def match_list(actor: Actor) -> str:
    """List matches of own records, newest first.

    Matches of crime records unless the filter asks for the licit trade.
    """
    asked = listing.read_filters(MatchQuery)
    wanted = {"is_of_crime": True} | asked.filters
    page = match_queries.list_matches(actor, wanted, listing.PAGE_SIZE, asked.cursor)
    return render_template(
        "investigation/matches.html",
        actor=actor,
        form=asked.form,
        page=page,
        choices=choices,
        guns=_own_records(actor, page.items),
        others=match_queries.other_record_events(actor, page.items),
        onward=listing.next_page_address(page.next),
        zone=actor_zone(actor),
    )


def _own_records(actor: Actor, found: Sequence[MatchView]) -> Mapping[UUID, RecordView]:
    """Return the own records of matches; empty without RECORD_READ."""
    if Permission.RECORD_READ not in actor.permissions:
        return {}
    return {view.record.id: view for view in find_records({view.match.record_id for view in found})}


@investigation_pages.get("/matches/<uuid:match_id>")
@login_required
def match_page(actor: Actor, match_id: UUID) -> str:
    """Show a match; ask for a purpose for a foreign record."""
    return _render_match(actor, match_id, purposes.purpose_form())


@investigation_pages.post("/matches/<uuid:match_id>")
@login_required_for_form
def match_with_purpose(actor: Actor, match_id: UUID) -> Any:
    """Show a match with the foreign record for the typed purpose."""
    require(actor, Permission.MATCH_READ)
    require(actor, Permission.RECORD_READ)
    return purposes.render_with_purpose(
        actor,
        lambda reader: _render_match(reader, match_id),
        lambda form: _render_match(actor, match_id, form),
    )


def _render_match(actor: Actor, match_id: UUID, form: Form | None = None) -> str:
    """Render a match; without a form the foreign record is read."""
    view = match_queries.get_match(actor, match_id)
    subject = _match_subject(view, actor)
    return render_template(
        "investigation/match.html",
        actor=actor,
        match=MatchResponse().dump(view),
        subject=subject,
        records=_record_pair(actor, view, has_purpose=form is None),
        form=form,
        choices=choices,
        doings=actions.available_actions(ACTIONS, actor, subject),
        zone=actor_zone(actor),
        done=SUCCESS_MESSAGES.get(request.args.get("done", "")),
    )


def _record_pair(actor: Actor, view: MatchView, *, has_purpose: bool) -> list[Any]:
    """Return the own and the other record; None if not visible."""
    row = view.match
    if Permission.RECORD_READ not in actor.permissions:
        return [None, None]
    is_readable = has_purpose or row.other_state == actor.state
    return [
        _read_record(actor, row.record_id),
        _read_record(actor, row.other_record) if row.other_record and is_readable else None,
    ]


def _read_record(actor: Actor, record_id: UUID) -> Any:
    try:
        return RecordResponse().dump(disclosures.read_record(actor=actor, record_id=record_id))
    except NotFound:  # its owner shows it no longer
        return None


def _match_subject(view: MatchView, actor: Actor) -> Subject:
    row = view.match
    title = message("Match with {state}", state=label("state", row.other_state, actor.language))
    return Subject(
        view,
        translate(title),
        url_for("investigation.match_page", match_id=row.id),
        row.owner_state,
        row.status,
        "match_status",
        ("investigation.match_list", message("Matches")),
    )


def find_subject(actor: Actor, match_id: UUID) -> Subject:
    """Return a match as the subject of actions."""
    return _match_subject(match_queries.get_match(actor, match_id), actor)


@investigation_pages.get("/matches/<uuid:match_id>/<slug:name>")
@login_required
def decision_form(actor: Actor, match_id: UUID, name: str) -> Any:
    """Show the form of a decision."""
    return actions.show_action(actor, actions.find_action(ACTIONS, name), find_subject, match_id)


@investigation_pages.post("/matches/<uuid:match_id>/<slug:name>")
@login_required_for_form
def decide(actor: Actor, match_id: UUID, name: str) -> Any:
    """Record the own state's decision and show the match."""
    return actions.submit_action(
        actor, actions.find_action(ACTIONS, name), find_subject, match_id, "match_id"
    )
