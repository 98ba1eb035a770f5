"""JSON by orjson: UUIDs, dates and moments are written as they are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
from flask import Request
from flask.json.provider import JSONProvider as Base
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge


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

    def _raw_load_json(self, req: Request) -> Any:
        try:
            return orjson.loads(self.read_body(req))
        except orjson.JSONDecodeError:
            raise BadRequest from None

    def read_body(self, req: Request) -> bytes:
        """Return the JSON of a request: all of its body."""
        return whole_body(req)


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
