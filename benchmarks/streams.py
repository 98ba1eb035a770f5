"""Server-sent events from a small process of its own: what polling is measured against.

It does as little as one could: it authenticates once, and sends a line when the board of a side
changed; the page then asks the service for what changed. Whoever leaves or loses his permission
would have to be looked for besides, and a proxy in front has to know of it.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from http.cookies import SimpleCookie
from typing import Any

from sqlalchemy import create_engine, text

from salsa_ext.readmodels.board_changes import Side, look
from salsa_ext.services.authentication import digest

PAUSE = 0.25
HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
_url = os.environ["SALSA_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg2://")
_engine = create_engine(_url, pool_size=10)
_waiting: dict[Side, set[asyncio.Event]] = defaultdict(set)
_jobs: set[asyncio.Task[None]] = set()


async def app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]) -> None:
    """Answer /posts/{code}/board/events with a line for each change of the reader's side."""
    if scope["type"] == "http":
        if not _jobs:
            _jobs.add(asyncio.create_task(_look_on()))
        cookies = SimpleCookie(dict(scope["headers"]).get(b"cookie", b"").decode())
        state = await asyncio.to_thread(_state, cookies["salsa_session"].value)
        await _tell((state, scope["path"].split("/")[2]), send)


def _state(token: str) -> str:
    with _engine.connect() as connection:
        found = connection.scalar(
            text("SELECT owner_state FROM salsa_key(:digest)"), {"digest": digest(token)}
        )
    return str(found)


async def _tell(side: Side, send: Callable[..., Any]) -> None:
    changed = asyncio.Event()
    _waiting[side].add(changed)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b": open\n\n", "more_body": True})
    try:
        while await changed.wait():
            changed.clear()
            body = b"event: changed\ndata: -\n\n"
            await send({"type": "http.response.body", "body": body, "more_body": True})
    finally:
        _waiting[side].discard(changed)


async def _look_on() -> None:
    since = None
    while True:
        found = await asyncio.to_thread(look, _engine, since)
        since = found.seen
        for side, waiting in _waiting.items():
            if any(change.is_of(side) for change in found.changes):
                for one in waiting:
                    one.set()
        await asyncio.sleep(PAUSE)
