"""Import pipeline: the whole file is validated, then written in batches."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from importers.rows import (
    Document,
    ImportReport,
    Lookups,
    RawRow,
    Reject,
    RowDocuments,
    UnusableRow,
    file_digest,
    read_csv,
)
from salsa_ext.administration import agencies, installation
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import ImportRejected, Invalid, message
from salsa_ext.core.occurrence import ImportSource
from salsa_ext.database.session import transaction
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import seizures, transfers
from salsa_ext.documents.values import SeizureData, TransferData
from salsa_ext.reference.agencies import agency_codes
from salsa_ext.reference.calendars import today

BATCH_ROWS = 1_000
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Importer:
    """A source of CSV files and what a row of it means.

    `source` names its command and its runs, `help` says what it takes. `columns` are those of the
    file, all of them. `interpret` returns the documents of a row, or raises UnusableRow. `state` is
    whose records these usually are; its missing `agencies` are registered by the first batch.
    """

    source: str
    help: str
    columns: tuple[str, ...]
    interpret: Callable[[RawRow, Lookups], RowDocuments]
    state: str
    agencies: tuple[AgencyData, ...] = ()
    lookups: Lookups = field(default_factory=Lookups)

    def read(self, path: Path) -> Iterator[RawRow]:
        """Yield the rows of a file as text; raises ImportRejected."""
        return read_csv(path, self.columns)


def run_import(
    importer: Importer,
    path: Path,
    actor: Actor,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a file for the actor's state; `dry_run` only validates.

    Documents with a known number are skipped, so a second run adds nothing. Raises ImportRejected
    for a wrong file or an unusual number of usable rows; nothing is written then. `progress` gets
    rows done and total.
    """
    if actor.state != importer.state:
        importer = replace(importer, agencies=())
    report = _validate_file(importer, path, actor)
    _check_volume(importer.lookups, report)
    if not dry_run:
        _write_file(importer, path, actor, report, progress or (lambda done, total: None))
    return report


def _validate_file(importer: Importer, path: Path, actor: Actor) -> ImportReport:
    report = ImportReport()
    lines: dict[tuple[type[Document], str], int] = {}
    for rows in _batches(importer.read(path)):
        report.rows_read += len(rows)
        with transaction(actor):
            events = list(_valid_rows(importer, rows, actor, lines, report.rejects))
            _count_documents(events, actor, report)
    return report


def _valid_rows(
    importer: Importer,
    rows: Iterable[RawRow],
    actor: Actor,
    rows_by_number: dict[tuple[type[Document], str], int],
    rejects: list[Reject],
) -> Iterator[RowDocuments]:
    """Yield usable rows; add the others to `rejects`."""
    own = frozenset(agency.code for agency in importer.agencies)
    checks = {document: kind.checker(actor, own) for document, kind in DOCUMENT_KINDS.items()}
    for row in rows:
        try:
            event = importer.interpret(row, importer.lookups)
            _check_documents(event, checks)
            _check_duplicates(event, row.number, rows_by_number)
        except UnusableRow as error:
            rejects.append(Reject(row.number, str(error)))
        else:
            yield event


def _check_documents(event: RowDocuments, checks: Mapping[type[Document], DocumentCheck]) -> None:
    """Validate early: one refused document would refuse its batch."""
    for document in event.documents:
        try:
            checks[type(document)](document)
        except Invalid as error:
            problems = (f"{path}: {text}" for path, texts in error.errors.items() for text in texts)
            raise UnusableRow(
                f"{DOCUMENT_KINDS[type(document)].name}: {'; '.join(problems)}"
            ) from None


def _check_duplicates(
    event: RowDocuments, row: int, rows_by_number: dict[tuple[type[Document], str], int]
) -> None:
    for document in event.documents:
        if document.number is None:
            continue
        first = rows_by_number.setdefault((type(document), document.number), row)
        if first != row:
            raise UnusableRow(f"the number {document.number} stands in row {first} already")


def _check_volume(lookups: Lookups, report: ImportReport) -> None:
    if not lookups.least <= report.usable <= lookups.most:
        raise ImportRejected(
            message(
                "{usable} of {rows} rows can be used, and this source gives {least} to {most};"
                " nothing was taken.",
                usable=report.usable,
                rows=report.rows_read,
                least=lookups.least,
                most=lookups.most,
            ),
            rejects=report.rejects,
        )


