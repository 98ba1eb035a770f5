"""Board of a border post, for officers of both sides."""

from collections.abc import Sequence
from dataclasses import replace
from math import cos, hypot, radians
from typing import Any, Final

from flask import current_app, g, redirect, render_template, request, url_for
from markupsafe import Markup

from api.http.auth import SESSION_COOKIE, authenticate_page, cookie_name
from api.http.context import transaction
from api.web import live_views, security
from api.web.access import login_required
from api.web.charts import Chart, draw_bars
from api.web.formatting import kilometres, label, sentence, short_day
from api.web.live_views import RenderedView
from api.web.maps import MapDrawing, MapMovement, MapPlace, Point, draw_map, state_point_near
from api.web.pages import border_pages
from salsa_ext.access import authentication
from salsa_ext.access.permissions import Permission
from salsa_ext.boards.board import Board, display_reader, get_board
from salsa_ext.boards.crossings import MAX_ROWS
from salsa_ext.boards.seizures import SeizurePlace
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import PRIORITIES
from salsa_ext.core.errors import Unauthenticated, message
from salsa_ext.reference.post_sides import list_sides

MIN_WIDTH_RADII: Final = 5.0
"""Least width of the map, in radii of the post."""
KM_PER_DEGREE: Final = 111.2
POST_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The other posts of the routes; no more are drawn."""


@border_pages.get("/posts/<slug:code>/board")
@login_required
def board_page(actor: Actor, code: str) -> str:
    """Show due and late shipments, seizures nearby, open work."""
    view = live_views.render_view("board", actor, code, render_board)
    return render_template(
        "board/page.html",
        code=code,
        name=view.name,
        board=Markup(view.whole),  # noqa: S704 - of our own template
        live_attributes=live_views.live_attributes(view),
    )


@border_pages.get("/posts/<slug:code>/board/live")
@live_views.answer_changes
def board_updates(actor: Actor, code: str) -> RenderedView:
    """Return the parts of a board changed since a version."""
    return live_views.find_view("board", actor, code, render_board)


def render_board(actor: Actor, code: str) -> RenderedView:
    """Return the parts of a post's board."""
    board = get_board(actor, code)
    numbers = {
        near.seizure.id: at for at, place in enumerate(board.places, 1) for near in place.seizures
    }
    page = render_template(
        "board/board.html",
        board=board,
        post=board.post,
        sides=list_sides(board.post),
        own=board.own_side,
        most=MAX_ROWS,
        priorities=PRIORITIES,
        numbers=numbers,
        drawing=draw_board_map(board),
        route_ends=route_ends(board),
        charts=_charts(board),
        precision_text=precision_text,
        figure_source=figure_source,
    )
    return live_views.view_of_board(page, board)


def draw_board_map(board: Board) -> MapDrawing | None:
    """Return the map; places link to their table rows. Circles show the precision of places."""
    post, ends = board.post, route_ends(board)
    letters = zip(POST_LETTERS, ends, strict=False)
    places = [
        MapPlace(_point(post), "■", post.name, "post", float(post.radius_km), "#map-post"),
        *(
            MapPlace(_point(end), mark, end.name, "post", None, "#map-routes")
            for mark, end in letters
        ),
        *_country_labels(board),
        *(
            MapPlace(
                (place.longitude, place.latitude),
                str(number),
                _place_text(number, place),
                "place",
                place.within_km,
                f"#place-{number}",
            )
            for number, place in enumerate(board.places, 1)
        ),
    ]
    at = {post.code: 0} | {end.code: number for number, end in enumerate(ends, 1)}
    routes = [
        MapMovement(at[row.start.code], at[row.end.code], is_sure=False, both_ways=True)
        for row in board.corridors
        if row.start.code in at and row.end.code in at
    ]
    width_km = MIN_WIDTH_RADII * post.radius_km
    states = {each.state for each in list_sides(post)}
    return draw_map(places, routes, states, min_width_km=width_km)


def route_ends(board: Board) -> Sequence[Any]:
    """Return the other posts of the routes, each once."""
    posts = {post.code: post for row in board.corridors for post in (row.start, row.end)}
    posts.pop(board.post.code, None)
    return [*posts.values()][: len(POST_LETTERS)]


def _point(post: Any) -> Point:
    return post.longitude, post.latitude


def _country_labels(board: Board) -> list[MapPlace]:
    """Return labels of both countries, placed within the map."""
    post, degrees = board.post, _radius_degrees(board) * 0.75
    points = (
        (label("state", each.state), state_point_near(each.state, _point(post), degrees))
        for each in list_sides(post)
    )
    return [MapPlace(point, name, name, "country") for name, point in points if point]


