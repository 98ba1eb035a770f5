"""Receipt of a seizure: number, matches, contacts, joint seizure.

Matches are stored as answered when the seizure was recorded, for the recording account; they are
not searched again. The status of alert hits is current.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import current_app, request

from api.i18n.messages import translate
from api.schemas.checks import CheckedResponse
from api.web import actions, formatting, submission
from api.web.blueprints import border_pages
from api.web.forms import Form
from api.web.pages.border.current_post import CurrentPost, post_form, post_page, render_page
from api.web.pages.border.desk_submission import last_path_part, submit_desk_form
from api.web.pages.investigation.checks import (
    candidate_context,
    parse_dates,
    states_without_contact,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import hits
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.boards import displays
from salsa_ext.checks import checks
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import CodeLabel, Invalid, Message, NotConfigured, NotFound, message
from salsa_ext.database import idempotency
from salsa_ext.database.idempotency import RequestAttempt, StoredAnswer
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import seizures
from salsa_ext.documents.queries import SEIZURES, DocumentView
from salsa_ext.matches.values import ItemMatches

JOINT_REASON = message("Joint with {state} {number}.")
NUMBER_NEEDED = message("Type the number that the other side gave its seizure.")


@border_pages.get("/posts/<slug:code>/desk/seizures/<uuid:seizure_id>")
@post_page
def seizure_receipt(actor: Actor, here: CurrentPost, seizure_id: UUID) -> str:
    """Show the receipt of an own seizure."""
    require(actor, Permission.SEIZURE_READ)
    return _render_receipt(actor, here, seizure_id)


@border_pages.post("/posts/<slug:code>/desk/seizures/<uuid:seizure_id>/joint")
@post_form
def link_joint_seizure(actor: Actor, here: CurrentPost, seizure_id: UUID) -> Any:
    """Link the other side's seizure to an own one.

    By number, or by the button of a candidate.
    """
    require(actor, Permission.SEIZURE_RECORD)
    sent = submission.read_form()
    return submit_desk_form(
        actor,
        here,
        sent,
        lambda _: _link_joint_seizure(actor, here, seizure_id, sent),
        lambda again: _render_receipt(actor, here, seizure_id, again),
    )


def _link_joint_seizure(actor: Actor, here: CurrentPost, seizure_id: UUID, form: Form) -> str:
    other = form.get("other")
    number = (
        seizures.joint_seizure_number(actor=actor, seizure_id=seizure_id, other_id=_parse_id(other))
        if other
        else form.get("number")
    )
    if not number:
        raise Invalid({"number": [NUMBER_NEEDED]})
    state = here.other.state
    reason = translate(
        Message(JOINT_REASON.text, {"state": CodeLabel("state", state), "number": number})
    )
    seen = request.args.get("seen", 0, int) if other else actions.form_version(form)
    seizures.name_joint_seizure(
        actor=actor,
        seizure_id=seizure_id,
        expected_version=seen,
        state=state,
        number=number,
        reason=reason,
    )
    return here.address("seizure_receipt", seizure_id=seizure_id)


def store_matches(actor: Actor, seizure_id: UUID, found: Sequence[ItemMatches]) -> None:
    """Store the matches and alert hits of a seizure's items."""
    records = {
        line: gun.id
        for line, gun in _guns_by_line(document_queries.load_document(SEIZURES, seizure_id)).items()
    }
    made = hits.hits_of_new_records(actor, records.values())
    said = [
        {"line": one.line, "is_pending": one.is_pending}
        | CheckedResponse().dump(
            checks.build_answer(
                actor,
                seizure_id,
                one.candidates,
                created_hits=sorted(made.get(records[one.line], ()), key=checks.hit_order),
            )
        )
        for one in found
    ]
    body = current_app.json.dumps(said).encode()
    idempotency.store_answer(actor, _storage_key(actor, seizure_id), StoredAnswer(200, "", body))


def match_lines(actor: Actor, address: str) -> list[str]:
    """Return the matches of a seizure in words; [] without matches."""
    try:
        seizure_id = UUID(last_path_part(address))
    except ValueError:  # taken by an earlier version, which had no receipts
        return []
    told = [one for one in _stored_matches(actor, seizure_id) if one["verdict"] != "no_hit"]
    guns = _guns_by_line(document_queries.load_document(SEIZURES, seizure_id)) if told else {}
    return [
        f"{guns[one['line']].serial or ''}: {formatting.verdict(one).name}. {one['next']['text']}"
        for one in told
    ]


def matches_by_line(actor: Actor, seizure_id: UUID) -> dict[int, dict[str, Any]]:
    """Return stored matches by item line; empty for other accounts."""
    return {one["line"]: one for one in _stored_matches(actor, seizure_id)}


def _guns_by_line(view: DocumentView) -> dict[int, Any]:
    return {item.record.line: item.record for item in view.items}


def _stored_matches(actor: Actor, seizure_id: UUID) -> list[dict[str, Any]]:
    first = idempotency.find_answer(_storage_key(actor, seizure_id))
    return [parse_dates(one) for one in json.loads(first.body)] if first else []


def _storage_key(actor: Actor, seizure_id: UUID) -> RequestAttempt:
    """Return the key of the stored answer, secret and per account."""
    try:
        key = f"{displays.device_owner(actor)} {seizure_id}"
    except NotConfigured:
        key = str(seizure_id)
    return RequestAttempt(actor.account_id, "GET", f"/seizures/{seizure_id}/matches", key, b"")


def _parse_id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise NotFound("seizure", typed) from None


def _render_receipt(
    actor: Actor, here: CurrentPost, seizure_id: UUID, form: Form | None = None
) -> str:
    seizures.find_own_seizure(actor, seizure_id)
    view = document_queries.load_document(SEIZURES, seizure_id)
    form = form or Form({"number": view.joint.number if view.joint else ""})
    form.values["seen"] = str(view.version)
    said = [
        one | {"unreachable": states_without_contact(actor, one)}
        for one in _stored_matches(actor, seizure_id)
    ]
    guns = _guns_by_line(view)
    met = alert_queries.hits_of_records(actor, [gun.id for gun in guns.values()])
    return render_page(
        "receipt",
        actor,
        here,
        view=view,
        form=form,
        answers=said,
        guns=guns,
        met=met,
        **candidate_context(actor, [one for answer in said for one in answer["candidates"]]),
    )
