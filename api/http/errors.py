"""Errors as problems (RFC 9457): status by error, body, validation messages."""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

from flask import g
from marshmallow import Schema, fields

from api.i18n.messages import LazyMessage, translate
from salsa_ext.core import errors
from salsa_ext.core.errors import Message, PostgresUnavailable, SalsaError, message

STATUS_CODES: dict[type[SalsaError], int] = {
    errors.Unauthenticated: 401,
    errors.TooManyAttempts: 429,
    errors.TooManyLookups: 429,
    errors.PasswordChangeRequired: 403,
    errors.CodeRequired: 403,
    errors.Forbidden: 403,
    errors.WrongAccount: 403,
    errors.OutdatedForm: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.EnvelopeRefused: 422,
    errors.CallPending: 409,
    errors.TooManyCallRequests: 409,
    errors.NoSerialMatches: 409,
    errors.PartyNotRegistered: 409,
    errors.ReceiptNotConfirmed: 409,
    errors.ConfirmationRequired: 409,
    errors.ApprovalDeclined: 409,
    errors.HeldByOtherState: 409,
    errors.HeldMeanwhile: 409,
    errors.NotReleased: 409,
    errors.DiffersFromPapers: 409,
    errors.HeldByOwnState: 409,
    errors.Duplicate: 409,
    errors.RuleBroken: 409,
    errors.OverQuantity: 409,
    errors.IllegalTransition: 409,
    errors.ReleaseRequired: 409,
    errors.RequestInProgress: 409,
    errors.StaleVersion: 412,
    errors.Invalid: 422,
    errors.InvalidByRule: 422,
    errors.IdempotencyKeyReused: 422,
    errors.PreconditionRequired: 428,
    errors.Unavailable: 503,
    PostgresUnavailable: 503,
    errors.ImportRejected: 422,
    errors.NotConfigured: 500,
    SalsaError: 500,
}
MAX_ERRORS: Final = 50
"""Most wrong fields that an answer names."""
MAX_PATH: Final = 200
"""Characters of a field's path that an answer repeats."""
INTERNAL_ERROR = message("Something went wrong here; the request id helps to find it.")
log = logging.getLogger("salsa")


class ProblemSchema(Schema):
    """Problem (RFC 9457); `errors` by field path for status 422."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    balance = fields.Dict(keys=fields.String(), values=fields.String())
    article = fields.String()
    permission = fields.String()
    retry_after = fields.Integer()


def problem_from_error(error: Exception) -> dict[str, Any]:
    """Return the problem body of an error in a started response. Unexpected errors are logged."""
    if isinstance(error, SalsaError):
        return problem_body(
            STATUS_CODES[type(error)], error.code, error.message, **_extra_members(error)
        )
    log.error("unexpected error", exc_info=error, extra={"error": type(error).__name__})
    return problem_body(500, "internal", INTERNAL_ERROR)


def problem_body(status: int, code: str, detail: Message, **members: Any) -> dict[str, Any]:
    """Return a problem body in the caller's language."""
    return {
        "type": f"urn:salsa:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": translate(detail),
        "code": code,
        "request_id": g.get("request_id", ""),
    } | members


def _extra_members(error: SalsaError) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if isinstance(error, errors.Invalid):
        first = islice(error.errors.items(), MAX_ERRORS)
        more["errors"] = {path: [*map(translate, texts)] for path, texts in first}
    if isinstance(error, errors.RuleBroken | errors.InvalidByRule):
        more["article"] = error.article.source
    if isinstance(error, errors.OverQuantity):
        more["balance"] = error.details["balance"]
    if isinstance(error, errors.Forbidden) and "permission" in error.details:
        more["permission"] = error.details["permission"]
    if isinstance(error, errors.TooManyLookups):
        more["retry_after"] = error.details["retry_after"]
    return more


def flatten_errors(messages: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield field paths (`lines.0.quantity`) and texts from nested parser messages."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            at = path if key == "_schema" else f"{path}.{key}".lstrip(".")[:MAX_PATH]
            yield from flatten_errors(inner, at)
    else:
        texts = messages if isinstance(messages, list) else [messages]
        yield path, [_error_text(text) for text in texts]


def as_error_messages(
    messages: Any, path: str = "", most: int = MAX_ERRORS
) -> dict[str, list[Message]]:
    """Return parser messages as errors of Invalid, at most `most` fields."""
    return {
        at: [Message("{text}", {"text": text}) for text in texts]
        for at, texts in islice(flatten_errors(messages, path), most)
    }


def _error_text(text: Any) -> str:
    if callable(text):  # what takes long to find, and is found for the first errors alone
        text = text()
    if isinstance(text, LazyMessage):  # marshmallow formats what fields say, not what schemas say
        return text.format()
    return translate(text) if isinstance(text, Message) else str(text)
