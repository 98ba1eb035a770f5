"""Seizure at the barrier: a short form with defaults of the post, and its receipt with matches."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import request

from api.i18n.messages import translate
from api.schemas.documents import SeizureRequest
from api.web import check_answers, formatting, submission
from api.web.access import render_again
from api.web.forms import VERSION_FIELD, Form
from api.web.pages import border_pages
from api.web.pages.border.desk_pages import (
    CurrentPost,
    post_page,
    register_post_form,
    render_desk_page,
)
from api.web.pages.border.desk_submission import last_path_part, submit_desk_form
from api.web.prefill import MAX_ITEMS, number_items, seizure_number
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration.attachment_values import AttachmentSubject
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import CodeLabel, Invalid, Message, NotFound, message
from salsa_ext.core.occurrence import local_date
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import seizures
from salsa_ext.documents.queries import SEIZURES, DocumentView
from salsa_ext.reference.gazetteer import complete_place

EXACT_KM: Final = 1.0
JOINT_REASON: Final = message("Joint with {state} {number}.")
NUMBER_NEEDED: Final = message("Type the number that the other side gave its seizure.")
FIELD_LABELS: Final = {
    "items": message("What was seized"),
    "joint_with": message("Joint with the other side"),
}


def _show_form(actor: Actor, here: CurrentPost, form: Form | None = None) -> str:
    require(actor, Permission.SEIZURE_RECORD)
    form = form or new_form(request.args.get("serial", ""))
    return render_desk_page("seizure", actor, here, form=form, rooms=MAX_ITEMS)


def new_form(serial: str = "") -> Form:
    """Return the initial form."""
    return Form({"items.0.serial": serial, "kind": "seized"})


def _submit(actor: Actor, here: CurrentPost) -> Any:
    """Record a seizure with its photograph and show its receipt."""
    require(actor, Permission.SEIZURE_RECORD)
    form = submission.read_form()
    form.page_labels = {path: translate(name) for path, name in FIELD_LABELS.items()}

    def record() -> str:
        data = form.load(
            SeizureRequest(), lambda body: _set_defaults(body, actor, here, form), here.own.zone
        )
        seizure_id = seizures.record(actor=actor, data=data)
        check_answers.match_new_seizure(actor, seizure_id)
        form.photo.attach(actor, AttachmentSubject("seizure", seizure_id))
        return here.address("seizure_receipt", seizure_id=seizure_id)

    answer = submit_desk_form(
        actor, here, form, record, lambda: _show_form(actor, here, form), photo_kind="seizure"
    )
    if isinstance(answer, dict):  # a script, whose list shows what came of each entry
        texts = render_again(actor, lambda: match_lines(actor, answer["address"]))
        answer |= {"messages": texts, "is_urgent": bool(texts)}
    return answer


def _set_defaults(body: dict[str, Any], actor: Actor, here: CurrentPost, form: Form) -> None:
    """Set defaults: number, agency, time, and the post as place."""
    body.setdefault("occurred_at", actor.now().isoformat())
    body["occurred_on"] = _local_day(body["occurred_at"], actor, here.own.zone)
    body["time_zone"] = here.own.zone
    body.setdefault("number", seizure_number(form.token, body["occurred_on"]))
    body.setdefault("kind", "seized")
    body.setdefault("agency", actor.agency)
    body.setdefault("legal_grounds", [])
    body.setdefault("crime_context", ["unknown"])
    typed = (body.get("place") or {}).get("name")
    body["place"] = {"country": here.own.state, "name": typed or here.own.place}
    if not typed or typed == here.own.place:
        body |= {"post": here.code, "setting": "post"}
        body["place"] |= {
            "latitude": here.post.latitude,
            "longitude": here.post.longitude,
            "precision": EXACT_KM,
        }
    complete_place(body["place"])
    if body.get("joint_with"):
        body["joint_with"]["state"] = here.other.state
    number_items(body, has_photo=form.photo.content is not None)


def _local_day(moment: str, actor: Actor, zone: str) -> str:
    """Return the local day of a time; today if it is invalid."""
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = actor.now()
    return local_date(at if at.tzinfo else actor.now(), zone).isoformat()


def match_lines(actor: Actor, address: str) -> list[str]:
    """Return the matches of a seizure in words; [] without matches."""
    try:
        seizure_id = UUID(last_path_part(address))
    except ValueError:  # stored by an earlier version, which had no receipts
        return []
    answers = [
        answer
        for answer in check_answers.stored_matches(actor, seizure_id)
        if answer["verdict"] != "no_hit"
    ]
    if not answers:
        return []
    guns = _guns_by_line(document_queries.load_document(SEIZURES, seizure_id))
    return [
        f"{guns[answer['line']].serial or ''}: {formatting.verdict(answer).name}."
        f" {answer['next']['text']}"
        for answer in answers
    ]


def _guns_by_line(view: DocumentView) -> dict[int, Any]:
    return {item.record.line: item.record for item in view.items}


def _show_receipt(
    actor: Actor, here: CurrentPost, seizure_id: UUID, form: Form | None = None
) -> str:
    """Show the receipt of an own seizure."""
    require(actor, Permission.SEIZURE_READ)
    seizures.find_own_seizure(actor, seizure_id)
    view = document_queries.load_document(SEIZURES, seizure_id)
    form = form or Form({"number": view.joint.number if view.joint else ""})
    form.values[VERSION_FIELD] = str(view.version)
    answers = [
        answer | {"unreachable": check_answers.states_without_contact(actor, answer)}
        for answer in check_answers.current_matches(actor, view)
    ]
    guns = _guns_by_line(view)
    candidates = [row for answer in answers for row in answer["candidates"]]
    return render_desk_page(
        "receipt",
        actor,
        here,
        view=view,
        form=form,
        answers=answers,
        guns=guns,
        is_complete=check_answers.follow_matching(actor, view),
        hits=alert_queries.hits_of_records(actor, [gun.id for gun in guns.values()]),
        **check_answers.candidate_context(candidates),
    )


def _submit_joint(actor: Actor, here: CurrentPost, seizure_id: UUID) -> Any:
    """Link the other side's seizure to an own one. By number, or by the button of a candidate."""
    require(actor, Permission.SEIZURE_RECORD)
    form = submission.read_form()

    def link() -> str:
        number, version = form.get("number"), form.expected_version
        if other := form.get("other"):
            number = seizures.joint_seizure_number(
                actor=actor, seizure_id=seizure_id, other_id=_parse_id(other)
            )
            version = request.args.get("version", 0, int)
        if not number:
            raise Invalid({"number": [NUMBER_NEEDED]})
        state = here.other.state
        params = {"state": CodeLabel("state", state), "number": number}
        seizures.name_joint_seizure(
            actor=actor,
            seizure_id=seizure_id,
            expected_version=version,
            state=state,
            number=number,
            reason=translate(Message(JOINT_REASON.text, params)),
        )
        return here.address("seizure_receipt", seizure_id=seizure_id)

    return submit_desk_form(
        actor, here, form, link, lambda: _show_receipt(actor, here, seizure_id, form)
    )


def _parse_id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise NotFound("seizure", typed) from None


register_post_form("/seizure", "seizure_form", _show_form, _submit)
border_pages.get("/posts/<slug:code>/desk/seizures/<uuid:seizure_id>", endpoint="seizure_receipt")(
    post_page(_show_receipt)
)
register_post_form(
    "/seizures/<uuid:seizure_id>/joint", "link_joint_seizure", _show_receipt, _submit_joint
)
