"""A seizure at the barrier, in a short form: what, here, now; more where it is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import request

from api.i18n import translate
from api.schemas.seizures import SeizureRequest
from api.web import sending
from api.web.access import again
from api.web.desk import choices
from api.web.post_desk import receipts
from api.web.post_desk.blueprint import blueprint
from api.web.post_desk.here import Here, form, page, render
from api.web.post_desk.photos import Photo
from api.web.post_desk.taking import take
from api.web.typed import Form
from salsa_ext.errors import Invalid, Message, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import documents
from salsa_ext.readmodels.documents import SEIZURES
from salsa_ext.services import matches, seizures
from salsa_ext.values import codes
from salsa_ext.values.actor import Actor
from salsa_ext.values.attachments import Subject
from salsa_ext.values.zones import date_in

ITEMS: Final = 5
"""Guns that the short form has room for; the first is shown."""
EXACT_KM: Final = 1.0
NOTHING: Final = say("Say what was seized: a serial, a type or a make, or a photograph.")
LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "seizure_kind": codes.SEIZURE_KINDS, "legal_ground": codes.LEGAL_GROUNDS,
    "crime_context": codes.CRIME_CONTEXTS, "marking": codes.MARKINGS,
}  # fmt: skip
CALLED: Final[Mapping[str, Message]] = {
    "items": say("What was seized"), "joint_with": say("Joint with the other side"),
}  # fmt: skip


@blueprint.get("/posts/<slug:code>/desk/seizure")
@page
def seizure_form(actor: Actor, here: Here) -> str:
    """Show the short form of a seizure."""
    require(actor, Permission.SEIZURE_RECORD)
    return _page(actor, here, opened(request.args.get("serial", "")))


@blueprint.post("/posts/<slug:code>/desk/seizure")
@form
def seize(actor: Actor, here: Here) -> Any:
    """Record a seizure, with its photograph, and show it."""
    require(actor, Permission.SEIZURE_RECORD)
    sent = sending.sent()
    sent.called = {path: translate(name) for path, name in CALLED.items()}
    answer = take(actor, here, sent, lambda photo: _record(actor, here, sent, photo),
                  lambda typed: _page(actor, here, typed), subject="seizure")  # fmt: skip
    if isinstance(answer, dict):  # a script, whose list says what came of each entry
        said = again(actor, lambda: receipts.lines(actor, answer["address"]))
        answer |= {"said": said, "is_loud": bool(said)}
    return answer


def opened(serial: str = "") -> Form:
    """Return the form as it opens."""
    return Form({"items.0.serial": serial, "kind": "seized"})


def _record(actor: Actor, here: Here, form: Form, photo: Photo) -> str:
    data = form.load(
        SeizureRequest(), lambda body: _complete(body, actor, here, form, photo), here.own.zone
    )
    seizure_id = seizures.record(actor=actor, data=data)
    found = matches.find(actor=actor, document_id=seizure_id, items=_items(seizure_id))
    receipts.keep(actor, seizure_id, found)
    photo.keep(actor, Subject("seizure", seizure_id))
    return here.address("receipt", seizure_id=seizure_id)


def _items(seizure_id: UUID) -> Any:
    return documents.read(SEIZURES, seizure_id).items


def _complete(body: dict[str, Any], actor: Actor, here: Here, form: Form, photo: Photo) -> None:
    """Fill in what the short form leaves open: number, agency, moment, and the post as the place."""
    body.setdefault("occurred_at", actor.now().isoformat())
    body["occurred_on"] = _day(body["occurred_at"], actor, here.own.zone)
    body["time_zone"] = here.own.zone
    body.setdefault("number", number_of(form.token, body["occurred_on"]))
    body.setdefault("kind", "seized")
    body.setdefault("agency", actor.agency)
    body.setdefault("legal_grounds", [])
    body.setdefault("crime_context", ["unknown"])
    _place(body, here)
    if body.get("joint_with"):
        body["joint_with"]["state"] = here.other.state
    number_items(body, photo)


def number_items(body: dict[str, Any], photo: Photo) -> None:
    """Give each gun its line, one without words to a photograph alone; raises Invalid where there is neither.

    It comes last: whatever else the form leaves open is filled in, and told of no more.
    """
    items = [item for item in body.get("items") or () if any(item.values())]
    body["items"] = [item | {"line": at + 1} for at, item in enumerate(items or [{}])]
    if not items and not photo.kept:
        raise Invalid({"items.0.serial": [NOTHING]})


def _place(body: dict[str, Any], here: Here) -> None:
    """Let the place be the post's, with its coordinates, unless another one is typed."""
    typed = (body.get("place") or {}).get("name")
    body["place"] = {"country": here.own.state, "name": typed or here.own.place}
    if not typed or typed == here.own.place:
        body |= {"post": here.code, "setting": "post"}
        body["place"] |= {"latitude": here.post.latitude, "longitude": here.post.longitude,
                          "precision": EXACT_KM}  # fmt: skip


def _day(moment: str, actor: Actor, zone: str) -> str:
    """Return the day at the own side of a moment; of what is no moment, which is refused, today."""
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = actor.now()
    return date_in(at if at.tzinfo else actor.now(), zone).isoformat()


def number_of(token: str, day: str) -> str:
    """Return the number of a seizure that was given none: of its day, the same however often it is sent."""
    return f"{day.replace('-', '')}-{token[-6:].upper()}"


def options(kind: str) -> list[tuple[str, str]]:
    """Return a closed list of the form with its names."""
    return [(code, choices.shown.label(kind, code)) for code in LISTS[kind]]


def _page(actor: Actor, here: Here, form: Form) -> str:
    return render("seizure", actor, here, form=form, options=options, rooms=ITEMS,
                  suggest=choices.suggestions(actor))  # fmt: skip
