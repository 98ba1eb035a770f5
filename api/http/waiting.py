"""Requests that wait for changes of their state, without a connection or a slot."""

import threading
from collections.abc import Callable
from typing import Any, Final

from flask import Response, after_this_request, current_app, g, request

from api.http.context import transaction, with_turn, without_turn
from salsa_ext.database.session import release_connection
from salsa_ext.jobs.wake import Waiters

MAX_SECONDS: Final = 30
MAX_WAITERS: Final = 32
"""Requests that wait in a process: half of its threads are left for others."""
RETRY_AFTER: Final = "2"
_FREE: Final = threading.BoundedSemaphore(MAX_WAITERS)


def wait_for(is_done: Callable[..., bool]) -> None:
    """Wait until `is_done(actor, **path)`, for up to the `wait` seconds of the query.

    Each look is a transaction of its own. Where too many requests wait already, this one does not,
    and its answer has Retry-After.
    """
    seconds = request.args.get("wait", 0, type=int)  # the query's schema refuses other values
    if not 0 < seconds <= MAX_SECONDS:
        return
    actor, ids = g.actor, request.view_args or {}
    release_connection()

    def is_over() -> bool:
        with with_turn(), transaction(actor):
            return is_done(actor, **ids)

    if not _FREE.acquire(blocking=False):
        after_this_request(_with_retry_after)
        return
    try:
        with without_turn():
            _waiters().wait_until(actor.own_state(), is_over, seconds)
    finally:
        _FREE.release()


def _with_retry_after(response: Response) -> Response:
    response.headers["Retry-After"] = RETRY_AFTER
    return response


def _waiters() -> Waiters:
    """Return what wakes the requests of this process; it listens from the first use on."""
    extensions: dict[str, Any] = current_app.extensions
    if "waiters" not in extensions:
        extensions["waiters"] = Waiters(current_app.config["LISTEN_URL"])
    waiters: Waiters = extensions["waiters"]
    return waiters
