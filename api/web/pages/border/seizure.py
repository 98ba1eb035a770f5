"""Seizure at the barrier: a short form with defaults of the post."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import request

from api.i18n.messages import translate
from api.schemas.seizures import SeizureRequest
from api.web import choices, formatting, submission
from api.web.access import render_again
from api.web.blueprints import border_pages
from api.web.forms import Form
from api.web.pages.border import seizure_receipts
from api.web.pages.border.current_post import CurrentPost, post_form, post_page, render_page
from api.web.pages.border.desk_submission import submit_desk_form
from api.web.photos import Photo
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration.values import AttachmentSubject
from salsa_ext.core import codes
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, Message, message
from salsa_ext.core.time import local_date
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import seizures
from salsa_ext.documents.queries import SEIZURES
from salsa_ext.matches import search

MAX_ITEMS: Final = 5
"""Guns that the short form has room for; the first is shown."""
EXACT_KM: Final = 1.0
NOTHING_SEIZED: Final = message("Say what was seized: a serial, a type or a make, or a photograph.")
CODE_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "seizure_kind": codes.SEIZURE_KINDS,
    "legal_ground": codes.LEGAL_GROUNDS,
    "crime_context": codes.CRIME_CONTEXTS,
    "marking": codes.MARK_CONDITIONS,
}
FIELD_LABELS: Final[Mapping[str, Message]] = {
    "items": message("What was seized"),
    "joint_with": message("Joint with the other side"),
}


@border_pages.get("/posts/<slug:code>/desk/seizure")
@post_page
def seizure_form(actor: Actor, here: CurrentPost) -> str:
    """Show the short form of a seizure."""
    require(actor, Permission.SEIZURE_RECORD)
    return _render_form(actor, here, new_form(request.args.get("serial", "")))


@border_pages.post("/posts/<slug:code>/desk/seizure")
@post_form
def record_seizure(actor: Actor, here: CurrentPost) -> Any:
    """Record a seizure with its photograph and show its receipt."""
    require(actor, Permission.SEIZURE_RECORD)
    sent = submission.read_form()
    sent.called = {path: translate(name) for path, name in FIELD_LABELS.items()}
    answer = submit_desk_form(
        actor,
        here,
        sent,
        lambda photo: _record(actor, here, sent, photo),
        lambda typed: _render_form(actor, here, typed),
        subject="seizure",
    )
    if isinstance(answer, dict):  # a script, whose list says what came of each entry
        said = render_again(actor, lambda: seizure_receipts.match_lines(actor, answer["address"]))
        answer |= {"said": said, "is_loud": bool(said)}
    return answer


def new_form(serial: str = "") -> Form:
    """Return the initial form."""
    return Form({"items.0.serial": serial, "kind": "seized"})


def _record(actor: Actor, here: CurrentPost, form: Form, photo: Photo) -> str:
    data = form.load(
        SeizureRequest(), lambda body: _set_defaults(body, actor, here, form, photo), here.own.zone
    )
    seizure_id = seizures.record(actor=actor, data=data)
    found = search.find_matches(actor=actor, document_id=seizure_id, items=_read_items(seizure_id))
    seizure_receipts.store_matches(actor, seizure_id, found)
    photo.keep(actor, AttachmentSubject("seizure", seizure_id))
    return here.address("seizure_receipt", seizure_id=seizure_id)


def _read_items(seizure_id: UUID) -> Any:
    return document_queries.load_document(SEIZURES, seizure_id).items


def _set_defaults(
    body: dict[str, Any], actor: Actor, here: CurrentPost, form: Form, photo: Photo
) -> None:
    """Set defaults: number, agency, time, and the post as place."""
    body.setdefault("occurred_at", actor.now().isoformat())
    body["occurred_on"] = _local_day(body["occurred_at"], actor, here.own.zone)
    body["time_zone"] = here.own.zone
    body.setdefault("number", seizure_number(form.token, body["occurred_on"]))
    body.setdefault("kind", "seized")
    body.setdefault("agency", actor.agency)
    body.setdefault("legal_grounds", [])
    body.setdefault("crime_context", ["unknown"])
    _set_place(body, here)
    if body.get("joint_with"):
        body["joint_with"]["state"] = here.other.state
    number_items(body, photo)


def number_items(body: dict[str, Any], photo: Photo) -> None:
    """Number the items; one empty item if only a photograph was sent.

    Call last. Raises Invalid if there is neither item nor photograph.
    """
    items = [item for item in body.get("items") or () if any(item.values())]
    body["items"] = [item | {"line": at + 1} for at, item in enumerate(items or [{}])]
    if not items and not photo.kept:
        raise Invalid({"items.0.serial": [NOTHING_SEIZED]})


def _set_place(body: dict[str, Any], here: CurrentPost) -> None:
    """Set the post with its coordinates, unless another place is typed."""
    typed = (body.get("place") or {}).get("name")
    body["place"] = {"country": here.own.state, "name": typed or here.own.place}
    if not typed or typed == here.own.place:
        body |= {"post": here.code, "setting": "post"}
        body["place"] |= {
            "latitude": here.post.latitude,
            "longitude": here.post.longitude,
            "precision": EXACT_KM,
        }


def _local_day(moment: str, actor: Actor, zone: str) -> str:
    """Return the local day of a time; today if it is invalid."""
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = actor.now()
    return local_date(at if at.tzinfo else actor.now(), zone).isoformat()


def seizure_number(token: str, day: str) -> str:
    """Return a seizure number by day and form token, equal on repeats."""
    return f"{day.replace('-', '')}-{token[-6:].upper()}"


def code_options(kind: str) -> list[tuple[str, str]]:
    """Return the options of a closed list."""
    return [(code, formatting.label(kind, code)) for code in CODE_LISTS[kind]]


def _render_form(actor: Actor, here: CurrentPost, form: Form) -> str:
    return render_page(
        "seizure",
        actor,
        here,
        form=form,
        options=code_options,
        rooms=MAX_ITEMS,
        suggest=choices.suggestions(actor),
    )