def _write_file(
    importer: Importer, path: Path, actor: Actor, report: ImportReport, progress: Progress
) -> None:
    """Write batch by batch; the first one also records the run."""
    refused, done = {reject.row for reject in report.rejects}, 0
    for rows in _batches(importer.read(path)):
        usable = [row for row in rows if row.number not in refused]
        with transaction(actor):
            if not done:
                agencies.register_missing(actor=actor, batch=importer.agencies)
                installation.record_import(actor=actor, data=_run_data(importer, path, report))
            _record_batch(importer, usable, actor, report)
        done += len(rows)
        progress(done, report.rows_read)


def _record_batch(
    importer: Importer, rows: Sequence[RawRow], actor: Actor, report: ImportReport
) -> None:
    events = [
        RowDocuments(
            tuple(
                replace(document, source=ImportSource(report.import_id, row.number))
                for document in importer.interpret(row, importer.lookups).documents
            )
        )
        for row in rows
    ]
    for kind, batch in documents_by_kind(without_known(events, actor)).items():
        kind.record_many(actor=actor, batch=batch)


def _count_documents(events: Sequence[RowDocuments], actor: Actor, report: ImportReport) -> None:
    new = without_known(events, actor)
    report.rows_imported += sum(1 for event in new if event.documents)
    new_counts = Counter({kind.name: len(batch) for kind, batch in documents_by_kind(new).items()})
    all_counts = Counter(
        {kind.name: len(batch) for kind, batch in documents_by_kind(events).items()}
    )
    report.imported += new_counts
    report.known += all_counts - new_counts


def _run_data(importer: Importer, path: Path, report: ImportReport) -> installation.ImportRunData:
    return installation.ImportRunData(
        id=report.import_id,
        source=importer.source,
        file_name=path.name,
        file_digest=file_digest(path),
        rows_read=report.rows_read,
        rows_imported=report.rows_imported,
        rejects=[reject._asdict() for reject in report.rejects],
    )


def _batches(rows: Iterator[RawRow]) -> Iterator[list[RawRow]]:
    while batch := list(islice(rows, BATCH_ROWS)):
        yield batch


DocumentCheck = Callable[[Any], None]


@dataclass(frozen=True)
class DocumentKind:
    """Kind of document: name, and commands to check and record.

    `checker(actor, agencies)` returns the check of a batch; `agencies` are those of the importer.
    """

    name: str
    view: document_queries.DocumentKind
    checker: Callable[[Actor, frozenset[str]], DocumentCheck]
    record_many: Callable[..., object]


def _transfer_checker(actor: Actor, agencies: frozenset[str]) -> DocumentCheck:
    on = today(actor)
    return lambda data: transfers.check(data, on)


def _seizure_checker(actor: Actor, agencies: frozenset[str]) -> DocumentCheck:
    owner, on = actor.own_state(), today(actor)
    known = agency_codes(actor.state) | agencies
    return lambda data: seizures.check(data, owner, on, known)


DOCUMENT_KINDS: Mapping[type[Document], DocumentKind] = {
    TransferData: DocumentKind(
        "transfers", document_queries.TRANSFERS, _transfer_checker, transfers.record_many
    ),
    SeizureData: DocumentKind(
        "seizures", document_queries.SEIZURES, _seizure_checker, seizures.record_many
    ),
}


def without_known(events: Sequence[RowDocuments], actor: Actor) -> list[RowDocuments]:
    """Return the rows without documents already recorded."""
    known = {}
    for kind, batch in documents_by_kind(events).items():
        numbers = [document.number for document in batch if document.number is not None]
        known[kind] = installation.find_used_numbers(actor=actor, kind=kind.view, numbers=numbers)
    return [
        RowDocuments(
            tuple(
                document
                for document in event.documents
                if document.number not in known[DOCUMENT_KINDS[type(document)]]
            )
        )
        for event in events
    ]


def documents_by_kind(events: Iterable[RowDocuments]) -> dict[DocumentKind, list[Document]]:
    """Return the documents of rows by kind, in row order."""
    documents: dict[DocumentKind, list[Document]] = defaultdict(list)
    for event in events:
        for document in event.documents:
            documents[DOCUMENT_KINDS[type(document)]].append(document)
    return documents
