"""Batches: rows of NDJSON, each recorded or refused by itself, in one transaction."""

import io
from collections.abc import Callable, Sequence
from typing import Any, Final

from flask import Response, current_app, g, request
from marshmallow import Schema, ValidationError, fields
from werkzeug.exceptions import UnsupportedMediaType

from api.http.errors import ProblemSchema, as_error_messages, problem_from_error
from api.http.json import receive_body
from api.http.row_files import NDJSON, Row, read_ndjson, reject_file
from salsa_ext.access.batches import RecordMany, Result, record_each
from salsa_ext.core.actor import Actor
from salsa_ext.core.config import MIB
from salsa_ext.core.errors import Invalid, SalsaError, message

MAX_ROWS: Final = 1_000
MAX_BODY: Final = 16 * MIB
FindUsed = Callable[[Actor, Sequence[Any]], Sequence[SalsaError | None]]
NumberedRow = tuple[int, Any]


class BatchRowResponse(Schema):
    """What became of a row: the id of what was recorded, or its problem."""

    line = fields.Integer(required=True)
    status = fields.Integer(required=True)
    id = fields.UUID(required=True)


class BatchProblemResponse(ProblemSchema):
    """Why a row was refused; `id` is that of what is recorded under its number already."""

    line = fields.Integer(required=True)
    id = fields.UUID()


class BatchTotalResponse(Schema):
    """Last line: how many rows there were, and how many were recorded."""

    line = fields.Integer(required=True, allow_none=True)
    rows = fields.Integer(required=True)
    recorded = fields.Integer(required=True)


LINES: Final = (BatchRowResponse, BatchProblemResponse, BatchTotalResponse)


def describe_rows(row: type[Schema]) -> dict[str, Any]:
    """Describe the body for OpenAPI."""
    return {"required": True, "content": {NDJSON: {"schema": row}}}


def receive_rows(row: type[Schema]) -> None:
    """Read rows before the transaction; raises UnsupportedMediaType, RequestEntityTooLarge, Invalid."""
    if request.mimetype != NDJSON:
        raise UnsupportedMediaType
    request.max_content_length = min(MAX_BODY, current_app.config["MAX_CONTENT_LENGTH"])
    receive_body(request)
    schema, rows = row(), []
    for each in read_ndjson(io.BytesIO(request.get_data()), schema):
        rows.append((each.line, _load(each, schema)))
        if len(rows) > MAX_ROWS:
            reject_file(
                message(
                    "A batch has at most {most} rows; send the others as another one.",
                    most=MAX_ROWS,
                ),
                "rows",
            )
    if not rows:
        reject_file(message("The batch has no rows."), "rows")
    g.rows = rows


def _load(row: Row, schema: Schema) -> Any:
    """Return the document of a row, or Invalid."""
    if row.wrong is not None:
        return Invalid({"row": [row.wrong]})
    g.pop("unknown_left", None)  # so many unknown fields are named of each row
    try:
        return schema.load(row.fields)
    except ValidationError as error:
        return Invalid(as_error_messages(error.messages))


def record_rows(actor: Actor, record_many: RecordMany, find_used: FindUsed | None) -> Response:
    """Record the rows that were received; answer each on its line."""
    rows: list[NumberedRow] = g.pop("rows")
    results: dict[int, Result] = {line: data for line, data in rows if isinstance(data, Invalid)}
    valid = [(line, data) for line, data in rows if line not in results]
    if find_used:
        used = zip(valid, find_used(actor, [data for _, data in valid]), strict=True)
        results |= {line: error for (line, _), error in used if error}
        valid = [(line, data) for line, data in valid if line not in results]
    recorded = record_each(actor, [data for _, data in valid], record_many)
    results |= {line: result for (line, _), result in zip(valid, recorded, strict=True)}
    lines = [_line(line, results[line]) for line, _ in rows]
    count = sum(line["status"] == 201 for line in lines)
    lines.append({"line": None, "rows": len(rows), "recorded": count})
    body = "".join(current_app.json.dumps(line) + "\n" for line in lines)
    return Response(body, content_type=NDJSON)


def _line(line: int, result: Result) -> dict[str, Any]:
    if not isinstance(result, SalsaError):
        return {"line": line, "status": 201, "id": result}
    existing = result.details.get("existing")
    return {"line": line} | problem_from_error(result) | ({"id": existing} if existing else {})
