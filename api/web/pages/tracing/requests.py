"""List of other states' requests, a request with candidates, its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n.messages import translate
from api.schemas.records import RecordResponse
from api.schemas.requests import (
    AcknowledgeManyRequest,
    AnswerRequest,
    RequestQuery,
    RequestResponse,
)
from api.web import actions, choices, listing, record_picker, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.actions import Subject
from api.web.blueprints import tracing_pages
from api.web.forms import Form
from api.web.pages.tracing import request_actions, request_messages
from api.web.pages.tracing.request_actions import ACTIONS
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.disclosure.disclosures import Disclosure
from salsa_ext.disclosure.sharing import share_records
from salsa_ext.firearms.records.queries import find_records
from salsa_ext.reference import names
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.reference.names import label
from salsa_ext.tracing.requests import answers
from salsa_ext.tracing.requests import commands as request_commands
from salsa_ext.tracing.requests import queries as request_queries
from salsa_ext.tracing.requests.lifecycle import TRANSITIONS
from salsa_ext.tracing.requests.queries import RequestView
from salsa_ext.worklists import record_lookup

SHOW_ALL = "all"
ID_PATTERN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CHECKBOX_PREFIX = "pick."
"""The boxes of candidates; the number of the record follows."""


@tracing_pages.get("/requests")
@login_required
def request_list(actor: Actor) -> str:
    """List open requests by due time, or by filter, newest first."""
    return render_list(actor)


def render_list(actor: Actor, sent: Form | None = None) -> str:
    """Render the list of requests.

    `sent` is a refused form that acknowledges several.
    """
    asked = listing.read_filters(RequestQuery)
    is_queue = "status" not in asked.filters and request.args.get("show") != SHOW_ALL
    read = request_queries.list_waiting if is_queue else request_queries.list_requests
    page = read(actor, asked.filters, listing.PAGE_SIZE, asked.cursor)
    return render_template(
        "tracing/requests.html",
        actor=actor,
        form=asked.form,
        page=page,
        choices=choices,
        is_queue=is_queue,
        onward=listing.next_page_address(page.next),
        zone=actor_zone(actor),
        now=actor.now(),
        sent=sent or Form(),
        pick=CHECKBOX_PREFIX,
        acknowledged=request.args.get("done", type=int),
        left=_unacknowledged(request.args.getlist("left")),
        waits=[status for status, row in TRANSITIONS.items() if "acknowledge" in row],
    )


def _unacknowledged(ids: Sequence[str]) -> list[RequestView]:
    """Return the requests that could not be acknowledged."""
    return request_queries.load_many(
        [UUID(one) for one in ids[: listing.PAGE_SIZE] if ID_PATTERN.fullmatch(one)]
    )


@tracing_pages.get("/requests/<uuid:request_id>")
@login_required
def request_page(actor: Actor, request_id: UUID) -> str:
    """Show a request with its candidate records."""
    return render_request(actor, request_id)


def render_request(actor: Actor, request_id: UUID, form: Form | None = None) -> str:
    """Render a request with the form of an answer."""
    view = request_queries.get_request(actor, request_id)
    subject, said = _request_subject(view, actor), RequestResponse().dump(view)
    records = _candidate_records(actor, view)
    form = form or answer_form(view)
    form.values["seen"] = str(view.version)
    return render_template(
        "tracing/request.html",
        actor=actor,
        view=view,
        request_=said,
        subject=subject,
        form=form,
        records=records,
        choices=choices,
        words=request_messages.MESSAGE_KINDS,
        pick=CHECKBOX_PREFIX,
        answers=_may_answer(actor, view),
        doings=actions.available_actions(request_actions.ACTIONS, actor, subject),
        suggest=choices.suggestions(actor),
        zone=actor_zone(actor),
        now=actor.now(),
        done=request_messages.success_message(
            request_actions.SUCCESS_MESSAGES, view.restricted_agencies
        ),
    )


def answer_form(view: RequestView) -> Form:
    """Return an answer form with all candidates checked.

    Handling is the strictest of the records, and not looser than in earlier answers.
    """
    picked = [one["record"] for one in view.request.candidates]
    handling = answers.handling_for(view.request, find_records(map(UUID, picked)))
    ticked = {f"{CHECKBOX_PREFIX}{one}": "true" for one in picked}
    return Form(ticked | {"completeness": "full", "handling": handling})


def _may_answer(actor: Actor, view: RequestView) -> bool:
    possible = "answer" in TRANSITIONS[view.request.status]
    return possible and Permission.REQUEST_ANSWER in actor.permissions


def _candidate_records(actor: Actor, view: RequestView) -> Mapping[str, Any]:
    """Return the candidate records; empty without RECORD_READ."""
    if Permission.RECORD_READ not in actor.permissions:
        return {}
    found = find_records([UUID(one["record"]) for one in view.request.candidates])
    shared = share_records(actor, found)
    return {
        str(one.record.id): RecordResponse().dump(Disclosure(one, shared[one.record.id]))
        for one in found
    }


def _request_subject(view: RequestView, actor: Actor) -> Subject:
    row = view.request
    state = label("state", row.asking_state, actor.language)
    title = message("Request of {state}, case {number}", state=state, number=row.case_number)
    return Subject(
        view,
        translate(title),
        url_for("tracing.request_page", request_id=row.id),
        row.owner_state,
        row.status,
        "request_status",
        ("tracing.request_list", message("Requests of other states")),
    )


def find_subject(actor: Actor, request_id: UUID) -> Subject:
    """Return a request as the subject of actions."""
    return _request_subject(request_queries.get_request(actor, request_id), actor)


NO_RECORD_LABEL = message("Say that there is no record")
OTHER_MARKS_LABEL = message("They are of this gun, though they bear other marks")


@tracing_pages.post("/requests/<uuid:request_id>/answer")
@login_required_for_form
def answer_request(actor: Actor, request_id: UUID) -> Any:
    """Answer a request with the checked and typed records.

    Shows the request again if refused.
    """
    require(actor, Permission.REQUEST_ANSWER)
    form = submission.read_form()
    form.called = {
        "confirm_other_marks": translate(OTHER_MARKS_LABEL),
        "no_record": translate(NO_RECORD_LABEL),
    }
    done = submission.submit(form, actor, lambda: _answer_request(actor, request_id, form))
    return done or (
        render_again(actor, lambda: render_request(actor, request_id, form)),
        form.status,
    )


def _answer_request(actor: Actor, request_id: UUID, form: Form) -> str:
    subject = find_subject(actor, request_id)
    find = partial(record_lookup.find_records, actor, permission=Permission.REQUEST_ANSWER)
    data = form.load(AnswerRequest(), lambda body: _complete_answer(body, form, find))
    request_commands.answer(
        actor=actor, request_id=request_id, expected_version=actions.form_version(form), data=data
    )
    return f"{subject.address}?done=answer"


def _complete_answer(body: dict[str, Any], form: Form, find: record_picker.FindRecords) -> None:
    """Set records by checkboxes and typed lines, states by name."""
    picked = [
        path.removeprefix(CHECKBOX_PREFIX)
        for path, text in form.values.items()
        if path.startswith(CHECKBOX_PREFIX) and text == "true"
    ]
    body["records"] = picked + [
        record_picker.find_record_id(typed, find) for typed in body.get("records", [])
    ]
    body["points_to"] = [names.find_state(text) or text for text in body.get("points_to", ())]


@tracing_pages.post("/requests/acknowledge")
@login_required_for_form
def acknowledge_requests(actor: Actor) -> Any:
    """Acknowledge the checked requests; list those that failed."""
    require(actor, Permission.REQUEST_ANSWER)
    form = submission.read_form()
    done = submission.submit(form, actor, lambda: _acknowledge_requests(actor, form))
    return done or (render_again(actor, lambda: render_list(actor, form)), form.status)


def _acknowledge_requests(actor: Actor, form: Form) -> str:
    picked = [
        path.removeprefix(CHECKBOX_PREFIX)
        for path in form.values
        if path.startswith(CHECKBOX_PREFIX)
    ]
    data = AcknowledgeManyRequest().load({"requests": picked})
    said = request_commands.acknowledge_many(actor=actor, data=data)
    return url_for(
        "tracing.request_list", done=len(said.acknowledged), left=[*map(str, said.failures)]
    )


@tracing_pages.get("/requests/<uuid:request_id>/<slug:name>")
@login_required
def request_action_form(actor: Actor, request_id: UUID, name: str) -> Any:
    """Show the form of an action on a request."""
    return actions.show_action(actor, actions.find_action(ACTIONS, name), find_subject, request_id)


@tracing_pages.post("/requests/<uuid:request_id>/<slug:name>")
@login_required_for_form
def request_action(actor: Actor, request_id: UUID, name: str) -> Any:
    """Run an action on a request and show it."""
    doing = actions.find_action(ACTIONS, name)
    return actions.submit_action(actor, doing, find_subject, request_id, "request_id")
