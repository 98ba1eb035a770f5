"""Live views: rendered again when the number of their board moved, updated in parts."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, Final, NamedTuple

from flask import Flask, Response, current_app, g, request

from api.http.auth import authenticate_page
from api.http.context import transaction
from salsa_ext.boards import events
from salsa_ext.boards.board import Board
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Unauthenticated, message

MAX_AGE: Final = timedelta(minutes=5)
"""A picture is good for so long: what it says of the time of day grows old."""
MAX_PICTURES: Final = 512
"""Pictures that a process remembers."""
BUILD_HEADER: Final = "Salsa-Build"
"""Shows an open page that the service was updated."""
PART_PATTERN: Final = re.compile(r'<(section|nav)\b[^>]*? id="([a-z-]+)".*?</\1>', re.DOTALL)
"""A part of a page that is replaced as a whole; none is inside another."""


class ViewKey(NamedTuple):
    """What equal views have in common."""

    kind: str
    state: str | None
    post: str
    agency: str | None
    permissions: frozenset[str]
    language: str


@dataclass(frozen=True)
class RenderedView:
    """A rendered view: whole, and its parts by id.

    Good until `until`, as long as its board has the change number `number`.
    """

    name: str
    whole: str
    zone: str
    until: datetime
    number: int = 0

    @cached_property
    def parts(self) -> dict[str, str]:
        """Return the parts by their ids."""
        return {match[2]: match[0] for match in PART_PATTERN.finditer(self.whole)}

    @cached_property
    def digests(self) -> dict[str, str]:
        """Return the digest of each part."""
        return {
            name: hashlib.blake2b(part.encode(), digest_size=6).hexdigest()
            for name, part in self.parts.items()
        }

    @cached_property
    def version(self) -> str:
        """Return the version: the digests of all parts."""
        return "-".join(self.digests.values())

    def changed_parts(self, version: str) -> dict[str, str]:
        """Return the parts that differ from another version."""
        digests = version.split("-")
        if len(digests) != len(self.parts):
            return self.parts
        return {
            name: self.parts[name]
            for (name, digest), old in zip(self.digests.items(), digests, strict=True)
            if digest != old
        }


def view_of_board(page: str, board: Board) -> RenderedView:
    """Return the view of a board's page: good until something on it becomes late."""
    until = min(board.valid_until, board.as_of + MAX_AGE)
    return RenderedView(board.post.name, page, board.own_side.zone, until)


Render = Callable[[Actor, str], RenderedView]
"""Renders a view of a post for an actor."""


def register_live_views(app: Flask) -> None:
    """Prepare the memory of pictures, and the digest of this build."""
    app.extensions["live"] = dict[ViewKey, RenderedView]()
    app.config["BUILD"] = _build_digest(app)


def render_view(kind: str, actor: Actor, post: str, render: Render) -> RenderedView:
    """Return a view as it is now: a reader sees what he has just recorded."""
    return _render(_view_key(kind, actor, post), events.board_number(actor, post), actor, render)


def find_view(kind: str, actor: Actor, post: str, render: Render) -> RenderedView:
    """Return a view, from memory while its board has not changed."""
    key, number = _view_key(kind, actor, post), events.board_number(actor, post)
    view: RenderedView | None = current_app.extensions["live"].get(key)
    if view and view.number == number and actor.now() < view.until and not current_app.testing:
        return view
    return _render(key, number, actor, render)


def _render(key: ViewKey, number: int, actor: Actor, render: Render) -> RenderedView:
    """Render and remember a view; `number` was read before, so that changes meanwhile count."""
    view = replace(render(actor, key.post), number=number)
    pictures = current_app.extensions["live"]
    pictures.pop(key, None)
    pictures[key] = view
    for oldest in [*pictures][:-MAX_PICTURES]:  # a copy: other threads change it meanwhile
        pictures.pop(oldest, None)
    return view


def _view_key(kind: str, actor: Actor, post: str) -> ViewKey:
    return ViewKey(kind, actor.state, post, actor.agency, actor.permissions, actor.language)


def live_attributes(view: RenderedView, path: str | None = None) -> Mapping[str, str]:
    """Return the attributes for the script that fetches changes. From its own path or that of another page."""
    return {
        "from": f"{path or request.path}/live",
        "version": view.version,
        "zone": view.zone,
        "build": current_app.config["BUILD"],
    }


def answer_changes(updates: Callable[..., RenderedView]) -> Callable[..., Any]:
    """Answer with the parts changed since If-None-Match, else 304; raises Unauthenticated."""

    @wraps(updates)
    def run(**path: Any) -> Any:
        g.actor = authenticate_page()
        if g.actor is None:
            raise Unauthenticated(message("You are signed out; sign in again to see what is new."))
        with transaction(g.actor):
            view = updates(g.actor, **path)
        version = request.headers.get("If-None-Match", "").removeprefix('W/"').removesuffix('"')
        if version == view.version:
            response: Any = Response(status=304)
        else:
            body = {"version": view.version, "parts": view.changed_parts(version)}
            response = current_app.json.response(body)
        response.set_etag(view.version, weak=True)
        response.headers[BUILD_HEADER] = current_app.config["BUILD"]
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return run


def _build_digest(app: Flask) -> str:
    """Return a digest of the version, templates and static files."""
    digest = hashlib.blake2b(app.config["API_VERSION"].encode(), digest_size=8)
    templates, static = Path(app.root_path, str(app.template_folder)), Path(str(app.static_folder))
    for path in sorted((*templates.rglob("*.*"), *static.glob("*.*"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()
