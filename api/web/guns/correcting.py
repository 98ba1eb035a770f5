"""Correcting how a gun of an own document is described, field by field; of a seizure as a page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, render_template, url_for

from api.schemas.seizures import GunCorrection, SeizureResponse
from api.vault import vault
from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.desk import choices, doings
from api.web.desk.filling import category_of
from api.web.guns.blueprint import blueprint
from api.web.typed import Form
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import documents, names
from salsa_ext.readmodels.documents import SEIZURES
from salsa_ext.services import disclosures, gun_corrections, matches
from salsa_ext.values.actor import Actor

WORDS = {"make": "make_text", "calibre": "calibre_text"}
TYPED = ("serial", "type", "marking", "make", "model", "calibre", "country_of_manufacture", "year",
         "importer_mark")  # fmt: skip
"""The fields of a gun on the page."""


@blueprint.get("/seizures/<uuid:seizure_id>/items/<int:line>/correct")
@signed_in
def gun_form(actor: Actor, seizure_id: UUID, line: int) -> str:
    """Show the form with what is recorded of the gun."""
    require(actor, Permission.SEIZURE_RECORD)
    return _page(actor, seizure_id, line)


@blueprint.post("/seizures/<uuid:seizure_id>/items/<int:line>/correct")
@sender
def correct_gun(actor: Actor, seizure_id: UUID, line: int) -> Any:
    """Correct it and show the seizure; the form again where that cannot be."""
    require(actor, Permission.SEIZURE_RECORD)
    form = sending.sent()
    done = sending.send(form, actor, lambda: _correct(actor, seizure_id, line, form))
    return done or (again(actor, lambda: _page(actor, seizure_id, line, form)), form.status)


def _correct(actor: Actor, seizure_id: UUID, line: int, form: Form) -> str:
    _, item = _standing(actor, seizure_id, line)
    said = form.load(GunCorrection(), lambda body: complete(body, item))
    gun_corrections.correct_gun(
        actor=actor, vault=vault(), seizure_id=seizure_id, seen=doings.version_of(form), line=line,
        gun=said["firearm"], reason=said["reason"],
    )  # fmt: skip
    items = documents.read(SEIZURES, seizure_id).items
    matches.find(actor=actor, document_id=seizure_id, items=items)  # by the marks that it bears now
    return url_for("guns.seizure", seizure_id=seizure_id, done="corrected", _anchor=f"line-{line}")


def complete(body: dict[str, Any], item: dict[str, Any]) -> None:
    """Let the type say the category of the gun, and keep a type in words that the list has not."""
    said = body["firearm"]
    if item["type"] is None and item["type_text"]:
        said.setdefault("type", item["type_text"])
    said["category"] = category_of(said, item["category"])


def _standing(actor: Actor, seizure_id: UUID, line: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an own seizure and its gun of a line; 404 where there is none."""
    view = disclosures.read_document(actor=actor, kind=SEIZURES, document_id=seizure_id)
    seizure = SeizureResponse().dump(view)
    found = [item for item in seizure["items"] if item["line"] == line]
    if seizure["state"] != actor.state or not found:
        abort(404)
    return seizure, found[0]


def _page(actor: Actor, seizure_id: UUID, line: int, form: Form | None = None) -> str:
    seizure, item = _standing(actor, seizure_id, line)
    form = form or Form(described(actor, item))
    form.values["seen"] = str(seizure["version"])
    return render_template(
        "guns/correct.html", actor=actor, seizure=seizure, item=item, form=form, choices=choices,
        suggest=choices.suggestions(actor),
    )  # fmt: skip


def described(actor: Actor, item: dict[str, Any]) -> dict[str, str]:
    """Return what the fields of a gun open with: how it is recorded."""
    said = {name: item[WORDS.get(name, name)] for name in TYPED}
    made_in = said["country_of_manufacture"]
    said["country_of_manufacture"] = names.label("state", made_in, actor.language)
    return {f"firearm.{name}": str(value) for name, value in said.items() if value}
