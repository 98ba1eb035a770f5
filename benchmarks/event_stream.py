"""Minimal server-sent events, the baseline for polling.

Authenticates once and sends a line for each change of a board. Ended sessions and proxies are not
considered.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from http.cookies import SimpleCookie
from typing import Any

from sqlalchemy import create_engine, text

from salsa_ext.access.authentication import token_digest
from salsa_ext.boards.events import BoardKey, read_changes

CHECK_SECONDS = 0.25
HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
_url = os.environ["SALSA_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg2://")
_engine = create_engine(_url, pool_size=10)
_waiting: dict[BoardKey, set[asyncio.Event]] = defaultdict(set)
_jobs: set[asyncio.Task[None]] = set()


async def app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]) -> None:
    """Answer /posts/{code}/board/events with a line for each change of the reader's side."""
    if scope["type"] == "http":
        if not _jobs:
            _jobs.add(asyncio.create_task(_watch_changes()))
        cookies = SimpleCookie(dict(scope["headers"]).get(b"cookie", b"").decode())
        state = await asyncio.to_thread(_state_of_token, cookies["salsa_session"].value)
        await _send_events((state, scope["path"].split("/")[2]), send)


def _state_of_token(token: str) -> str:
    with _engine.connect() as connection:
        state = connection.scalar(
            text("SELECT owner_state FROM salsa_api_key(:digest)"), {"digest": token_digest(token)}
        )
    return str(state)


async def _send_events(key: BoardKey, send: Callable[..., Any]) -> None:
    changed = asyncio.Event()
    _waiting[key].add(changed)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b": open\n\n", "more_body": True})
    try:
        while await changed.wait():
            changed.clear()
            body = b"event: changed\ndata: -\n\n"
            await send({"type": "http.response.body", "body": body, "more_body": True})
    finally:
        _waiting[key].discard(changed)


async def _watch_changes() -> None:
    since = None
    while True:
        changes = await asyncio.to_thread(read_changes, _engine, since)
        since = changes.snapshot
        for key, waiting in _waiting.items():
            if any(change.concerns(key) for change in changes.changes):
                for queue in waiting:
                    queue.set()
        await asyncio.sleep(CHECK_SECONDS)
