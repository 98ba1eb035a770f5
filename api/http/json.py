"""JSON with orjson: UUIDs, dates and datetimes need no conversion."""

from decimal import Decimal
from typing import IO, Any, Final

import orjson
from flask import Request
from flask.json.provider import JSONProvider as Base
from marshmallow import Schema, fields, missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from salsa_ext.core.dates import RoughDate
from salsa_ext.core.errors import Message, message
from salsa_ext.database.session import release_connection

SHORT_BODY: Final = 64 * 1024
"""Bytes of a body that come at once."""
PART: Final = 1024 * 1024
MAX_OBJECT_KEYS: Final = 500
MAX_KEYS: Final = 250_000
"""Keys of a whole body: a batch of 10,000 checks with every field has half as many."""


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
        is_required = req.is_json and any(field.required for field in schema.fields.values())
        if not body and not is_required:
            return missing
        check_keys(body.count(b":"))
        return check_sizes(parse_json(body))

    def read_body(self, req: Request) -> bytes:
        """Return the bytes of the JSON body."""
        return read_body(req)


class InvalidJSON(BadRequest):
    """Body that is not JSON; the message names line and column."""

    def __init__(self, problem: Message) -> None:
        super().__init__()
        self.problem = problem


def parse_json(body: bytes | str) -> Any:
    """Parse a body; raises InvalidJSON with line and column."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidJSON(_describe_json_error(error, body)) from None


def _describe_json_error(error: orjson.JSONDecodeError, body: bytes | str) -> Message:
    if not body.strip():
        return message("The body is empty, and JSON is needed.")
    if "UTF-8" in error.msg:  # orjson names no place then
        return message("The body is not in UTF-8.")
    return message(
        "The body is no JSON from line {line}, column {column} on.",
        line=error.lineno,
        column=error.colno,
    )


def check_sizes(value: Any) -> Any:
    """Return a parsed body; raises InvalidJSON if an object in it has too many keys."""
    open_values = [value]
    while open_values:
        inner = open_values.pop()
        if isinstance(inner, dict) and len(inner) > MAX_OBJECT_KEYS:
            raise InvalidJSON(message("An object has at most {most} fields.", most=MAX_OBJECT_KEYS))
        if isinstance(inner, dict | list):
            parts = inner.values() if isinstance(inner, dict) else inner
            open_values.extend(part for part in parts if isinstance(part, dict | list))
    return value


def declared_size(schema: Schema) -> int:
    """Return how many bytes a body of this schema has at most, generously, from its fields."""
    return sum(len(name) + _field_size(field) for name, field in schema.fields.items())


def _field_size(field: Any) -> int:
    if isinstance(field, fields.Nested):
        return declared_size(field.schema)
    if isinstance(field, fields.List):
        return int(getattr(field, "most", 100) * _field_size(field.inner))
    return 200 + 6 * int(getattr(field, "most", 0) if isinstance(field, fields.String) else 0)


def is_short_body(req: Request) -> bool:
    """Return whether the body is empty or announced as short."""
    return "Transfer-Encoding" not in req.headers and (req.content_length or 0) <= SHORT_BODY


def receive_body(req: Request) -> None:
    """Read the body without holding a database connection; raises RequestEntityTooLarge, InvalidJSON."""
    if req.content_length or "Transfer-Encoding" in req.headers:
        release_connection()
        if not is_short_body(req) and req.is_json:
            req.stream = CountedBody(req.stream)  # type: ignore[assignment]
        read_body(req)


class CountedBody:
    """Body that is not read to its end if it has too many fields."""

    def __init__(self, body: IO[bytes]) -> None:
        self._body = body

    def read(self) -> bytes:
        """Return all; raises InvalidJSON."""
        parts, keys = [], 0
        while part := self._body.read(PART):
            check_keys(keys := keys + part.count(b":"))
            parts.append(part)
        return b"".join(parts)


def check_keys(count: int) -> None:
    """Raise InvalidJSON for more keys than a body may have, before they are parsed into memory."""
    if count > MAX_KEYS:
        raise InvalidJSON(message("The body has more than {most} fields.", most=MAX_KEYS))


def read_body(req: Request) -> bytes:
    """Return the body; raises RequestEntityTooLarge for chunks, which werkzeug truncates silently."""
    body, limit = req.get_data(), req.max_content_length
    is_cut = req.content_length is None and limit is not None and len(body) >= limit
    if is_cut and req.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return body


def _to_plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, str | RoughDate):
        return str(value)
    raise TypeError(type(value).__name__)
