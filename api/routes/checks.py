"""Routes of checks, answered in batches line by line, and mark readings."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import IO, Any, Final
from uuid import UUID

from flask import Flask, Response, current_app, g
from marshmallow import Schema

from api.http import idempotency as http_idempotency
from api.http.context import transaction
from api.http.errors import ProblemSchema, problem_from_error
from api.http.files import Manifest
from api.http.resource import Resource
from api.http.row_files import NDJSON, Progress, Row, SpooledManifest, read_rows, reject_file
from api.i18n.messages import language
from api.schemas.checks import (
    BatchDocumentRequest,
    BatchEndResponse,
    BatchLineResponse,
    BatchRequest,
    CaseRequest,
    CheckedGunRequest,
    CheckRequest,
    CheckResponse,
    ReadingQuery,
    ReadingResponse,
    load_query,
    present_scope,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.checks import checks
from salsa_ext.checks.checks import MAX_BATCH_CHECKS, CheckAnswer, CheckBatchData, CheckData
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.batches import ItemFile, chunks
from salsa_ext.core.config import MIB
from salsa_ext.core.errors import Invalid, SalsaError, message
from salsa_ext.database import idempotency as database_idempotency
from salsa_ext.database.idempotency import RequestAttempt
from salsa_ext.firearms.marks import cell_reading
from salsa_ext.firearms.marks.cell_reading import Reading
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.search import advice
from salsa_ext.firearms.search.mark_lookup import find_owner

CHUNK: Final = 100
"""Checks of one transaction: some tenths of a second, after which their answers are sent and stored."""
MAX_CHECK_BODY: Final = 4 * 1024
MAX_BATCH_BODY: Final = 16 * MIB
RECORD_ID: Final = re.compile(rb'"record": ?"([0-9a-f-]{36})"')
NumberedCheck = tuple[int, Query | Invalid]


def load_checks(
    file: IO[bytes], kind: str, schema: Schema, progress: Progress | None = None
) -> SpooledManifest[Any]:
    """Load the checks of a file by line, as queries or errors.

    Raises Invalid for an unusable, empty or too long file.
    """
    manifest = SpooledManifest[Any](progress)
    for rows in chunks(read_rows(file, kind, schema), CHUNK):
        manifest.add([(row.line, _load_row(row, schema)) for row in rows])
        if len(manifest) > MAX_BATCH_CHECKS:
            reject_file(
                message(
                    "A batch has at most {most} checks; send the others as another one.",
                    most=MAX_BATCH_CHECKS,
                )
            )
    if not manifest:
        reject_file(message("The manifest has no rows."))
    return manifest


def _load_row(row: Row, schema: Schema) -> Query | Invalid:
    return load_query(row.fields, schema) if row.wrong is None else Invalid({"row": [row.wrong]})


def split_batch(data: CheckBatchData) -> Iterator[list[NumberedCheck]]:
    """Yield the items of a batch in chunks of one transaction."""
    items = data.items
    return chunks(items.numbered() if isinstance(items, ItemFile) else items, CHUNK)


def make_chunk(
    actor: Actor, purpose: Purpose, chunk: Sequence[NumberedCheck]
) -> list[CheckAnswer | SalsaError]:
    """Make the checks of a chunk; return answers and errors in order."""
    queries = [query for _, query in chunk if isinstance(query, Query)]
    answers = iter(checks.run_checks(actor=actor, purpose=purpose, queries=queries))
    return [query if isinstance(query, Invalid) else next(answers) for _, query in chunk]


def stream_answers(actor: Actor, data: CheckBatchData, attempt: RequestAttempt | None) -> Response:
    """Stream the answers of a batch, one transaction a chunk.

    The first chunk runs before the response starts, so that errors of the whole batch get a status.
    With `attempt`, answers are stored by chunk: a repeated batch replays them and continues.
    """
    stream = _BatchStream(current_app._get_current_object(), actor, data, attempt)  # type: ignore[attr-defined]
    parts = stream.parts()
    first, is_replayed = next(parts)
    response = Response(stream.from_first(first, parts), content_type=NDJSON)
    if is_replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


@dataclass(frozen=True)
class _BatchStream:
    """State of a streamed batch that outlives the request."""

    app: Flask
    actor: Actor
    data: CheckBatchData
    attempt: RequestAttempt | None

    def parts(self) -> Iterator[tuple[bytes, bool]]:
        """Yield each chunk of lines with a replay flag, then the end."""
        for number, part in enumerate(split_batch(self.data)):
            with self._transaction():
                lines = self._answer_chunk(number, part)
            yield lines
        with self._transaction():
            end = {
                "line": None,
                "checks": len(self.data.items),
                **present_scope(advice.cached_scope(self.actor)),
            }
            line = self._line(BatchEndResponse().dump(end))
        yield line, False

    def from_first(self, first: bytes, parts: Iterator[tuple[bytes, bool]]) -> Iterator[bytes]:
        """Yield all lines; a later error becomes the last line."""
        yield first
        try:
            for body, _ in parts:
                yield body
        except Exception as error:
            with self._context():
                line = self._line({"line": None} | problem_from_error(error))
            yield line

    def _answer_chunk(self, number: int, part: Sequence[NumberedCheck]) -> tuple[bytes, bool]:
        attempt = self.attempt and replace(self.attempt, key=f"{self.attempt.key} {CHUNK}.{number}")
        if attempt and (first := database_idempotency.find_answer(attempt)):
            http_idempotency.require_current(
                first.body, partial(is_still_shared, state=self.actor.state)
            )
            return first.body, True
        answers = make_chunk(self.actor, self.data.purpose, part)
        pairs = zip(part, answers, strict=True)
        body = b"".join(self._line(_answer_line(line, answer)) for (line, _), answer in pairs)
        if attempt:
            database_idempotency.store_answer(
                self.actor, attempt, database_idempotency.StoredAnswer(200, "", body)
            )
        return body, False

    def _line(self, fields: dict[str, Any]) -> bytes:
        return self.app.json.dumps(fields).encode() + b"\n"

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._context(), transaction(self.actor):
            yield

    @contextmanager
    def _context(self) -> Iterator[None]:
        """Set request id and language, in any server thread."""
        with self.app.app_context():
            g.request_id = self.actor.request_id
            language.set(self.actor.language)
            yield


def _answer_line(line: int, answer: CheckAnswer | SalsaError) -> dict[str, Any]:
    if isinstance(answer, SalsaError):
        return {"line": line} | problem_from_error(answer)
    fields: dict[str, Any] = BatchLineResponse(exclude=("line",)).dump(answer)
    return {"line": line} | fields


def is_still_shared(body: bytes, state: str | None = None) -> bool:
    """Return whether no record of a stored answer became silent since, but those of one's state."""
    state = state or g.actor.state
    records = {match[1].decode() for match in RECORD_ID.finditer(body)}
    owners = [find_owner(UUID(record)) for record in records]
    return all(owner and (owner[1] != "silent" or owner[0] == state) for owner in owners)


