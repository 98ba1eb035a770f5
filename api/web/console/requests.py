"""What other states' traces ask of the own state, as pages: the queue by the clock, and one request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n import translate
from api.schemas.records import RecordResponse
from api.schemas.requests import RequestQuery, RequestResponse
from api.web.access import signed_in
from api.web.console import sayings, words
from api.web.console.blueprint import blueprint
from api.web.desk import choices, doings, listing
from api.web.desk.doings import Subject
from api.web.typed import Form
from salsa_ext.errors import say
from salsa_ext.matching.requests import TRANSITIONS
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import requests as reading
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.names import label
from salsa_ext.readmodels.records import by_id
from salsa_ext.readmodels.requests import RequestView
from salsa_ext.readmodels.sharing import of_records
from salsa_ext.services import answer_checks
from salsa_ext.services.disclosures import Disclosure
from salsa_ext.values.actor import Actor

ALL = "all"
IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PICK = "pick."
"""The boxes of candidates; the number of the record follows."""


@blueprint.get("/requests")
@signed_in
def requests(actor: Actor) -> str:
    """Show what waits for an answer, what is due first; or all of a status, or all, newest first."""
    return queue_of(actor)


def queue_of(actor: Actor, sent: Form | None = None) -> str:
    """Return the list of requests, with the form that acknowledges several as it was sent."""
    asked = listing.asked(RequestQuery)
    is_queue = "status" not in asked.filters and request.args.get("show") != ALL
    read = reading.list_waiting if is_queue else reading.list_requests
    page = read(actor, asked.filters, listing.LIMIT, asked.cursor)
    return render_template(
        "console/requests.html", actor=actor, form=asked.form, page=page, choices=choices,
        is_queue=is_queue, onward=listing.address(page.next), zone=zone_of(actor), now=actor.now(),
        sent=sent or Form(), pick=PICK, acknowledged=request.args.get("done", type=int),
        left=_left(request.args.getlist("left")),
        waits=[status for status, row in TRANSITIONS.items() if "acknowledge" in row],
    )  # fmt: skip


def _left(ids: Sequence[str]) -> list[RequestView]:
    """Return the requests that could not be acknowledged, as they stand."""
    return reading.read_many([UUID(one) for one in ids[: listing.LIMIT] if IDS.fullmatch(one)])


@blueprint.get("/requests/<uuid:request_id>")
@signed_in
def request_page(actor: Actor, request_id: UUID) -> str:
    """Show one request with the records that could answer it."""
    return page_of(actor, request_id)


def page_of(actor: Actor, request_id: UUID, form: Form | None = None) -> str:
    """Return the page of a request, with the form of an answer as it was typed."""
    view = reading.get_request(actor, request_id)
    subject, said = _subject(view, actor), RequestResponse().dump(view)
    records = _records(actor, view)
    form = form or opened(view)
    form.values["seen"] = str(view.version)
    return render_template(
        "console/request.html", actor=actor, view=view, request_=said, subject=subject, form=form,
        records=records, choices=choices, words=words.KINDS, pick=PICK,
        answers=_may_answer(actor, view), doings=doings.offered(sayings.DOINGS, actor, subject),
        suggest=choices.suggestions(actor), zone=zone_of(actor), now=actor.now(),
        done=words.done(sayings.DONE, view.hidden_from),
    )  # fmt: skip


def opened(view: RequestView) -> Form:
    """Return the form of an answer with all candidates, ready to be sent as the strictest is handled.

    Once more, no looser than before.
    """
    picked = [one["record"] for one in view.request.candidates]
    handling = answer_checks.handling_for(view.request, by_id(map(UUID, picked)))
    ticked = {f"{PICK}{one}": "true" for one in picked}
    return Form(ticked | {"completeness": "full", "handling": handling})


def _may_answer(actor: Actor, view: RequestView) -> bool:
    possible = "answer" in TRANSITIONS[view.request.status]
    return possible and Permission.REQUEST_ANSWER in actor.permissions


def _records(actor: Actor, view: RequestView) -> Mapping[str, Any]:
    """Return the own state's records that are candidates, for who may read records."""
    if Permission.RECORD_READ not in actor.permissions:
        return {}
    found = by_id([UUID(one["record"]) for one in view.request.candidates])
    shared = of_records(actor, found)
    return {str(one.record.id): RecordResponse().dump(Disclosure(one, shared[one.record.id]))
            for one in found}  # fmt: skip


def _subject(view: RequestView, actor: Actor) -> Subject:
    row = view.request
    state = label("state", row.asking_state, actor.language)
    title = say("Request of {state}, case {number}", state=state, number=row.case_number)
    return Subject(
        view, translate(title), url_for("console.request_page", request_id=row.id),
        row.owner_state, row.status, "request_status",
        ("console.requests", say("Requests of other states")),
    )  # fmt: skip


def subject_of(actor: Actor, request_id: UUID) -> Subject:
    """Return a request as the pages of its doings show it."""
    return _subject(reading.get_request(actor, request_id), actor)
