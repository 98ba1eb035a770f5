"""List of other states' requests, a request with candidates, its answer."""

import re
from functools import partial
from typing import Any
from uuid import UUID

from flask import request, url_for

from api.i18n.messages import translate
from api.schemas.tracing.requests import (
    AcknowledgeManyRequest,
    AnswerRequest,
    RequestQuery,
    RequestResponse,
)
from api.web import lists, prefill
from api.web.access import login_required
from api.web.document_actions import Subject
from api.web.forms import VERSION_FIELD, Field, Form
from api.web.pages import tracing_pages
from api.web.pages.tracing.request_actions import (
    ACTIONS,
    MESSAGE_KINDS,
    candidate_records,
    success_message,
)
from api.web.record_pages import DocumentPages, register_form
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.firearms.records.queries import find_records
from salsa_ext.reference import names
from salsa_ext.reference.names import label
from salsa_ext.tracing.requests import answers
from salsa_ext.tracing.requests import commands as request_commands
from salsa_ext.tracing.requests import queries as request_queries
from salsa_ext.tracing.requests.queries import RequestView
from salsa_ext.tracing.requests.values import TRANSITIONS
from salsa_ext.worklists import record_lookup

SHOW_ALL = "all"
ID_PATTERN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CHECKBOX_PREFIX = "pick."
"""The checkboxes of records and requests; the id follows."""
FILTERS = (
    Field(
        "show",
        message("Which"),
        "choice",
        ((SHOW_ALL, message("All, newest first")),),
        blank=message("Open, due first"),
    ),
    Field("status", message("Status"), "choice", "request_status"),
    Field("priority", message("Priority"), "choice", "priority"),
    Field("from", message("Asking state"), "choice", "other_participant"),
    Field("assignee", message("Assigned to"), max_length=100),
    Field("case_number", message("Case number"), max_length=100),
)
ANSWER_LABELS = {
    "confirm_other_marks": message("They are of this gun, though they bear other marks"),
    "no_record": message("Say that there is no record"),
}


def _render_list(actor: Actor, sent: Form | None = None) -> str:
    """Render open requests by due time, or by filter, newest first."""
    query = lists.read_filters(RequestQuery)
    is_queue = "status" not in query.filters and request.args.get("show") != SHOW_ALL
    read = request_queries.list_waiting if is_queue else request_queries.list_requests
    page = read(actor, query.filters, lists.PAGE_SIZE, query.cursor)
    failures = [key for key in request.args.getlist("left") if ID_PATTERN.fullmatch(key)]
    return PAGES.render_list(
        actor,
        query.form,
        page,
        FILTERS,
        is_queue=is_queue,
        sent=sent or Form(),
        prefix=CHECKBOX_PREFIX,
        acknowledged=request.args.get("done", type=int),
        failures=request_queries.load_many([UUID(key) for key in failures[: lists.PAGE_SIZE]]),
        open_statuses=[status for status, row in TRANSITIONS.items() if "acknowledge" in row],
    )


@tracing_pages.get("/requests")
@login_required
def request_list(actor: Actor) -> str:
    """List requests of other states."""
    return _render_list(actor)


def _find(actor: Actor, request_id: UUID) -> Subject:
    view = request_queries.get_request(actor, request_id)
    row = view.request
    state = label("state", row.asking_state, actor.language)
    title = message("Request of {state}, case {number}", state=state, number=row.case_number)
    return Subject(view, translate(title), row.owner_state, row.status)


def _detail(actor: Actor, subject: Subject, form: Form | None = None) -> dict[str, Any]:
    """Return a request as in the API, with its candidate records and the form of an answer."""
    view = subject.view
    form = form or answer_form(view)
    form.values[VERSION_FIELD] = str(view.version)
    may_answer = Permission.REQUEST_ANSWER in actor.permissions
    return {
        "request_": RequestResponse().dump(view),
        "form": form,
        "records": candidate_records(actor, view),
        "message_kinds": MESSAGE_KINDS,
        "prefix": CHECKBOX_PREFIX,
        "may_answer": may_answer and "answer" in TRANSITIONS[view.request.status],
        "success": success_message(PAGES.messages, view.restricted_agencies),
    }


def answer_form(view: RequestView) -> Form:
    """Return an answer form with the records checked that are of the gun."""
    records = [
        candidate["record"] for candidate in view.request.candidates if answers.is_of_gun(candidate)
    ]
    handling = answers.handling_for(view.request, find_records(map(UUID, records)))
    checked = {f"{CHECKBOX_PREFIX}{record}": "true" for record in records}
    return Form(checked | {"completeness": "full", "handling": handling})


def _show_answer(actor: Actor, form: Form | None, request_id: UUID) -> str:
    subject = PAGES.find(actor, request_id)
    return PAGES.render_detail(actor, subject, **_detail(actor, subject, form))


def _answer(actor: Actor, form: Form, request_id: UUID) -> str:
    find = partial(record_lookup.find_records, actor, permission=Permission.REQUEST_ANSWER)
    data = form.load(AnswerRequest(), lambda body: _complete_answer(body, form, find))
    request_commands.answer(
        actor=actor, request_id=request_id, expected_version=form.expected_version, data=data
    )
    return PAGES.address(request_id, done="answer")


def _complete_answer(body: dict[str, Any], form: Form, find: prefill.FindRecords) -> None:
    """Set records by checkboxes and typed lines, states by name."""
    typed = [prefill.find_record_id(text, find) for text in body.get("records", [])]
    body["records"] = form.checked(CHECKBOX_PREFIX) + typed
    body["points_to"] = [names.find_state(text) or text for text in body.get("points_to", ())]


def _acknowledge(actor: Actor, form: Form) -> str:
    data = AcknowledgeManyRequest().load({"requests": form.checked(CHECKBOX_PREFIX)})
    result = request_commands.acknowledge_many(actor=actor, data=data)
    failures = [*map(str, result.failures)]
    return url_for("tracing.request_list", done=len(result.acknowledged), left=failures)


PAGES = DocumentPages(
    tracing_pages,
    "request",
    "/requests",
    message("Requests of other states"),
    _find,
    ACTIONS,
    {"answer": message("The answer is sent.")},
)
PAGES.add_detail(_detail)
register_form(
    tracing_pages,
    "/requests/<uuid:request_id>/answer",
    "answer_request",
    Permission.REQUEST_ANSWER,
    _show_answer,
    _answer,
    labels=ANSWER_LABELS,
)
register_form(
    tracing_pages,
    "/requests/acknowledge",
    "acknowledge_requests",
    Permission.REQUEST_ANSWER,
    lambda actor, form: _render_list(actor, form),
    _acknowledge,
)
