"""The history of a gun as a page: its records in the order in which they happened."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template

from api.schemas.records import HistoryResponse
from api.web.access import sender, signed_in
from api.web.desk import choices
from api.web.guns import purposes
from api.web.guns.blueprint import blueprint
from api.web.typed import Form
from salsa_ext.errors import Invalid
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import zone_of
from salsa_ext.services import histories
from salsa_ext.values.actor import Actor


@blueprint.get("/records/<uuid:record_id>/history")
@signed_in
def history(actor: Actor, record_id: UUID) -> str:
    """Show the history of a record's gun; where it leads to another state, ask what for."""
    try:
        return _page(actor, record_id)
    except Invalid:  # nothing was read yet: the purpose comes before each record of another state
        return _without(actor, record_id, purposes.opened())


@blueprint.post("/records/<uuid:record_id>/history")
@sender
def history_for(actor: Actor, record_id: UUID) -> Any:
    """Show it for the purpose and the case that were typed; its owners read that it was shown."""
    require(actor, Permission.RECORD_READ)
    return purposes.read(
        actor,
        lambda reader: _page(reader, record_id),
        lambda form: _without(actor, record_id, form),
    )


def _page(actor: Actor, record_id: UUID) -> str:
    found = histories.read(actor=actor, record_id=record_id)
    said = HistoryResponse().dump(found)
    return render_template(
        "guns/history.html", actor=actor, record_id=str(record_id), holders=said["points_to"],
        steps=list(zip(found.steps, said["steps"], strict=True)), zone=zone_of(actor),
        is_own=any(one["record"]["id"] == str(record_id) and one["record"]["state"] == actor.state
                   for one in said["steps"]),
    )  # fmt: skip


def _without(actor: Actor, record_id: UUID, form: Form) -> str:
    return render_template(
        "guns/history.html", actor=actor, record_id=str(record_id), form=form, choices=choices
    )
