"""Error handlers: every error is answered as a problem (RFC 9457)."""

import logging
from itertools import islice
from typing import Any

from flask import Flask, Response, current_app, render_template, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from api.http.errors import (
    INTERNAL_ERROR,
    MAX_ERRORS,
    STATUS_CODES,
    _extra_members,
    flatten_errors,
    problem_body,
)
from api.http.files import NotMultipart
from api.http.json import InvalidJSON
from salsa_ext.core.errors import Message, SalsaError, message

HTTP_ERRORS = {
    400: ("bad_request", message("The request cannot be read; is the body valid JSON?")),
    404: ("not_found", message("There is nothing at this address.")),
    405: (
        "method_not_allowed",
        message("This address knows other methods; see the documentation."),
    ),
    406: ("not_acceptable", message("This cannot be given in the form that was asked for.")),
    413: ("too_large", message("The body is larger than the {limit} that are accepted.")),
    414: ("too_long", message("The address is too long.")),
    415: ("unsupported_media_type", message("Send the body as application/json.")),
    429: (
        "too_many_bodies",
        message(
            "Too many requests of yours are under way. Send this one again when some are answered."
        ),
    ),
    422: ("invalid", message("Some fields cannot be accepted; see errors.")),
}
FILE_TOO_LARGE = message(
    "The file is larger than {limit}. Save it in parts, and send each by itself."
)
HEADINGS = {
    403: message("You cannot do this"),
    404: message("Not found"),
    422: message("This cannot be accepted"),
    503: message("Not available at the moment"),
}
OTHER_HEADING = message("This did not work")
PROBLEM_TYPE = "application/problem+json"
RETRY_AFTER = {503: "2", 409: "1", 429: "2"}
log = logging.getLogger("salsa")


def problem_response(status: int, code: str, detail: Message, **more: Any) -> Response:
    """Return a problem response, as a page for browsers.

    Sets Retry-After for 503, 429 and `in_flight`; WWW-Authenticate for 401.
    """
    body = problem_body(status, code, detail, **more)
    if _wants_page():
        # drawn without the database
        heading = HEADINGS.get(status, OTHER_HEADING)
        page = render_template("problem.html", heading=heading, problem=body)
        response = current_app.response_class(page, status)
    else:
        response = current_app.response_class(
            current_app.json.dumps(body), status, content_type=PROBLEM_TYPE
        )
    if status in (503, 429) or code == "in_flight":
        response.headers["Retry-After"] = str(more.get("retry_after", RETRY_AFTER[status]))
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _wants_page() -> bool:
    """Return whether a browser asks for a page outside the API."""
    if request.path.startswith("/api/"):
        return False
    return request.accept_mimetypes.best_match([PROBLEM_TYPE, "text/html"]) == "text/html"


def register(app: Flask) -> None:
    """Register the error handlers."""
    app.register_error_handler(SalsaError, _handle_salsa_error)
    app.register_error_handler(HTTPException, handle_http_error)
    app.register_error_handler(Exception, _handle_unexpected_error)
    for gone in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(gone, _handle_database_error)


def _handle_salsa_error(error: SalsaError) -> Response:
    return problem_response(
        STATUS_CODES[type(error)], error.code, error.message, **_extra_members(error)
    )


def handle_http_error(error: HTTPException) -> Response:
    """Answer an error raised by Flask or by the body parser."""
    status = error.code or 500
    code, detail = HTTP_ERRORS.get(
        status, ("http_error", message("This request cannot be answered."))
    )
    if status == 413:
        limit = (request.max_content_length or 0) / 1024
        text = f"{limit / 1024:.3g} MiB" if limit >= 1024 else f"{limit:.3g} KiB"
        too_large = FILE_TOO_LARGE if _wants_page() else detail
        detail = Message(too_large.text, {"limit": text})
    if isinstance(error, InvalidJSON | NotMultipart):
        detail = error.problem
    more: dict[str, Any] = {}
    if status == 422:
        messages = getattr(error, "data", {}).get("messages", {})
        flat = flatten_errors(next(iter(messages.values()), {}))
        more["errors"] = dict(islice(flat, MAX_ERRORS))
    response = problem_response(status, code, detail, **more)
    if status == 405 and (allowed := getattr(error, "valid_methods", None)):
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _handle_database_error(error: Exception) -> Response:
    log.warning("database unavailable", extra={"error": type(error).__name__})
    return problem_response(
        503, "unavailable", message("The database cannot be reached; try again shortly.")
    )


def _handle_unexpected_error(error: Exception) -> Response:
    if getattr(error, "connection_invalidated", False):
        return _handle_database_error(error)
    log.exception("unexpected error", extra={"error": type(error).__name__})
    return problem_response(500, "internal", INTERNAL_ERROR)