def _radius_degrees(board: Board) -> float:
    """Return the map's radius in degrees of longitude."""
    post = board.post
    least = MIN_WIDTH_RADII / 2 * post.radius_km / KM_PER_DEGREE / cos(radians(post.latitude))
    points = [
        *map(_point, route_ends(board)),
        *((place.longitude, place.latitude) for place in board.places),
    ]
    return max([least, *(hypot(x - post.longitude, y - post.latitude) for x, y in points)])


def _place_text(number: int, place: SeizurePlace) -> str:
    """Describe a place of the map: seizures, firearms, precision."""
    counts = message(
        "{number}. Seizures: {seizures}; firearms: {firearms}",
        number=number,
        seizures=len(place.seizures),
        firearms=place.firearms,
    )
    return f"{sentence(counts)}; {precision_text(place.within_km)}"


def precision_text(within_km: float | None) -> str:
    """Return the precision of a place in words."""
    if within_km is None:
        return sentence(message("how exact is not known"))
    return sentence(message("within {distance}", distance=kilometres(within_km)))


def _charts(board: Board) -> Sequence[tuple[str, Chart | None]]:
    """Return charts with titles: firearms seized, then each direction."""
    days = [short_day(day) for day in board.weeks]
    firearms = [[week.firearms for week in board.weekly_seizures]]
    bars = draw_bars([sentence(message("Firearms"))], firearms, days)
    charts = [(sentence(message("Firearms seized near by, by week")), bars)]
    for flow in board.flows:
        names = [
            label("state", state) if state else sentence(message("abroad"))
            for state in (flow.leaving, flow.entering)
        ]
        title = message(
            "Shipments from {leaving} to {entering}, by week", leaving=names[0], entering=names[1]
        )
        sides = ((flow.leaving, True, flow.left), (flow.entering, False, flow.entered))
        sources = [figure_source(state, leaves) for state, leaves, _ in sides if state]
        series = [[week.shipments for week in weeks] for state, _, weeks in sides if state]
        charts.append((sentence(title), draw_bars(sources, series, days)))
    return charts


def figure_source(state: str, is_leaving: bool) -> str:
    """Return the source of a figure: exporting or importing side."""
    name = label("state", state)
    if is_leaving:
        return sentence(message("Left, as {state} says", state=name))
    return sentence(message("Entered, as {state} says", state=name))


WALL_ROWS: Final = 4
"""Rows of each list, to be read across a room."""
SWITCHED_OFF: Final = message("This display was switched off.")
UNKNOWN_LINK: Final = message("This link is unknown, was used or is too old. Ask for a new one.")


@border_pages.get("/wall")
def wall() -> Any:
    """Show the board to a signed-in display; else the form that signs in by a one-time link."""
    g.actor = authenticate_page()
    if g.actor is None or Permission.WALL_READ not in g.actor.permissions:
        link = request.args.get("link", "")[:100]
        was_on = g.actor is None and cookie_name(SESSION_COOKIE) in request.cookies
        error = SWITCHED_OFF if was_on and not link else None
        return render_template("board/wall_link.html", link=link, error=error)
    with transaction(g.actor):
        view = live_views.render_view("wall", *display_reader(g.actor), _render_wall)
        return render_template(
            "board/wall.html",
            name=view.name,
            board=Markup(view.whole),  # noqa: S704 - of our own template
            live_attributes=live_views.live_attributes(view),
        )


@border_pages.post("/wall")
def sign_in_wall() -> Any:
    """Exchange a one-time link for a session, and show the board; 401 for an invalid link."""
    try:
        link = request.form.get("link", "")[:100]
        known = authentication.authenticate_key(
            link, current_app.config["CLOCK"], kinds=authentication.LINKS
        )
        actor = replace(known, request_id=g.request_id)
        with transaction(actor):
            token = authentication.open_by_link(actor)
    except Unauthenticated:
        return render_template("board/wall_link.html", link="", error=UNKNOWN_LINK), 401
    response = redirect(url_for("border.wall"), 303)
    security.set_cookie(response, SESSION_COOKIE, token, authentication.DISPLAYED)
    return response


@border_pages.get("/wall/live")
@live_views.answer_changes
def wall_updates(actor: Actor) -> RenderedView:
    """Return the parts of a wall changed since a version."""
    return live_views.find_view("wall", *display_reader(actor), _render_wall)


def _render_wall(reader: Actor, post: str) -> RenderedView:
    board = get_board(reader, post)
    page = render_template(
        "board/wall_board.html",
        board=board,
        sides=list_sides(board.post),
        own=board.own_side,
        most=WALL_ROWS,
    )
    return live_views.view_of_board(page, board)
