"""Matches as pages: the list of the own state's, one with both records, and what a person says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n import translate
from api.schemas.matches import ConfirmRequest, MatchQuery, MatchResponse, RejectRequest
from api.schemas.records import RecordResponse
from api.web.access import sender, signed_in
from api.web.desk import choices, doings, listing
from api.web.desk.doings import Doing, Field, Subject
from api.web.guns import purposes
from api.web.guns.blueprint import blueprint
from api.web.typed import Form
from salsa_ext.errors import NotFound, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import matches as reading
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.matches import MatchView
from salsa_ext.readmodels.names import label
from salsa_ext.readmodels.records import RecordView, by_id
from salsa_ext.services import disclosures, match_decisions
from salsa_ext.values.actor import Actor

WHY = say("Nobody outside your state reads it.")
DOINGS: doings.Doings = (
    Doing(
        "confirm", say("Confirm: one gun"),
        say("Say for your state that the two records are of one gun. Their histories become one; what the other"
            " state says stays its own, and you can take yours back."),
        ConfirmRequest, match_decisions.confirm, Permission.MATCH_DECIDE, ("proposed", "rejected"),
        (Field("reason", say("Reason"), "area", required=False, most=500, hint=WHY),),
        is_for=lambda actor, view: view.match.is_standing,
    ),
    Doing(
        "reject", say("Reject: not one gun"),
        say("Say for your state that the two records are not of one gun, and why. You can take it back."),
        RejectRequest, match_decisions.reject, Permission.MATCH_DECIDE, ("proposed", "confirmed"),
        (Field("reason", say("Reason"), "area", required=True, most=500, hint=WHY),),
        is_for=lambda actor, view: view.match.is_standing,
    ),
)  # fmt: skip
DONE = {
    "confirm": say("Your state says that it is one gun."),
    "reject": say("Your state says that it is not one gun."),
}


@blueprint.get("/matches")
@signed_in
def matches(actor: Actor) -> str:
    """Show the matches of the own state's records, newest first, by the filters of the address.

    Those of crime, unless those of the licit trade are asked for.
    """
    asked = listing.asked(MatchQuery)
    wanted = {"is_of_crime": True} | asked.filters
    page = reading.list_matches(actor, wanted, listing.LIMIT, asked.cursor)
    return render_template(
        "guns/matches.html", actor=actor, form=asked.form, page=page, choices=choices,
        guns=_own_guns(actor, page.items), others=reading.other_events(actor, page.items),
        onward=listing.address(page.next), zone=zone_of(actor),
    )  # fmt: skip


def _own_guns(actor: Actor, found: Sequence[MatchView]) -> Mapping[UUID, RecordView]:
    """Return the own state's records of matches, for who may read records."""
    if Permission.RECORD_READ not in actor.permissions:
        return {}
    return {view.record.id: view for view in by_id({view.match.record_id for view in found})}


@blueprint.get("/matches/<uuid:match_id>")
@signed_in
def match(actor: Actor, match_id: UUID) -> str:
    """Show one match; the other record where it is of the own state, else what it is read for."""
    return _page(actor, match_id, purposes.opened())


@blueprint.post("/matches/<uuid:match_id>")
@sender
def match_for(actor: Actor, match_id: UUID) -> Any:
    """Show it with another state's record, for the purpose and the case that were typed."""
    require(actor, Permission.MATCH_READ)
    require(actor, Permission.RECORD_READ)
    return purposes.read(
        actor,
        lambda reader: _page(reader, match_id),
        lambda form: _page(actor, match_id, form),
    )


def _page(actor: Actor, match_id: UUID, form: Form | None = None) -> str:
    """Return the page of a match; without a form the record of another state is read."""
    view = reading.get_match(actor, match_id)
    subject = _subject(view, actor)
    return render_template(
        "guns/match.html", actor=actor, match=MatchResponse().dump(view), subject=subject,
        records=_records(actor, view, is_asked=form is None), form=form, choices=choices,
        doings=doings.offered(DOINGS, actor, subject), zone=zone_of(actor),
        done=DONE.get(request.args.get("done", "")),
    )  # fmt: skip


def _records(actor: Actor, view: MatchView, *, is_asked: bool) -> list[Any]:
    """Return the own record and the other one as far as the reader sees them; None for what he does not."""
    row = view.match
    if Permission.RECORD_READ not in actor.permissions:
        return [None, None]
    is_seen = row.other_record and (is_asked or row.other_state == actor.state)
    return [_record(actor, row.record_id), _record(actor, row.other_record) if is_seen else None]


def _record(actor: Actor, record_id: UUID) -> Any:
    try:
        return RecordResponse().dump(disclosures.read_record(actor=actor, record_id=record_id))
    except NotFound:  # its owner shows it no longer
        return None


def _subject(view: MatchView, actor: Actor) -> Subject:
    row = view.match
    title = say("Match with {state}", state=label("state", row.other_state, actor.language))
    return Subject(view, translate(title), url_for("guns.match", match_id=row.id), row.owner_state,
                   row.status, "match_status", ("guns.matches", say("Matches")))  # fmt: skip


def subject_of(actor: Actor, match_id: UUID) -> Subject:
    """Return a match as the pages of its doings show it."""
    return _subject(reading.get_match(actor, match_id), actor)


@blueprint.get("/matches/<uuid:match_id>/<slug:name>")
@signed_in
def decision_form(actor: Actor, match_id: UUID, name: str) -> Any:
    """Show the form of what the own state says."""
    return doings.open_form(actor, doings.named(DOINGS, name), subject_of, match_id)


@blueprint.post("/matches/<uuid:match_id>/<slug:name>")
@sender
def decide(actor: Actor, match_id: UUID, name: str) -> Any:
    """Record what the own state says, and show the match."""
    return doings.take_form(actor, doings.named(DOINGS, name), subject_of, match_id, "match_id")
