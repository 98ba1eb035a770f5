"""The board of a border post as a page: for the officers of both sides, each in his own time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template
from markupsafe import Markup

from api.live import Drawn, Scope, View, live
from api.web import board_maps, watching
from api.web.access import signed_in
from api.web.board_maps import Words
from api.web.charts import Chart, bars
from api.web.shown import kilometres, label, sentence, short_day
from salsa_ext.errors import say
from salsa_ext.readmodels.boards import Board, get_board
from salsa_ext.readmodels.crossings import MOST, sides_of
from salsa_ext.readmodels.finds import Place
from salsa_ext.readmodels.flows import Flow
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import PRIORITIES

blueprint = Blueprint("boards", __name__)


@blueprint.get("/posts/<slug:code>/board")
@signed_in
def board(actor: Actor, code: str) -> str:
    """Show what should arrive, what is late, what was found near by and what waits."""
    view = View.of("board", actor, code)
    drawn = live().drawn(view, lambda: _draw(actor, code), at_once=True)
    main = Markup(drawn.whole)  # noqa: S704 - what our own template wrote
    return render_template(
        "board_page.html",
        code=code,
        name=drawn.name,
        main=main,
        watched=watching.told(view, drawn),
    )


@blueprint.get("/posts/<slug:code>/board/live")
@watching.answered
def board_live(actor: Actor, code: str) -> tuple[View, Drawn]:
    """Tell a page that shows a board what changed since."""
    view = View.of("board", actor, code)
    return view, live().drawn(view, lambda: _draw(actor, code))


def _draw(actor: Actor, code: str) -> Drawn:
    shown = get_board(actor, code)
    page = render_template("board.html", **_told(shown))
    return watching.drawn(page, shown, Scope(squares=shown.squares))


def _told(shown: Board) -> dict[str, Any]:
    """Return what the template of a board tells of it."""
    numbers = {one.seizure.id: at for at, place in enumerate(shown.places, 1)
               for one in place.seizures}  # fmt: skip
    return {
        "board": shown, "post": shown.post, "sides": sides_of(shown.post), "own": shown.own,
        "most": MOST, "priorities": PRIORITIES, "numbers": numbers,
        "drawing": board_maps.drawn(shown, Words(_place, lambda state: label("state", state))),
        "ends": board_maps.ends_of(shown), "charts": _charts(shown), "exactness": exactness,
        "said_by": said_by,
    }  # fmt: skip


def _place(number: int, place: Place) -> str:
    """Return what a place of the map is, in words: how many seizures and firearms, and how exact."""
    said = sentence(say("{number}. Seizures: {seizures}; firearms: {firearms}", number=number,
                        seizures=len(place.seizures), firearms=place.firearms))  # fmt: skip
    return f"{said}; {exactness(place.within_km)}"


def exactness(within_km: float | None) -> str:
    """Return how exact a place is."""
    if within_km is None:
        return sentence(say("how exact is not known"))
    return sentence(say("within {distance}", distance=kilometres(within_km)))


def _charts(shown: Board) -> Sequence[tuple[str, Chart | None]]:
    """Return the charts with their titles: what was seized, then each direction."""
    days = [short_day(day) for day in shown.weeks]
    guns = sentence(say("Firearms"))
    seized = bars([guns], [[week.firearms for week in shown.seized]], days)
    first = sentence(say("Firearms seized near by, by week"))
    return [(first, seized), *((_direction(flow), _passed(flow, days)) for flow in shown.flows)]


def _direction(flow: Flow) -> str:
    leaving, entering = label("state", flow.leaving), label("state", flow.entering)
    return sentence(say("Shipments from {leaving} to {entering}, by week",
                        leaving=leaving, entering=entering))  # fmt: skip


def _passed(flow: Flow, days: Sequence[str]) -> Chart | None:
    series: list[list[int]] = [
        [week.shipments for week in weeks] for weeks in (flow.left, flow.entered)
    ]
    return bars([said_by(flow.leaving, True), said_by(flow.entering, False)], series, days)


def said_by(state: str, is_leaving: bool) -> str:
    """Return whose word a figure is: of the state that goods left, or of the one that they entered."""
    name = label("state", state)
    if is_leaving:
        return sentence(say("Left, as {state} says", state=name))
    return sentence(say("Entered, as {state} says", state=name))
