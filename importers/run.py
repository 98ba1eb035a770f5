"""One run of an importer over one file: the whole file is judged first, then taken in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from importers.files import digest
from importers.kinds import KINDS, Check, by_kind, new_ones
from importers.rows import Document, Event, Lookups, RawRow, Reject, Report, Unusable
from salsa_ext.db import transaction
from salsa_ext.errors import ImportRejected, Invalid, say
from salsa_ext.services import agencies, imports
from salsa_ext.services.agencies import AgencyData
from salsa_ext.values.actor import Actor
from salsa_ext.values.events import Source

BATCH = 1_000
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Importer:
    """One kind of file: how it is read, and what a row of it means.

    `agencies` are those that its documents name; the first batch registers what is missing.
    """

    source: str
    read: Callable[[Path], Iterator[RawRow]]
    interpret: Callable[[RawRow, Lookups], Event]
    lookups: Lookups
    agencies: tuple[AgencyData, ...] = ()


def take(
    importer: Importer, path: Path, actor: Actor, dry_run: bool = False,
    progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Take a file into the records of the actor's state, or with `dry_run` only judge it.

    A document whose number the state has already is left as it is, so a second run adds nothing.
    Raises ImportRejected where the file is no such file or gives too few usable rows or too many;
    nothing of it is taken then. `progress` is told how many rows are done, of how many.
    """
    report = _judge(importer, path, actor)
    _check_volume(importer.lookups, report)
    if not dry_run:
        _write(importer, path, actor, report, progress or (lambda done, total: None))
    return report


def _judge(importer: Importer, path: Path, actor: Actor) -> Report:
    report = Report()
    seen: dict[tuple[type[Document], str], int] = {}
    for rows in _batches(importer.read(path)):
        report.rows_read += len(rows)
        with transaction(actor):
            events = list(_judged(importer, rows, actor, seen, report.rejects))
            _count(events, actor, report)
    return report


def _judged(
    importer: Importer, rows: Iterable[RawRow], actor: Actor,
    seen: dict[tuple[type[Document], str], int], rejects: list[Reject],
) -> Iterator[Event]:  # fmt: skip
    """Yield what the usable rows tell of; what speaks against the others goes to `rejects`."""
    own = frozenset(agency.code for agency in importer.agencies)
    checks = {document: kind.checker(actor, own) for document, kind in KINDS.items()}
    for row in rows:
        try:
            event = importer.interpret(row, importer.lookups)
            _check(event, checks)
            _check_repeated(event, row.number, seen)
        except Unusable as error:
            rejects.append(Reject(row.number, str(error)))
        else:
            yield event


def _check(event: Event, checks: Mapping[type[Document], Check]) -> None:
    """Ask the commands now, since in a batch one refused document would refuse all."""
    for document in event.documents:
        try:
            checks[type(document)](document)
        except Invalid as error:
            said = (f"{path}: {text}" for path, texts in error.errors.items() for text in texts)
            raise Unusable(f"{KINDS[type(document)].name}: {'; '.join(said)}") from None


def _check_repeated(event: Event, row: int, seen: dict[tuple[type[Document], str], int]) -> None:
    for document in event.documents:
        if document.number is None:
            continue
        first = seen.setdefault((type(document), document.number), row)
        if first != row:
            raise Unusable(f"the number {document.number} stands in row {first} already")


def _check_volume(lookups: Lookups, report: Report) -> None:
    if not lookups.least <= report.usable <= lookups.most:
        raise ImportRejected(
            say("{usable} of {rows} rows can be used, and this source gives {least} to {most};"
                " nothing was taken.", usable=report.usable, rows=report.rows_read,
                least=lookups.least, most=lookups.most),
            rejects=report.rejects,
        )  # fmt: skip


def _write(
    importer: Importer, path: Path, actor: Actor, report: Report, progress: Progress
) -> None:
    """Take batch after batch; the run is written with the first, so that no record lacks it."""
    refused, done = {reject.row for reject in report.rejects}, 0
    for rows in _batches(importer.read(path)):
        usable = [row for row in rows if row.number not in refused]
        with transaction(actor):
            if not done:
                agencies.register_missing(actor=actor, batch=importer.agencies)
                imports.record(actor=actor, data=_run_data(importer, path, report))
            _record(importer, usable, actor, report)
        done += len(rows)
        progress(done, report.rows_read)


def _record(importer: Importer, rows: Sequence[RawRow], actor: Actor, report: Report) -> None:
    events = [
        Event(tuple(replace(document, source=Source(report.import_id, row.number))
                    for document in importer.interpret(row, importer.lookups).documents))
        for row in rows
    ]  # fmt: skip
    for kind, batch in by_kind(new_ones(events, actor)).items():
        kind.record_many(actor=actor, batch=batch)


def _count(events: Sequence[Event], actor: Actor, report: Report) -> None:
    new = new_ones(events, actor)
    report.rows_taken += sum(1 for event in new if event.documents)
    taken = Counter({kind.name: len(batch) for kind, batch in by_kind(new).items()})
    told = Counter({kind.name: len(batch) for kind, batch in by_kind(events).items()})
    report.taken += taken
    report.known += told - taken


def _run_data(importer: Importer, path: Path, report: Report) -> imports.RunData:
    return imports.RunData(
        id=report.import_id, source=importer.source, file_name=path.name, file_digest=digest(path),
        rows_read=report.rows_read, rows_taken=report.rows_taken,
        rejects=[reject._asdict() for reject in report.rejects],
    )  # fmt: skip


def _batches(rows: Iterator[RawRow]) -> Iterator[list[RawRow]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
