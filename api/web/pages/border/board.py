"""Board of a border post, for officers of both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template
from markupsafe import Markup

from api.web import partial_updates
from api.web.access import login_required
from api.web.blueprints import border_pages
from api.web.charts import Chart, draw_bars
from api.web.formatting import kilometres, label, sentence, short_day
from api.web.live import RenderedView, Scope, ViewKey, live_views
from api.web.pages.border import board_maps
from api.web.pages.border.board_maps import MapTexts
from salsa_ext.boards.board import Board, get_board
from salsa_ext.boards.crossings import MAX_ROWS
from salsa_ext.boards.figures import CrossingFlow
from salsa_ext.boards.seizures import SeizurePlace
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import PRIORITIES
from salsa_ext.core.errors import message
from salsa_ext.reference.posts import both_sides


@border_pages.get("/posts/<slug:code>/board")
@login_required
def board_page(actor: Actor, code: str) -> str:
    """Show due and late shipments, seizures nearby, open work."""
    view = ViewKey.of("board", actor, code)
    drawn = live_views().drawn(view, lambda: _render_board(actor, code), at_once=True)
    main = Markup(drawn.whole)  # noqa: S704 - what our own template wrote
    return render_template(
        "board/page.html",
        code=code,
        name=drawn.name,
        main=main,
        watched=partial_updates.live_attributes(view, drawn),
    )


@border_pages.get("/posts/<slug:code>/board/live")
@partial_updates.answer_changes
def board_updates(actor: Actor, code: str) -> tuple[ViewKey, RenderedView]:
    """Return the parts of a board changed since a version."""
    view = ViewKey.of("board", actor, code)
    return view, live_views().drawn(view, lambda: _render_board(actor, code))


def _render_board(actor: Actor, code: str) -> RenderedView:
    shown = get_board(actor, code)
    page = render_template("board/board.html", **_board_context(shown))
    return partial_updates.render_parts(page, shown, Scope(squares=shown.squares))


def _board_context(shown: Board) -> dict[str, Any]:
    """Return the template context of a board."""
    numbers = {
        one.seizure.id: at for at, place in enumerate(shown.places, 1) for one in place.seizures
    }
    return {
        "board": shown,
        "post": shown.post,
        "sides": both_sides(shown.post),
        "own": shown.own_side,
        "most": MAX_ROWS,
        "priorities": PRIORITIES,
        "numbers": numbers,
        "drawing": board_maps.draw_board_map(
            shown, MapTexts(_place_text, lambda state: label("state", state))
        ),
        "ends": board_maps.route_ends(shown),
        "charts": _charts(shown),
        "exactness": precision_text,
        "said_by": figure_source,
    }


def _place_text(number: int, place: SeizurePlace) -> str:
    """Describe a place of the map: seizures, firearms, precision."""
    said = sentence(
        message(
            "{number}. Seizures: {seizures}; firearms: {firearms}",
            number=number,
            seizures=len(place.seizures),
            firearms=place.firearms,
        )
    )
    return f"{said}; {precision_text(place.within_km)}"


def precision_text(within_km: float | None) -> str:
    """Return the precision of a place in words."""
    if within_km is None:
        return sentence(message("how exact is not known"))
    return sentence(message("within {distance}", distance=kilometres(within_km)))


def _charts(shown: Board) -> Sequence[tuple[str, Chart | None]]:
    """Return charts with titles: firearms seized, then each direction."""
    days = [short_day(day) for day in shown.weeks]
    guns = sentence(message("Firearms"))
    seized = draw_bars([guns], [[week.firearms for week in shown.weekly_seizures]], days)
    first = sentence(message("Firearms seized near by, by week"))
    return [
        (first, seized),
        *((_flow_title(flow), _flow_chart(flow, days)) for flow in shown.flows),
    ]


def _flow_title(flow: CrossingFlow) -> str:
    leaving, entering = label("state", flow.leaving), label("state", flow.entering)
    return sentence(
        message(
            "Shipments from {leaving} to {entering}, by week", leaving=leaving, entering=entering
        )
    )


def _flow_chart(flow: CrossingFlow, days: Sequence[str]) -> Chart | None:
    series: list[list[int]] = [
        [week.shipments for week in weeks] for weeks in (flow.left, flow.entered)
    ]
    return draw_bars(
        [figure_source(flow.leaving, True), figure_source(flow.entering, False)], series, days
    )


def figure_source(state: str, is_leaving: bool) -> str:
    """Return the source of a figure: exporting or importing side."""
    name = label("state", state)
    if is_leaving:
        return sentence(message("Left, as {state} says", state=name))
    return sentence(message("Entered, as {state} says", state=name))
