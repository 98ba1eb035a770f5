"""Errors as RFC 9457 problems: one table, one renderer, nothing of the inside."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from api.json import NotJSON
from api.multipart import NotInParts
from api.problems import STATUS, WRONG_HERE, body_of, more_of
from api.said import flatten
from api.web import problems
from salsa_ext.errors import Message, SalsaError, say

HTTP_CODES = {
    400: ("bad_request", say("The request cannot be read; is the body valid JSON?")),
    404: ("not_found", say("There is nothing at this address.")),
    405: ("method_not_allowed", say("This address knows other methods; see the documentation.")),
    406: ("not_acceptable", say("This cannot be given in the form that was asked for.")),
    413: ("too_large", say("The body is larger than the {limit} MiB that are accepted.")),
    414: ("too_long", say("The address is too long.")),
    415: ("unsupported_media_type", say("Send the body as application/json.")),
    429: (
        "too_many_bodies",
        say(
            "Too many bodies of yours are on their way at once; send this one again"
            " when some of them are taken."
        ),
    ),
    422: ("invalid", say("Some fields cannot be accepted; see errors.")),
}
PROBLEM = "application/problem+json"
RETRY = {503: "2", 409: "1", 429: "2"}
log = logging.getLogger("salsa")


def problem(status: int, code: str, detail: Message, **more: Any) -> Response:
    """Return a problem in the caller's language, to a browser as a page.

    A status that passes says when to try again.
    """
    body = body_of(status, code, detail, **more)
    if problems.wants_page():
        response = current_app.response_class(problems.page(body), status)
    else:
        response = current_app.response_class(
            current_app.json.dumps(body), status, content_type=PROBLEM
        )
    if status in (503, 429) or code == "in_flight":
        response.headers["Retry-After"] = RETRY[status]
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def register(app: Flask) -> None:
    """Let the application answer every error as a problem."""
    app.register_error_handler(SalsaError, _explained)
    app.register_error_handler(HTTPException, http_problem)
    app.register_error_handler(Exception, _unexpected)
    for gone in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(gone, _database_gone)


def _explained(error: SalsaError) -> Response:
    return problem(STATUS[type(error)], error.code, error.message, **more_of(error))


def http_problem(error: HTTPException) -> Response:
    """Return the problem of an error that Flask or the parser of bodies raised."""
    status = error.code or 500
    code, detail = HTTP_CODES.get(status, ("http_error", say("This request cannot be answered.")))
    if status == 413:
        limit = (request.max_content_length or 0) / (1024 * 1024)
        detail = Message(detail.text, {"limit": f"{limit:.3g}"})
    if isinstance(error, NotJSON | NotInParts):
        detail = error.said
    more: dict[str, Any] = {}
    if status == 422:
        messages = getattr(error, "data", {}).get("messages", {})
        more["errors"] = dict(flatten(next(iter(messages.values()), {})))
    response = problem(status, code, detail, **more)
    if status == 405 and (allowed := getattr(error, "valid_methods", None)):
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _database_gone(error: Exception) -> Response:
    log.warning("database unavailable", extra={"error": type(error).__name__})
    return problem(503, "unavailable", say("The database cannot be reached; try again shortly."))


def _unexpected(error: Exception) -> Response:
    log.exception("unexpected error", extra={"error": type(error).__name__})
    return problem(500, "internal", WRONG_HERE)
