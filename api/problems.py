"""What a problem (RFC 9457) says of an error: one table; `api.errors` answers with it."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from flask import g
from marshmallow import Schema, fields

from api.i18n import translate
from salsa_ext import errors
from salsa_ext.errors import Message, SalsaError, say
from salsa_ext.postgres.errors import PostgresUnavailable

STATUS: dict[type[SalsaError], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotYours: 403,
    errors.OldForm: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.EnvelopeRefused: 422,
    errors.AlreadyAsked: 409,
    errors.TooManyCalls: 409,
    errors.NothingMatches: 409,
    errors.NotReceivedYet: 409,
    errors.Unconfirmed: 409,
    errors.Declined: 409,
    errors.Held: 409,
    errors.HeldSince: 409,
    errors.Unreleased: 409,
    errors.Differs: 409,
    errors.HeldByOwn: 409,
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
WRONG_HERE = say("Something went wrong here; the request id helps to find it.")
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
    permission = fields.String()


def problem_of(error: Exception) -> dict[str, Any]:
    """Return the problem that an error is, for an answer that has begun; one of our own is logged."""
    if isinstance(error, SalsaError):
        return body_of(STATUS[type(error)], error.code, error.message, **more_of(error))
    log.error("unexpected error", exc_info=error, extra={"error": type(error).__name__})
    return body_of(500, "internal", WRONG_HERE)


def body_of(status: int, code: str, detail: Message, **more: Any) -> dict[str, Any]:
    """Return a problem in the caller's language."""
    return {
        "type": f"urn:salsa:problem:{code}", "title": HTTPStatus(status).phrase, "status": status,
        "detail": translate(detail), "code": code, "request_id": g.get("request_id", ""),
    } | more  # fmt: skip


def more_of(error: SalsaError) -> dict[str, Any]:
    """Return what a problem tells beside its sentence."""
    more: dict[str, Any] = {}
    if isinstance(error, errors.Invalid):
        more["errors"] = {path: [*map(translate, said)] for path, said in error.errors.items()}
    if isinstance(error, errors.RuleBroken | errors.FieldsAgainstRule):
        more["article"] = error.article.source
    if isinstance(error, errors.OverQuantity):
        more["balance"] = error.details["balance"]
    if isinstance(error, errors.Forbidden) and "permission" in error.details:
        more["permission"] = error.details["permission"]
    return more
