"""Answers of checks and matches of new seizures, as pages show them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from flask import Response, after_this_request, current_app, request, url_for

from api.schemas.checks import CheckedResponse
from api.schemas.reference import ContactResponse
from api.web import formatting
from api.web.forms import Form
from api.web.record_pages import render_page
from salsa_ext.administration import keys
from salsa_ext.alerts import hits
from salsa_ext.checks import checks
from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import parse_date
from salsa_ext.core.errors import NotConfigured
from salsa_ext.database import idempotency
from salsa_ext.database.idempotency import RequestAttempt, StoredAnswer
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import related
from salsa_ext.documents.queries import SEIZURES, DocumentView
from salsa_ext.firearms.search.advice import GUN_REGISTERS
from salsa_ext.matches import search
from salsa_ext.reference import name_matching
from salsa_ext.reference.agencies import find_contact

Json = dict[str, Any]
UNREAD_GLYPHS: Final = frozenset("?*[")
"""Signs for glyphs of a mark that were not read, or not for sure."""


def render_answer(
    actor: Actor, form: Form, answer: Json, next_form: str | None = None, has_photo: bool = False
) -> str:
    """Return the page of an answer.

    `next_form` is the address of the form for the next check; `has_photo` if a photograph was
    stored.
    """
    candidates, is_read = answer["candidates"], not UNREAD_GLYPHS & {*form.get("serial")}
    guns = {(row["mark"], row["make"]) for row in candidates if row["mark"]}

    def sort_key(row: Json) -> str:
        return name_matching.fold_name("state", formatting.label("state", row["state"]))

    return render_page(
        "investigation/check_answer.html",
        actor,
        form=form,
        answer=answer,
        has_photo=has_photo,
        searched=sorted(answer["searched"], key=sort_key),
        register_count=len(GUN_REGISTERS),
        fitting=0 if is_read else len(guns),
        unreachable=states_without_contact(actor, answer),
        next_form=next_form or url_for("investigation.check_form"),
        remarks={remark["field"]: remark["text"] for remark in answer["remarks"]},
        **candidate_context(candidates),
    )


def candidate_context(candidates: Sequence[Json]) -> Json:
    """Return the template context of candidates: bar scale, contacts of hidden records."""
    bits = (abs(reason["bits"]) for row in candidates for reason in row["reasons"])
    states = sorted({row["state"] for row in candidates if row["record"] is None})
    contacts: Mapping[str, Any] = {state: find_contact(state) for state in states}
    offices = {state: ContactResponse().dump(row) for state, row in contacts.items() if row}
    return {"most": max(bits, default=1.0), "offices": offices}


def states_without_contact(actor: Actor, answer: Json) -> list[str]:
    """Return other states with candidates but without a contact."""
    offices = {contact["state"] for contact in answer["next"]["contacts"]}
    holders = dict.fromkeys(row["state"] for row in answer["candidates"])
    return [state for state in holders if state not in offices and state != actor.state]


def parse_dates(answer: Json) -> Json:
    """Replace ISO dates in a stored answer by dates, in place."""
    lists = ((answer["candidates"], "occurred_on"), (answer.get("searched", ()), "records_through"))
    for rows, name in lists:
        for row in rows:
            row[name] = row[name] and parse_date(row[name])
    return answer


def match_new_seizure(actor: Actor, seizure_id: UUID) -> None:
    """Find the records with the marks of a seizure's items; store them with the alert hits."""
    items = document_queries.load_document(SEIZURES, seizure_id).items
    matches = search.find_matches(actor=actor, document_id=seizure_id, items=items)
    pairs = [(item, match.candidates) for item, match in zip(items, matches, strict=True)]
    hits_by_record = hits.hits_in_answer([*hits.match_records(actor, pairs)])
    answers = []
    for item, candidates in pairs:
        alert_hits = sorted(hits_by_record[item.record.id], key=checks.hit_order)
        answer = checks.build_answer(actor, seizure_id, candidates, None, alert_hits)
        answers.append({"line": item.record.line} | CheckedResponse().dump(answer))
    body = current_app.json.dumps(answers).encode()
    idempotency.store_answer(actor, _storage_key(actor, seizure_id), StoredAnswer(200, "", body))


def stored_matches(actor: Actor, seizure_id: UUID) -> list[Json]:
    """Return the stored matches by item; empty for other accounts."""
    answer = idempotency.find_answer(_storage_key(actor, seizure_id))
    return [parse_dates(row) for row in json.loads(answer.body)] if answer else []


def current_matches(actor: Actor, view: DocumentView) -> list[Json]:
    """Return the stored matches of a seizure, with the near marks that jobs matched since."""
    answers = stored_matches(actor, view.document.id)
    if not answers:
        return []
    near = search.find_near_matches(actor, view.items)
    records = {item.record.line: item.record.id for item in view.items}
    for answer in answers:
        if candidates := near.get(records[answer["line"]]):
            listed = candidates[: search.MAX_LISTED]
            near_answer = checks.build_answer(actor, view.document.id, listed)
            later: Json = CheckedResponse().dump(near_answer)
            if answer["candidates"] or answer["hits"]:
                answer["candidates"] += later["candidates"]
            else:
                answer |= later
    return answers


def follow_matching(actor: Actor, view: DocumentView) -> bool:
    """Return whether the guns were compared; until then the page loads again each second."""
    complete = related.is_complete(actor, view) is not False
    if not complete:
        after_this_request(reload_soon)
    return complete


def reload_soon(response: Response, seconds: int = 1, address: str | None = None) -> Response:
    """Let the page load again, or another one; a fragment alone would not load."""
    response.headers["Refresh"] = f"{seconds}; url={address or request.full_path.rstrip('?')}"
    return response


def _storage_key(actor: Actor, seizure_id: UUID) -> RequestAttempt:
    """Return the key of the stored answer, secret and per account."""
    try:
        key = f"{keys.device_owner(actor)} {seizure_id}"
    except NotConfigured:
        key = str(seizure_id)
    return RequestAttempt(actor.account_id, "GET", f"/seizures/{seizure_id}/matches", key, b"")
