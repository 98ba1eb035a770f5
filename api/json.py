"""JSON by orjson: UUIDs, dates and moments are written as they are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import orjson
from flask import Request
from flask.json.provider import JSONProvider as Base
from marshmallow import Schema, missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from salsa_ext.db import let_go
from salsa_ext.errors import Message, say

SHORT: Final = 64 * 1024
"""Bytes of a body that come at once."""


class JSONProvider(Base):
    """What Flask reads and writes JSON with."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return JSON text; keys keep their order."""
        return orjson.dumps(obj, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return what the JSON text holds; raises ValueError where it is none."""
        return orjson.loads(s)


class BodyParser(FlaskParser):
    """Reads bodies as strictly: no NaN, no half of a character, no nesting without end."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return what a body holds; one in which nothing has to be said may be left out, of any type."""
        body = self.read_body(req)
        is_wanted = req.is_json and any(field.required for field in schema.fields.values())
        return missing if not body and not is_wanted else read_json(body)

    def read_body(self, req: Request) -> bytes:
        """Return the JSON of a request: all of its body."""
        return whole_body(req)


class NotJSON(BadRequest):
    """A body that is no JSON; `said` tells where it ceases to be."""

    def __init__(self, said: Message) -> None:
        super().__init__()
        self.said = said


def read_json(body: bytes | str) -> Any:
    """Return what a body holds; raises NotJSON that tells the line and the column."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJSON(_where(error, body)) from None


def _where(error: orjson.JSONDecodeError, body: bytes | str) -> Message:
    if not body.strip():
        return say("The body is empty, and JSON is needed.")
    if "UTF-8" in error.msg:  # orjson tells no place then
        return say("The body is not in UTF-8.")
    return say("The body is no JSON from line {line}, column {column} on.",
               line=error.lineno, column=error.colno)  # fmt: skip


def is_short(req: Request) -> bool:
    """Tell whether a request says of its body that it comes at once, or has none."""
    return "Transfer-Encoding" not in req.headers and (req.content_length or 0) <= SHORT


def take_in_short(req: Request) -> None:
    """Read a short body before the database is asked who sends it: it keeps no connection waiting.

    One in parts has limits of its own (`multipart`).
    """
    if is_short(req) and req.mimetype != "multipart/form-data":
        req.get_data()


def take_in_long(req: Request) -> None:
    """Read a long body of which it is known who sends it; it keeps no connection waiting.

    Raises RequestEntityTooLarge.
    """
    if not is_short(req):
        let_go()
        whole_body(req)


def whole_body(req: Request) -> bytes:
    """Return the body; raises RequestEntityTooLarge where it comes in chunks and does not end.

    A length that is told is held to the limit by werkzeug, which cuts off chunks there in silence.
    """
    body, limit = req.get_data(), req.max_content_length
    is_cut = req.content_length is None and limit is not None and len(body) >= limit
    if is_cut and req.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return body


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, str):
        return str(value)
    raise TypeError(type(value).__name__)
