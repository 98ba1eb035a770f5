"""The page of a gun: a timeline, its records, its marks, and the matches open on it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from api.schemas.records import GunResponse
from api.web.charts import draw_timeline
from api.web.forms import Form
from api.web.pages import investigation_pages
from api.web.pages.investigation.checks import register_purpose_page
from api.web.record_pages import render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid
from salsa_ext.guns import queries as gun_queries
from salsa_ext.guns.queries import GunView

TEMPLATE = "investigation/gun.html"
Row = TypeVar("Row")


def rows_by_gun(
    actor: Actor, rows: Sequence[Row], record_of: Callable[[Row], UUID | None]
) -> tuple[Sequence[Row], Sequence[Row]]:
    """Return the rows of a list by gun, and those that follow another of their gun.

    The first of a gun is in its place. `record_of` is the row's record of the own state; rows
    without one, and readers without RECORD_READ, keep the order.
    """
    records = {record for record in map(record_of, rows) if record}
    if len(records) < 2 or Permission.RECORD_READ not in actor.permissions:
        guns = dict(zip(records, records, strict=True))
    else:
        guns = gun_queries.own_guns(actor, records)
    by_gun: dict[object, list[Row]] = defaultdict(list)
    for at, row in enumerate(rows):
        record = record_of(row)
        by_gun[guns.get(record, record) if record else at].append(row)
    repeated = [row for _, *more in by_gun.values() for row in more]
    return [row for group in by_gun.values() for row in group], repeated


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
