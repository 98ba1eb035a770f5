"""JSON with orjson: UUIDs, dates and datetimes need no conversion."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import orjson
from flask import Request
from flask.json.provider import JSONProvider as Base
from marshmallow import Schema, missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from salsa_ext.core.errors import Message, message
from salsa_ext.database.session import release_connection

SHORT_BODY: Final = 64 * 1024
"""Bytes of a body that come at once."""


class JSONProvider(Base):
    """Flask JSON provider."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return JSON text in the order of keys."""
        return orjson.dumps(obj, default=_to_plain, option=orjson.OPT_NON_STR_KEYS).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parse JSON text; raises ValueError."""
        return orjson.loads(s)


class BodyParser(FlaskParser):
    """Strict parser of request bodies: no NaN, no invalid UTF-8, limited nesting."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Parse the body; an empty body is allowed without required fields."""
        body = self.read_body(req)
        is_wanted = req.is_json and any(field.required for field in schema.fields.values())
        return missing if not body and not is_wanted else parse_json(body)

    def read_body(self, req: Request) -> bytes:
        """Return the bytes of the JSON body."""
        return read_body(req)


class InvalidJSON(BadRequest):
    """Body that is not JSON; the message names line and column."""

    def __init__(self, said: Message) -> None:
        super().__init__()
        self.said = said


def parse_json(body: bytes | str) -> Any:
    """Parse a body; raises InvalidJSON with line and column."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidJSON(_describe_json_error(error, body)) from None


def _describe_json_error(error: orjson.JSONDecodeError, body: bytes | str) -> Message:
    if not body.strip():
        return message("The body is empty, and JSON is needed.")
    if "UTF-8" in error.msg:  # orjson tells no place then
        return message("The body is not in UTF-8.")
    return message(
        "The body is no JSON from line {line}, column {column} on.",
        line=error.lineno,
        column=error.colno,
    )


def is_short_body(req: Request) -> bool:
    """Return whether the body is empty or announced as short."""
    return "Transfer-Encoding" not in req.headers and (req.content_length or 0) <= SHORT_BODY


def read_short_body(req: Request) -> None:
    """Read a short body before authentication uses a database connection.

    Multipart bodies have limits of their own (`multipart`).
    """
    if is_short_body(req) and req.mimetype != "multipart/form-data":
        req.get_data()


def read_long_body(req: Request) -> None:
    """Read a long body without holding a database connection.

    Raises RequestEntityTooLarge.
    """
    if not is_short_body(req):
        release_connection()
        read_body(req)


def read_body(req: Request) -> bytes:
    """Return the body; raises RequestEntityTooLarge for an endless chunked body.

    Werkzeug checks an announced length, but silently truncates chunks at the limit.
    """
    body, limit = req.get_data(), req.max_content_length
    is_cut = req.content_length is None and limit is not None and len(body) >= limit
    if is_cut and req.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return body


def _to_plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, str):
        return str(value)
    raise TypeError(type(value).__name__)
