"""Pages that show what changes while somebody looks on: drawn in parts, and told which of them changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from flask import Response, current_app, g, request

from api.auth import authenticate_page
from api.live import BUILD, HEADER, LASTS, Drawn, Scope, View, etag, live
from api.transaction import transaction
from salsa_ext.errors import Unauthenticated, say
from salsa_ext.readmodels.boards import Board
from salsa_ext.values.actor import Actor

PART: Final = re.compile(r'<(section|nav)\b[^>]*? id="([a-z-]+)".*?</\1>', re.DOTALL)
"""A part of a page that is exchanged as a whole; none stands inside another."""
Looked = Callable[..., tuple[View, Drawn]]


def drawn(page: str, shown: Board, scope: Scope) -> Drawn:
    """Return what a page shows of a board in parts, which are exchanged one by one."""
    return Drawn(shown.post.name, page, parts_of(page), shown.as_of,
                 min(shown.until, shown.as_of + LASTS), shown.own.zone, scope)  # fmt: skip


def parts_of(page: str) -> dict[str, str]:
    """Return a page in its parts, by their ids."""
    return {found[2]: found[0] for found in PART.finditer(page)}


def told(view: View, shown: Drawn, of: str | None = None) -> dict[str, str]:
    """Return what a page says to the script that asks for what changes, at its own address or `of` another."""
    return {"from": f"{of or request.path}/live", "version": shown.version, "zone": shown.zone,
            "ticket": live().ticket(view), "build": live().build}  # fmt: skip


def signed_in() -> Actor:
    """Return who looks on; raises Unauthenticated."""
    actor = authenticate_page()
    if actor is None:
        raise Unauthenticated(say("You are signed out; sign in again to see what is new."))
    return actor


def answered(look: Looked, who: Callable[[], Actor] = signed_in) -> Callable[..., Response]:
    """Answer with the parts that changed since the version that is sent as If-None-Match, if any did.

    Each answer carries a new ticket, for which whoever asks was just authenticated.
    """

    @wraps(look)
    def run(**path: Any) -> Response:
        g.actor = who()
        with transaction(g.actor):
            view, shown = look(g.actor, **path)
        response = _told(shown, request.headers.get("If-None-Match", ""))
        response.headers[HEADER] = live().ticket(view)
        response.headers[BUILD] = live().build
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return run


def _told(shown: Drawn, sent: str) -> Response:
    if sent == etag(shown.version):
        response = Response(status=304)
    else:
        had = sent.removeprefix('W/"').removesuffix('"')
        body = {"version": shown.version, "parts": shown.other_than(had)}
        response = current_app.json.response(body)
    response.set_etag(shown.version, weak=True)
    return response
