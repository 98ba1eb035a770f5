"""List of hits, a hit with both guns, its answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n.messages import translate
from api.schemas.alerts import (
    HitConfirmRequest,
    HitExtendRequest,
    HitQuery,
    HitRejectRequest,
    HitResponse,
)
from api.web import actions, choices, listing
from api.web.access import login_required, login_required_for_form
from api.web.actions import Action, ActionField, Subject
from api.web.blueprints import investigation_pages
from api.web.forms import Form
from api.web.pages.investigation import purposes
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import hit_answers, pair_view
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.queries import HitView
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Message, message
from salsa_ext.disclosure import disclosures
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.reference.names import label

OPEN_STATUSES = ("open", "extended")
READ_BY_OTHER_STATE = message("The state that met it reads it.")
READ_BY_OWN_STATE = message("Your state alone reads it: those who met it know nothing of it.")
ANSWER_NOT_SENT = message(
    "The answer is kept. Nobody else is told: those who met it know nothing of this hit."
)
ANSWER_TEMPLATE = "investigation/hit_answer.html"
HOURS_FIELD = ActionField("hours", message("Hours from now"), "number", required=True)


def _owns_alert(actor: Actor, view: HitView) -> bool:
    return view.hit.alert_state == actor.state


def _extension_obstacle(actor: Actor, view: HitView) -> Message | None:
    """Return why no extension is needed; None if possible."""
    return None if view.is_shown_to_finder else hit_answers.NO_ANSWER_AWAITED


def _hit_json(actor: Actor, view: HitView) -> Any:
    """Return a hit with both guns; logs the disclosure."""
    return HitResponse().dump(pair_view.read_hit(actor=actor, hit_id=view.hit.id))


def _optional_note(view: HitView) -> tuple[ActionField, ...]:
    return (
        ActionField(
            "note", message("In words"), "area", required=False, most=500, hint=_reader_hint(view)
        ),
    )


def _required_note(view: HitView) -> tuple[ActionField, ...]:
    return (
        ActionField(
            "note", message("Why"), "area", required=True, most=500, hint=_reader_hint(view)
        ),
    )


def _reader_hint(view: HitView) -> Message:
    return READ_BY_OTHER_STATE if view.is_shown_to_finder else READ_BY_OWN_STATE


ACTIONS: actions.Actions = (
    Action(
        "confirm",
        message("Confirm"),
        message("The alert stands, and it is that very gun."),
        HitConfirmRequest,
        hit_answers.confirm,
        Permission.HIT_DECIDE,
        OPEN_STATUSES,
        (),
        more=_optional_note,
        is_for=_owns_alert,
        page=ANSWER_TEMPLATE,
        told=_hit_json,
    ),
    Action(
        "deny",
        message("Deny"),
        message("It is another gun, or the alert is no longer true."),
        HitRejectRequest,
        hit_answers.deny,
        Permission.HIT_DECIDE,
        OPEN_STATUSES,
        (),
        more=_required_note,
        is_for=_owns_alert,
        is_grave=True,
        page=ANSWER_TEMPLATE,
        told=_hit_json,
    ),
    Action(
        "extend",
        message("Ask for more time"),
        message("Say until when you answer, and why."),
        HitExtendRequest,
        hit_answers.extend,
        Permission.HIT_DECIDE,
        OPEN_STATUSES,
        (HOURS_FIELD,),
        more=_required_note,
        is_for=_owns_alert,
        bars=_extension_obstacle,
        page=ANSWER_TEMPLATE,
        told=_hit_json,
    ),
)
SUCCESS_MESSAGES = {
    "confirm": message("The other state is told that it is that gun."),
    "deny": message("The other state is told that it is not."),
    "extend": message("The other state is told until when you answer."),
}


@investigation_pages.get("/hits")
@login_required
def hit_list(actor: Actor) -> str:
    """List hits, newest first."""
    asked = listing.read_filters(HitQuery)
    page = alert_queries.list_hits(actor, asked.filters, listing.PAGE_SIZE, asked.cursor)
    return render_template(
        "investigation/hits.html",
        actor=actor,
        form=asked.form,
        page=page,
        choices=choices,
        onward=listing.next_page_address(page.next),
        zone=actor_zone(actor),
        now=actor.now(),
    )


@investigation_pages.get("/hits/<uuid:hit_id>")
@login_required
def hit_page(actor: Actor, hit_id: UUID) -> str:
    """Show a hit: alert, both guns, certainty, contact, answer."""
    return _render_hit(actor, hit_id, purposes.purpose_form())


@investigation_pages.post("/hits/<uuid:hit_id>")
@login_required_for_form
def hit_with_purpose(actor: Actor, hit_id: UUID) -> Any:
    """Show a hit with the alert's gun for the typed purpose."""
    require(actor, Permission.HIT_READ)
    require(actor, Permission.RECORD_READ)
    return purposes.render_with_purpose(
        actor,
        lambda reader: _render_with_purpose(reader, hit_id),
        lambda form: _render_hit(actor, hit_id, form),
    )


def _render_with_purpose(reader: Actor, hit_id: UUID) -> str:
    disclosures.require_purpose(reader)
    return _render_hit(reader, hit_id, purposes.purpose_form())


def _render_hit(actor: Actor, hit_id: UUID, form: Form) -> str:
    subject = find_subject(actor, hit_id)
    return render_template(
        "investigation/hit.html",
        actor=actor,
        subject=subject,
        hit=_hit_json(actor, subject.view),
        doings=actions.available_actions(ACTIONS, actor, subject),
        zone=actor_zone(actor),
        now=actor.now(),
        view=subject.view,
        done=_success_message(subject.view),
        form=form,
        choices=choices,
    )


def _success_message(view: HitView) -> Message | None:
    """Return the success message; of silent hits, that no state was notified."""
    said = SUCCESS_MESSAGES.get(request.args.get("done", ""))
    return said if said is None or view.is_shown_to_finder else ANSWER_NOT_SENT


def find_subject(actor: Actor, hit_id: UUID) -> Subject:
    """Return a hit as the subject of actions."""
    view = alert_queries.get_hit(actor, hit_id)
    other = view.hit.finding_state if view.hit.alert_state == actor.state else view.hit.alert_state
    title = message("Hit with {state}", state=label("state", other, actor.language))
    return Subject(
        view,
        translate(title),
        url_for("investigation.hit_page", hit_id=hit_id),
        view.hit.alert_state,
        view.hit.status,
        "hit_status",
        ("investigation.hit_list", message("Hits")),
    )


@investigation_pages.get("/hits/<uuid:hit_id>/<slug:name>")
@login_required
def hit_answer_form(actor: Actor, hit_id: UUID, name: str) -> Any:
    """Show the form of an answer."""
    return actions.show_action(actor, actions.find_action(ACTIONS, name), find_subject, hit_id)


@investigation_pages.post("/hits/<uuid:hit_id>/<slug:name>")
@login_required_for_form
def answer_hit(actor: Actor, hit_id: UUID, name: str) -> Any:
    """Record the answer and show the hit."""
    return actions.submit_action(
        actor, actions.find_action(ACTIONS, name), find_subject, hit_id, "hit_id"
    )
