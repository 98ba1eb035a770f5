"""History of a gun: its records in order of time."""

from __future__ import annotations

from uuid import UUID

from api.schemas.records import HistoryResponse
from api.web.document_pages import render_page
from api.web.forms import Form
from api.web.pages import investigation_pages
from api.web.pages.investigation.purposes import register_purpose_page
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid
from salsa_ext.matches import histories


def _render_history(actor: Actor, form: Form | None, record_id: UUID) -> str:
    """Render a gun's history; with foreign records the form of a purpose first."""
    template, key = "investigation/history.html", str(record_id)
    try:
        history = histories.read_history(actor=actor, record_id=record_id)
    except Invalid:
        if form is None:
            raise
        return render_page(template, actor, record_id=key, form=form)
    answer = HistoryResponse().dump(history)
    own_records = {
        step["record"]["id"] for step in answer["steps"] if step["record"]["state"] == actor.state
    }
    return render_page(
        template,
        actor,
        record_id=key,
        holders=answer["points_to"],
        steps=list(zip(history.steps, answer["steps"], strict=True)),
        is_own=key in own_records,
    )


register_purpose_page(
    investigation_pages,
    "/records/<uuid:record_id>/history",
    "history_page",
    _render_history,
    Permission.RECORD_READ,
)
