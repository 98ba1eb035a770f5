"""Checks that come many at once: each is answered for itself, a part after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any, Final

from flask import Flask, Response, current_app, g
from marshmallow import Schema

from api.i18n import language
from api.manifests import KeptManifest, Progress, rows_of
from api.problems import problem_of
from api.rows import NDJSON, Row, refuse
from api.schemas.checks import BatchEndResponse, BatchLineResponse, judge
from api.transaction import transaction
from salsa_ext.errors import Invalid, say
from salsa_ext.readmodels import lately
from salsa_ext.services import checks, idempotency
from salsa_ext.services.checks import Answer
from salsa_ext.services.idempotency import Attempt
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.inquiries import MOST_CHECKED, BatchData, Query
from salsa_ext.values.manifests import Manifest, chunks

PART: Final = 100
"""Checks of one transaction: some tenths of a second, after which they are answered and kept."""
Judged = tuple[int, Query | Invalid]


def take(
    file: IO[bytes], kind: str, schema: Schema, progress: Progress | None = None
) -> KeptManifest[Any]:
    """Return the checks of a file by their lines, each as a query or as what is wrong with it.

    Raises Invalid for a file that is none, has no rows or more than MOST_CHECKED.
    """
    kept = KeptManifest[Any](progress)
    for rows in chunks(rows_of(file, kind, schema), PART):
        kept.add([(row.line, _judged(row, schema)) for row in rows])
        if len(kept) > MOST_CHECKED:
            refuse(say("A batch has at most {most} checks; send the others as another one.",
                       most=MOST_CHECKED))  # fmt: skip
    if not kept:
        refuse(say("The manifest has no rows."))
    return kept


def _judged(row: Row, schema: Schema) -> Query | Invalid:
    return judge(row.fields, schema) if row.wrong is None else Invalid({"row": [row.wrong]})


def parts_of(data: BatchData) -> Iterator[list[Judged]]:
    """Return the items of a batch with their lines, so many as are asked in one transaction."""
    items = data.items
    return chunks(items.numbered() if isinstance(items, Manifest) else items, PART)


def ask(actor: Actor, purpose: Purpose, part: Sequence[Judged]) -> list[Answer | Invalid]:
    """Make the checks of a part; returns what each item is answered, in order."""
    queries = [said for _, said in part if isinstance(said, Query)]
    made = iter(checks.make_many(actor=actor, purpose=purpose, queries=queries))
    return [said if isinstance(said, Invalid) else next(made) for _, said in part]


def respond(actor: Actor, data: BatchData, attempt: Attempt | None) -> Response:
    """Answer a batch line by line, as its parts are known.

    The first part is asked before the answer begins, so that what is wrong with the whole batch is
    told by a status. Each part is a transaction of its own: where the connection breaks, what was
    answered stands. With `attempt`, the answer to each part is kept with it: sent again, a batch
    is given the answers that there are, and goes on behind them.
    """
    stream = _Stream(current_app._get_current_object(), actor, data, attempt)  # type: ignore[attr-defined]
    parts = stream.parts()
    first, is_replayed = next(parts)
    response = Response(stream.from_first(first, parts), content_type=NDJSON)
    if is_replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


@dataclass(frozen=True)
class _Stream:
    """A batch that is being answered; it outlives the request, and holds all that it needs of it."""

    app: Flask
    actor: Actor
    data: BatchData
    attempt: Attempt | None

    def parts(self) -> Iterator[tuple[bytes, bool]]:
        """Yield the lines of each part, and whether they were answered before; then the end."""
        for number, part in enumerate(parts_of(self.data)):
            with self._acting():
                answered = self._answered(number, part)
            yield answered
        with self._acting():
            said = {"line": None, "checks": len(self.data.items), "searched": lately.coverage()}
            end = self._line(BatchEndResponse().dump(said))
        yield end, False

    def from_first(self, first: bytes, parts: Iterator[tuple[bytes, bool]]) -> Iterator[bytes]:
        """Yield all lines; an error that comes later is the last of them."""
        yield first
        try:
            for body, _ in parts:
                yield body
        except Exception as error:
            with self._speaking():
                said = self._line({"line": None} | problem_of(error))
            yield said

    def _answered(self, number: int, part: Sequence[Judged]) -> tuple[bytes, bool]:
        attempt = self.attempt and replace(self.attempt, key=f"{self.attempt.key} {PART}.{number}")
        if attempt and (first := idempotency.replay(attempt)):
            return first.body, True
        answers = ask(self.actor, self.data.purpose, part)
        pairs = zip(part, answers, strict=True)
        body = b"".join(self._line(_shown(line, answer)) for (line, _), answer in pairs)
        if attempt:
            idempotency.keep(self.actor, attempt, idempotency.Answer(200, "", body))
        return body, False

    def _line(self, said: dict[str, Any]) -> bytes:
        return self.app.json.dumps(said).encode() + b"\n"

    @contextmanager
    def _acting(self) -> Iterator[None]:
        with self._speaking(), transaction(self.actor):
            yield

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Be in the request's language, whichever thread the server goes on with."""
        with self.app.app_context():
            g.request_id = self.actor.request_id
            language.set(self.actor.language)
            yield


def _shown(line: int, answer: Answer | Invalid) -> dict[str, Any]:
    if isinstance(answer, Invalid):
        return {"line": line} | problem_of(answer)
    shown: dict[str, Any] = BatchLineResponse(exclude=("line",)).dump(answer)
    return {"line": line} | shown
