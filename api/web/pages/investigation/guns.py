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
from salsa_ext.guns.queries import GunView

TEMPLATE = "investigation/gun.html"


def _render_gun(actor: Actor, form: Form | None, record_id: UUID) -> str:
    """Render a gun; with foreign records the own ones and the form of a purpose first."""
    try:
        view = gun_queries.get_gun(actor=actor, record_id=record_id)
    except Invalid:
        if form is None:
            raise
        return _render_own(actor, form, record_id)
    return _render(actor, view, None)


def _render_own(actor: Actor, form: Form, record_id: UUID) -> str:
    try:
        view = gun_queries.get_gun(actor=actor, record_id=record_id, with_others=False)
    except Invalid:  # another state's record
        return render_page(TEMPLATE, actor, gun=None, form=form)
    return _render(actor, view, form)


def _render(actor: Actor, view: GunView, form: Form | None) -> str:
    gun = GunResponse().dump(view)
    first = next(each.disclosed for each in view.records if each.joined_by == "start")
    return render_page(
        TEMPLATE,
        actor,
        gun=gun,
        described=first.view.record,
        is_own=first.is_own,
        drawing=draw_timeline([each["record"] for each in gun["records"]]),
        form=form,
    )


register_purpose_page(
    investigation_pages, "/guns/<uuid:record_id>", "gun_page", _render_gun, Permission.RECORD_READ
)
