"""List of consents, a consent, its request and decision."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n.messages import translate
from api.schemas.records import (
    ConsentGrantRequest,
    ConsentQuery,
    ConsentRefusalRequest,
    ConsentRequest,
    ConsentResponse,
    RecordResponse,
)
from api.web import actions, choices, listing, record_picker, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.actions import Action, ActionField, Subject
from api.web.blueprints import tracing_pages
from api.web.forms import Form
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound, message
from salsa_ext.disclosure import consents, disclosures
from salsa_ext.disclosure.consents import ConsentView
from salsa_ext.disclosure.sharing import party_group
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.reference.names import label
from salsa_ext.worklists import record_lookup

PREFILLED_FIELDS = ("record", "use", "to", "case_number")
"""What the address of the form may fill in."""
DECISION_TEMPLATE = "tracing/consent_decision.html"
NOT_DISCLOSED = message(
    "No record of this number or serial was given to your state in a trace of this case. Give its"
    " id, as the trace or the check has it."
)
REASON = ActionField(
    "reason",
    message("Reason"),
    "area",
    required=True,
    most=1000,
    hint=message("The asking state reads it."),
)


def _is_origin(actor: Actor, view: ConsentView) -> bool:
    return view.consent.origin_state == actor.state


def _decision_context(actor: Actor, view: ConsentView) -> Mapping[str, Any]:
    """Return the template context of a decision.

    The consent; for its decider also the record and its private persons.
    """
    record = _own_record(actor, view)
    parties = [record[name] for name in ("from", "to") if record[name]] if record else []
    persons = [party for party in parties if party_group(party["kind"]) == "persons"]
    return {"consent": ConsentResponse().dump(view), "record": record, "persons": persons}


def _own_record(actor: Actor, view: ConsentView) -> Any:
    """Return the own record; None if foreign or without RECORD_READ."""
    if not _is_origin(actor, view) or Permission.RECORD_READ not in actor.permissions:
        return None
    try:
        found = disclosures.read_record(actor=actor, record_id=view.consent.record_id)
    except NotFound:
        return None
    return RecordResponse().dump(found)


ACTIONS: actions.Actions = (
    Action(
        "grant",
        message("Consent"),
        message("The other state may use it so, in this case, through this day."),
        ConsentGrantRequest,
        consents.grant,
        Permission.CONSENT_DECIDE,
        ("asked", "refused"),
        (
            ActionField("expires_on", message("Through"), "date", required=True),
            ActionField("reason", message("In words"), "area", required=False, most=1000),
        ),
        is_for=_is_origin,
        page=DECISION_TEMPLATE,
        told=_decision_context,
    ),
    Action(
        "refuse",
        message("Refuse"),
        message("The other state does not use it so; you may consent later."),
        ConsentRefusalRequest,
        consents.refuse,
        Permission.CONSENT_DECIDE,
        ("asked",),
        (REASON,),
        is_for=_is_origin,
        is_grave=True,
        page=DECISION_TEMPLATE,
        told=_decision_context,
    ),
    Action(
        "revoke",
        message("Take the consent back"),
        message("From now on nothing is used by it."),
        ConsentRefusalRequest,
        consents.revoke,
        Permission.CONSENT_DECIDE,
        ("granted",),
        (REASON,),
        is_for=_is_origin,
        is_grave=True,
        page=DECISION_TEMPLATE,
        told=_decision_context,
    ),
)
SUCCESS_MESSAGES = {
    "asked": message("The state is asked."),
    "grant": message("The other state is told that you consent."),
    "refuse": message("The other state is told that you refuse."),
    "revoke": message("The other state is told that you take it back."),
}


@tracing_pages.get("/consents")
@login_required
def consent_list(actor: Actor) -> str:
    """List consents requested of and by the own state, newest first."""
    asked = listing.read_filters(ConsentQuery)
    page = consents.list_consents(actor, asked.filters, listing.PAGE_SIZE, asked.cursor)
    return render_template(
        "tracing/consents.html",
        actor=actor,
        page=page,
        onward=listing.next_page_address(page.next),
        zone=actor_zone(actor),
    )


@tracing_pages.get("/consents/new")
@login_required
def consent_form(actor: Actor) -> str:
    """Show the form that requests use of a foreign record."""
    require(actor, Permission.CONSENT_ASK)
    given = {name: request.args[name] for name in PREFILLED_FIELDS if name in request.args}
    return _render_form(actor, Form({"use": "names"} | given))


@tracing_pages.post("/consents/new")
@login_required_for_form
def request_consent(actor: Actor) -> Any:
    """Request a consent and redirect to it.

    Shows the form with 422 if refused.
    """
    require(actor, Permission.CONSENT_ASK)
    form = submission.read_form()
    done = submission.submit(form, actor, lambda: _request_consent(actor, form))
    return done or (render_again(actor, lambda: _render_form(actor, form)), form.status)


def _request_consent(actor: Actor, form: Form) -> str:
    def name(body: dict[str, Any]) -> None:
        record_picker.fill_record_id(body, _find_disclosed(actor, form), NOT_DISCLOSED)

    consent_id = consents.request_consent(actor=actor, data=form.load(ConsentRequest(), name))
    return url_for("tracing.consent_page", consent_id=consent_id, done="asked")


def _find_disclosed(actor: Actor, form: Form) -> record_picker.FindRecords:
    """Return a search among foreign records disclosed in the case's traces."""
    return partial(record_lookup.find_answer_records, actor, form.get("case_number"))


def _render_form(actor: Actor, form: Form) -> str:
    if form.existing:
        standing = find_subject(actor, form.existing)
        form.lead(standing.title, standing.address)
    return render_template(
        "tracing/consent_new.html",
        actor=actor,
        form=form,
        choices=choices,
        **record_picker.picker_context(form, _find_disclosed(actor, form)),
    )


@tracing_pages.get("/consents/<uuid:consent_id>")
@login_required
def consent_page(actor: Actor, consent_id: UUID) -> str:
    """Show a consent: record, use and decision."""
    subject = find_subject(actor, consent_id)
    return render_template(
        "tracing/consent.html",
        actor=actor,
        subject=subject,
        zone=actor_zone(actor),
        told=_decision_context(actor, subject.view),
        doings=actions.available_actions(ACTIONS, actor, subject),
        done=SUCCESS_MESSAGES.get(request.args.get("done", "")),
    )


def find_subject(actor: Actor, consent_id: UUID) -> Subject:
    """Return a consent as the subject of actions."""
    view = consents.get_consent(actor, consent_id)
    use = label("consent_use", view.consent.use, actor.language)
    title = message("{use}, case {number}", use=use, number=view.consent.case_number)
    return Subject(
        view,
        translate(title),
        url_for("tracing.consent_page", consent_id=consent_id),
        view.consent.origin_state,
        view.status,
        "consent_status",
        ("tracing.consent_list", message("Consents")),
    )


@tracing_pages.get("/consents/<uuid:consent_id>/<slug:name>")
@login_required
def consent_decision_form(actor: Actor, consent_id: UUID, name: str) -> Any:
    """Show the form of a decision."""
    return actions.show_action(actor, actions.find_action(ACTIONS, name), find_subject, consent_id)


@tracing_pages.post("/consents/<uuid:consent_id>/<slug:name>")
@login_required_for_form
def decide_consent(actor: Actor, consent_id: UUID, name: str) -> Any:
    """Record the decision and show the consent."""
    return actions.submit_action(
        actor, actions.find_action(ACTIONS, name), find_subject, consent_id, "consent_id"
    )
