"""Correction of the description of a seized gun."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, render_template, url_for

from api.schemas.seizures import GunCorrectionRequest, SeizureResponse
from api.web import actions, choices, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.blueprints import investigation_pages
from api.web.forms import Form
from api.web.prefill import firearm_category
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import seizures
from salsa_ext.documents.queries import SEIZURES
from salsa_ext.matches import search
from salsa_ext.reference import names

TEXT_FIELDS = {"make": "make_text", "calibre": "calibre_text"}
GUN_FIELDS = (
    "serial",
    "type",
    "marking",
    "make",
    "model",
    "calibre",
    "country_of_manufacture",
    "year",
    "importer_mark",
)
"""The fields of a gun on the page."""


@investigation_pages.get("/seizures/<uuid:seizure_id>/items/<int:line>/correct")
@login_required
def gun_correction_form(actor: Actor, seizure_id: UUID, line: int) -> str:
    """Show the form with the recorded description."""
    require(actor, Permission.SEIZURE_RECORD)
    return _render_form(actor, seizure_id, line)


@investigation_pages.post("/seizures/<uuid:seizure_id>/items/<int:line>/correct")
@login_required_for_form
def correct_gun(actor: Actor, seizure_id: UUID, line: int) -> Any:
    """Correct a gun and redirect to its seizure.

    Shows the form again if refused.
    """
    require(actor, Permission.SEIZURE_RECORD)
    form = submission.read_form()
    done = submission.submit(form, actor, lambda: _correct(actor, seizure_id, line, form))
    return done or (
        render_again(actor, lambda: _render_form(actor, seizure_id, line, form)),
        form.status,
    )


def _correct(actor: Actor, seizure_id: UUID, line: int, form: Form) -> str:
    _, item = _own_seizure_item(actor, seizure_id, line)
    said = form.load(GunCorrectionRequest(), lambda body: complete_gun(body, item))
    seizures.correct_gun(
        actor=actor,
        seizure_id=seizure_id,
        expected_version=actions.form_version(form),
        line=line,
        gun=said["firearm"],
        reason=said["reason"],
    )
    items = document_queries.load_document(SEIZURES, seizure_id).items
    search.find_matches(
        actor=actor, document_id=seizure_id, items=items
    )  # by the marks that it bears now
    return url_for(
        "investigation.seizure_page",
        seizure_id=seizure_id,
        done="corrected",
        _anchor=f"line-{line}",
    )


def complete_gun(body: dict[str, Any], item: dict[str, Any]) -> None:
    """Set the category by the type; preserve an unlisted type text."""
    said = body["firearm"]
    if item["type"] is None and item["type_text"]:
        said.setdefault("type", item["type_text"])
    said["category"] = firearm_category(said, item["category"])


def _own_seizure_item(
    actor: Actor, seizure_id: UUID, line: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an own seizure and its item; aborts with 404."""
    view = document_queries.read_document(actor=actor, kind=SEIZURES, document_id=seizure_id)
    seizure = SeizureResponse().dump(view)
    found = [item for item in seizure["items"] if item["line"] == line]
    if seizure["state"] != actor.state or not found:
        abort(404)
    return seizure, found[0]


def _render_form(actor: Actor, seizure_id: UUID, line: int, form: Form | None = None) -> str:
    seizure, item = _own_seizure_item(actor, seizure_id, line)
    form = form or Form(gun_values(actor, item))
    form.values["seen"] = str(seizure["version"])
    return render_template(
        "investigation/gun_correction.html",
        actor=actor,
        seizure=seizure,
        item=item,
        form=form,
        choices=choices,
        suggest=choices.suggestions(actor),
    )


def gun_values(actor: Actor, item: dict[str, Any]) -> dict[str, str]:
    """Return the recorded description as form values."""
    said = {name: item[TEXT_FIELDS.get(name, name)] for name in GUN_FIELDS}
    made_in = said["country_of_manufacture"]
    said["country_of_manufacture"] = names.label("state", made_in, actor.language)
    return {f"firearm.{name}": str(value) for name, value in said.items() if value}
