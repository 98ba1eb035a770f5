"""Errors as RFC 9457 problems: one table, one renderer, nothing of the inside."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, request
from marshmallow import Schema, fields
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from api.i18n import translate
from api.json import NotJSON
from api.multipart import NotInParts
from api.said import flatten
from api.web import problems
from salsa_ext import errors
from salsa_ext.errors import Message, SalsaError, say
from salsa_ext.postgres.errors import PostgresUnavailable

STATUS: dict[type[SalsaError], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.NothingMatches: 409,
    errors.NotReceivedYet: 409,
    errors.Duplicate: 409,
    errors.RuleBroken: 409,
    errors.OverQuantity: 409,
    errors.IllegalTransition: 409,
    errors.ReleaseFirst: 409,
    errors.InFlight: 409,
    errors.StaleVersion: 412,
    errors.Invalid: 422,
    errors.FieldsAgainstRule: 422,
    errors.KeyReused: 422,
    errors.PreconditionRequired: 428,
    errors.Unavailable: 503,
    PostgresUnavailable: 503,
    errors.ImportRejected: 422,
    errors.NotConfigured: 500,
    SalsaError: 500,
}
HTTP_CODES = {
    400: ("bad_request", say("The request cannot be read; is the body valid JSON?")),
    404: ("not_found", say("There is nothing at this address.")),
    405: ("method_not_allowed", say("This address knows other methods; see the documentation.")),
    406: ("not_acceptable", say("This cannot be given in the form that was asked for.")),
    413: ("too_large", say("The body is larger than the {limit} MiB that are accepted.")),
    414: ("too_long", say("The address is too long.")),
    415: ("unsupported_media_type", say("Send the body as application/json.")),
    422: ("invalid", say("Some fields cannot be accepted; see errors.")),
}
PROBLEM = "application/problem+json"
RETRY = {503: "2", 409: "1"}
log = logging.getLogger("salsa")


class ProblemSchema(Schema):
    """A problem (RFC 9457): what is wrong, and for 422 where."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    balance = fields.Dict(keys=fields.String(), values=fields.String())
    article = fields.String()


def problem(status: int, code: str, detail: Message, **more: Any) -> Response:
    """Return a problem in the caller's language, to a browser as a page.

    A status that passes says when to try again.
    """
    body = {
        "type": f"urn:salsa:problem:{code}", "title": HTTPStatus(status).phrase, "status": status,
        "detail": translate(detail), "code": code, "request_id": g.get("request_id", ""),
    } | more  # fmt: skip
    if problems.wants_page():
        response = current_app.response_class(problems.page(body), status)
    else:
        response = current_app.response_class(
            current_app.json.dumps(body), status, content_type=PROBLEM
        )
    if status == 503 or code == "in_flight":
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
    more: dict[str, Any] = {}
    if isinstance(error, errors.Invalid):
        more["errors"] = {path: [*map(translate, said)] for path, said in error.errors.items()}
    if isinstance(error, errors.RuleBroken | errors.FieldsAgainstRule):
        more["article"] = error.article.source
    if isinstance(error, errors.OverQuantity):
        more["balance"] = error.details["balance"]
    return problem(STATUS[type(error)], error.code, error.message, **more)


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
    return problem(
        500, "internal", say("Something went wrong here; the request id helps to find it.")
    )
