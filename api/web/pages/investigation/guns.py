"""The page of a gun: a timeline, its records, its marks, and the matches open on it."""

from __future__ import annotations

from uuid import UUID

from api.schemas.records import GunResponse
from api.web.charts import draw_timeline
from api.web.forms import Form
from api.web.pages import investigation_pages
from api.web.pages.investigation.foreign_records import register_purpose_page
from api.web.record_pages import render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid
from salsa_ext.guns import queries as gun_queries

TEMPLATE = "investigation/gun.html"


def _render_gun(actor: Actor, form: Form | None, record_id: UUID) -> str:
    """Render a gun; with foreign records the form of a purpose first."""
    key = str(record_id)
    try:
        view = gun_queries.get_gun(actor=actor, record_id=record_id)
    except Invalid:
        if form is None:
            raise
        return render_page(TEMPLATE, actor, record_id=key, form=form)
    gun = GunResponse().dump(view)
    records = [each["record"] for each in gun["records"]]
    first = next(each for each in view.records if each.joined_by == "start")
    return render_page(
        TEMPLATE,
        actor,
        record_id=key,
        gun=gun,
        described=first.disclosed.view.record,
        is_own=first.disclosed.is_own,
        drawing=draw_timeline(records),
    )


register_purpose_page(
    investigation_pages, "/guns/<uuid:record_id>", "gun_page", _render_gun, Permission.RECORD_READ
)
