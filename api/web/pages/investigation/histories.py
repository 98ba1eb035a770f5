"""History of a gun: its records in order of time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template

from api.schemas.records import HistoryResponse
from api.web import choices
from api.web.access import login_required, login_required_for_form
from api.web.blueprints import investigation_pages
from api.web.forms import Form
from api.web.pages.investigation import purposes
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid
from salsa_ext.matches import histories
from salsa_ext.reference.calendars import actor_zone


@investigation_pages.get("/records/<uuid:record_id>/history")
@login_required
def history_page(actor: Actor, record_id: UUID) -> str:
    """Show a gun's history; ask for a purpose if records are foreign."""
    try:
        return _render_history(actor, record_id)
    except Invalid:  # nothing was read yet: the purpose comes before each record of another state
        return _render_purpose_form(actor, record_id, purposes.purpose_form())


@investigation_pages.post("/records/<uuid:record_id>/history")
@login_required_for_form
def history_with_purpose(actor: Actor, record_id: UUID) -> Any:
    """Show a gun's history for the typed purpose and case.

    The disclosure is visible to the owners of the records.
    """
    require(actor, Permission.RECORD_READ)
    return purposes.render_with_purpose(
        actor,
        lambda reader: _render_history(reader, record_id),
        lambda form: _render_purpose_form(actor, record_id, form),
    )


def _render_history(actor: Actor, record_id: UUID) -> str:
    found = histories.read_history(actor=actor, record_id=record_id)
    said = HistoryResponse().dump(found)
    return render_template(
        "investigation/history.html",
        actor=actor,
        record_id=str(record_id),
        holders=said["points_to"],
        steps=list(zip(found.steps, said["steps"], strict=True)),
        zone=actor_zone(actor),
        is_own=any(
            one["record"]["id"] == str(record_id) and one["record"]["state"] == actor.state
            for one in said["steps"]
        ),
    )


def _render_purpose_form(actor: Actor, record_id: UUID, form: Form) -> str:
    return render_template(
        "investigation/history.html",
        actor=actor,
        record_id=str(record_id),
        form=form,
        choices=choices,
    )