blueprint = Resource("checks", "Is this serial known?")


@blueprint.posting(
    "/checks",
    CheckRequest,
    CheckResponse,
    Permission.CHECK_MAKE,
    max_body=MAX_CHECK_BODY,
    is_current=is_still_shared,
)
def create_check(actor: Actor, data: CheckData) -> CheckAnswer:
    """Check whether a serial is known to any state."""
    return checks.run_check(actor=actor, data=data)


@blueprint.posting(
    "/checks/batch",
    BatchRequest,
    None,
    Permission.CHECK_MAKE,
    status=200,
    manifest=Manifest(BatchDocumentRequest, CheckedGunRequest, MAX_BATCH_CHECKS, load_checks),
    lines=(BatchLineResponse, BatchEndResponse, ProblemSchema),
    max_body=MAX_BATCH_BODY,
)
def create_checks(actor: Actor, data: CheckBatchData, attempt: RequestAttempt | None) -> Response:
    """Check up to 10,000 serials; answered line by line as NDJSON."""
    return stream_answers(actor, data, attempt)


@blueprint.posting(
    "/checks/<uuid:check_id>/case", CaseRequest, CaseRequest, Permission.CHECK_MAKE, status=200
)
def set_check_case(actor: Actor, data: dict[str, Any], check_id: UUID) -> dict[str, Any]:
    """Set the case number of a check made for an incident."""
    checks.add_case_number(actor=actor, check_id=check_id, case_number=data["case_number"])
    return data


def get_mark_reading(actor: Actor, text: str) -> Reading:
    """Return the marks read from a cell of a form or spreadsheet."""
    return cell_reading.preview_cell(actor=actor, text=text)


blueprint.reading(
    "/marks/reading", ReadingResponse, get_mark_reading, Permission.CHECK_MAKE, query=ReadingQuery
)
