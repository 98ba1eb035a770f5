"""Idempotency-Key: a repeated request gets the stored first answer."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, current_app, g, request

from api.http import files
from api.http.json import read_body
from salsa_ext.access.rules import has_limited_key
from salsa_ext.core.errors import Conflict, Invalid, message
from salsa_ext.database import idempotency
from salsa_ext.database.idempotency import RequestAttempt, StoredAnswer

View = Callable[..., Any]
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def _request_body(may_be_parts: bool) -> bytes:
    """Return the body, or a digest of the parts, to compare requests."""
    in_parts = may_be_parts and files.is_multipart()
    return files.parts_digest() if in_parts else read_body(request)


def current_attempt(may_be_parts: bool) -> RequestAttempt | None:
    """Return the attempt of this request, or None without a key.

    Raises Invalid for a malformed Idempotency-Key.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise Invalid({"Idempotency-Key": [message("1 to 200 visible ASCII characters.")]})
    # a key of fewer scopes gets no answer that another key of its account got
    who = g.actor.key_id if has_limited_key(g.actor) else g.actor.account_id
    return RequestAttempt(who, request.method, request.path, key, _request_body(may_be_parts))


def with_replay(
    view: View,
    may_be_parts: bool,
    is_current: Callable[[bytes], bool] | None = None,
    media_type: str = "application/json",
) -> View:
    """Wrap a view so that repeated requests get the stored answer.

    Raises Conflict where it would show by now what `is_current` denies.
    """

    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        attempt = current_attempt(may_be_parts)
        if attempt is None:
            return view(*args, **ids)
        if (first := idempotency.find_answer(attempt)) is not None:
            require_current(first.body, is_current)
            return _replay_response(first, media_type)
        response: Response = view(*args, **ids)
        etag, body = response.headers.get("ETag", ""), response.get_data()
        idempotency.store_answer(g.actor, attempt, StoredAnswer(response.status_code, etag, body))
        return response

    return run


def require_current(body: bytes, is_current: Callable[[bytes], bool] | None) -> None:
    """Raise Conflict if a stored answer must no longer be shown."""
    if is_current and not is_current(body):
        raise Conflict(
            message("The answer has changed since. Send this again with a new Idempotency-Key.")
        )


def _replay_response(first: StoredAnswer, media_type: str) -> Response:
    response = current_app.response_class(
        first.body, first.status, content_type=media_type if first.body else None
    )
    if first.etag:
        response.headers["ETag"] = first.etag
    response.headers["Idempotency-Replayed"] = "true"
    return response
