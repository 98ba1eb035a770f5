"""Requests that are sent again: the first answer is given once more, and nothing is done twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, current_app, g, request

from api import multipart
from api.json import whole_body
from salsa_ext.errors import Invalid, say
from salsa_ext.services import idempotency
from salsa_ext.services.idempotency import Answer, Attempt

View = Callable[..., Any]
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def _body(may_be_parts: bool) -> bytes:
    """Return what tells this request from others: its body, or a digest of its parts."""
    in_parts = may_be_parts and multipart.is_multipart()
    return multipart.digest() if in_parts else whole_body(request)


def attempt_of(may_be_parts: bool) -> Attempt | None:
    """Return what the request is filed under; None without a key, Invalid for one that is none."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise Invalid({"Idempotency-Key": [say("1 to 200 visible ASCII characters.")]})
    return Attempt(g.actor.account_id, request.method, request.path, key, _body(may_be_parts))


def replayed(view: View, may_be_parts: bool) -> View:
    """Return the view so that it gives the first answer again to a request with the same key."""

    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        attempt = attempt_of(may_be_parts)
        if attempt is None:
            return view(*args, **ids)
        if (first := idempotency.replay(attempt)) is not None:
            return _again(first)
        response: Response = view(*args, **ids)
        etag, body = response.headers.get("ETag", ""), response.get_data()
        idempotency.keep(g.actor, attempt, Answer(response.status_code, etag, body))
        return response

    return run


def _again(first: Answer) -> Response:
    response = current_app.response_class(
        first.body, first.status, content_type="application/json" if first.body else None
    )
    if first.etag:
        response.headers["ETag"] = first.etag
    response.headers["Idempotency-Replayed"] = "true"
    return response
