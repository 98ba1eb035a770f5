"""Route of the change feed."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request

from api.http.pagination import decode_cursor, encode_cursor
from api.http.resource import Resource
from api.http.row_files import NDJSON
from api.schemas.exchange.changes import ChangeQuery, ChangesResponse
from salsa_ext.access.permissions import Permission
from salsa_ext.boards.events import EventCursor
from salsa_ext.core.actor import Actor
from salsa_ext.exchange import feed

CURSOR = "changes"
blueprint = Resource("changes", "What changed of your state's objects, in the order of commits")


def _position(actor: Actor, after: str | None) -> int:
    """Return the position that a cursor means; raises Invalid for one of another state."""
    return decode_cursor(actor, CURSOR, after).number if after else 0


def list_changes(
    actor: Actor, limit: int, wait: int, after: str | None = None, kind: str | None = None
) -> Any:
    """Return what changed since a cursor; read each object by its id."""
    page = feed.read_feed(actor, _position(actor, after), limit, kind)
    answer = {
        "items": page.items,
        "next": encode_cursor(actor, CURSOR, EventCursor(page.end, actor.now())),
        "more": page.more,
    }
    if request.accept_mimetypes.best_match(["application/json", NDJSON]) != NDJSON:
        return answer
    dumped = ChangesResponse().dump(answer)
    lines = [*dumped.pop("items"), dumped]
    body = "".join(current_app.json.dumps(line) + "\n" for line in lines)
    return Response(body, content_type=NDJSON)


def has_changes(actor: Actor) -> bool:
    """Return whether a request that waits has something to answer."""
    return feed.has_changes(actor, _position(actor, request.args.get("after")))


blueprint.reading(
    "/changes",
    ChangesResponse,
    list_changes,
    Permission.CHANGE_READ,
    ChangeQuery,
    media_types=(NDJSON,),
    is_done=has_changes,
)
