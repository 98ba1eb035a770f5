"""Imports of files: runs, stored profiles, and the index of the last content of each file's documents."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration.models import ImportedDocument, ImportProfile, ImportReject, ImportRun
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, IllegalTransition, Message, NotFound, message
from salsa_ext.core.ids import new_id
from salsa_ext.custody.models import CustodyEntry
from salsa_ext.database.bulk import insert_many, is_any_of
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db, wake_after_commit
from salsa_ext.documents.models import DocumentNumber, Report, Seizure, Transfer
from salsa_ext.documents.queries import DocumentKind
from salsa_ext.firearms.records.models import Record
from salsa_ext.matches.models import Match
from salsa_ext.tracing.traces.models import Trace

MAX_VANISHED: Final = 1_000
MAPPED_STATUSES: Final = ("draft", "judged")
WAITING_STATUSES: Final = (*MAPPED_STATUSES, "judging", "loading")
UNDONE_STATUSES: Final = (*WAITING_STATUSES, "loaded", "failed")
MAX_REJECTS: Final = 10_000
"""Refused rows of a run that are stored; all are counted."""
FIRST_ROWS: Final = 20_000
"""Rows of a file that are checked before all other background work."""
MAX_BEFORE: Final = 100
MAX_WAITING: Final = 20
"""Files of an account that are not loaded yet."""
WITHDRAWN_SUBJECTS: Final = ("seizures", "transfers", "reports")


@dataclass(frozen=True)
class ImportData:
    """What a run is begun with: profile, file and its SHA-256, and what its documents need."""

    profile: str
    definition: Mapping[str, Any]
    file_name: str
    file_digest: bytes
    status: str = "loading"
    id: UUID | None = None
    permissions: Sequence[str] = ()


def begin_run(*, actor: Actor, data: ImportData) -> UUID:
    """Record the beginning of a run; return its id."""
    require(actor, Permission.IMPORT_RUN)
    state = actor.own_state()
    same = select(ImportRun.id).where(
        ImportRun.owner_state == state,
        ImportRun.profile == data.profile,
        ImportRun.file_digest == data.file_digest,
        ImportRun.status == "loading",
        ImportRun.account_id.is_(None),
    )
    if data.status == "loading" and (run_id := db.session.scalar(same)) is not None:
        return UUID(str(run_id))
    run_id = data.id or new_id()
    if actor.account_id is not None:
        _check_waiting(actor)
    row = {name: value for name, value in vars(data).items() if name != "id"}
    row |= {"id": run_id, "owner_state": state, "concerned": [state], "language": actor.language}
    row |= {"account_id": actor.account_id, "started_at": actor.now(), "ended_at": None}
    row |= {"permissions": [*data.permissions]}
    insert_many(ImportRun, [row | {"rows_read": 0, "tries": 0, "report": {}}])
    append(
        actor, AuditEvent(Action.FILE_IMPORTED, "import", run_id, data={"profile": data.profile})
    )
    if data.status == "judging":
        wake_after_commit()
    return run_id


def _check_waiting(actor: Actor) -> None:
    """Raise Conflict if many files of the account wait."""
    mine = (ImportRun.owner_state == actor.state) & (ImportRun.account_id == actor.account_id)
    waiting = select(func.count()).where(mine, ImportRun.status.in_(WAITING_STATUSES))
    if (count := db.session.scalar(waiting) or 0) >= MAX_WAITING:
        text = message("You have {count} files that wait. Load or discard one first.", count=count)
        raise Conflict(text)


def read_run(actor: Actor, run_id: UUID) -> ImportRun:
    """Return an own run; raises NotFound, or Forbidden without what its documents need."""
    require(actor, Permission.IMPORT_RUN)
    run = db.session.get(ImportRun, run_id, populate_existing=True)
    if run is None or run.owner_state != actor.state:
        raise NotFound("import", run_id)
    for permission in run.permissions:
        require(actor, Permission(permission))
    return run


def list_runs(
    *, actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[ImportRun]:
    """Return a page of the own state's runs that the actor may read, newest first."""
    require(actor, Permission.IMPORT_RUN)
    mine = select(ImportRun).where(
        ImportRun.owner_state == actor.state,
        ImportRun.permissions.contained_by([*map(str, actor.permissions)]),
    )
    for name, value in filters.items():
        mine = mine.where(getattr(ImportRun, name) == value)
    return fetch_page(mine, ImportRun.id, limit, cursor)


def update_run(
    *, actor: Actor, run_id: UUID, before: Collection[str] | None = None, **values: Any
) -> None:
    """Write the progress of a run, only from a status of `before`; an ended one gets its time."""
    require(actor, Permission.IMPORT_RUN)
    if values.get("status") in ("loaded", "failed", "undone"):
        values["ended_at"] = actor.now()
    run = update(ImportRun).where(ImportRun.id == run_id)
    if before is not None:  # a person may have ended it at the same moment
        run = run.where(ImportRun.status.in_(before))
    db.session.execute(run.values(**values))


def count_try(*, actor: Actor, run_id: UUID, by: int) -> None:
    """Count that a process begins a run."""
    update_run(actor=actor, run_id=run_id, tries=ImportRun.tries + by)


def judge_run(
    *,
    actor: Actor,
    import_id: UUID,
    profile: str,
    definition: Mapping[str, Any],
    permissions: Sequence[str],
) -> None:
    """Let the file of a draft or judged run be judged by a profile; raises as `confirm_run`."""
    require(actor, Permission.IMPORT_RUN)
    _move(actor, import_id, MAPPED_STATUSES, "judging", message("map the columns"))
    values = {"profile": profile, "definition": dict(definition), "permissions": permissions}
    update_run(actor=actor, run_id=import_id, report={}, **values)


def confirm_run(*, actor: Actor, import_id: UUID) -> None:
    """Let a judged run be loaded as the actor; raises as `read_run`, IllegalTransition."""
    require(actor, Permission.IMPORT_RUN)
    _move(actor, import_id, ("judged",), "loading", message("load the file"))
    update_run(actor=actor, run_id=import_id, confirmed_by=actor.account_id)


def discard_waiting(*, actor: Actor, before: datetime) -> int:
    """Let files be discarded that were uploaded before and wait for a person; return how many."""
    require(actor, Permission.IMPORT_RUN)
    ended = select(ImportRun.id).where(
        ImportRun.owner_state == actor.state, ImportRun.ended_at < before
    )
    db.session.execute(delete(ImportReject).where(ImportReject.run_id.in_(ended)))
    waiting = select(ImportRun.id).where(
        ImportRun.owner_state == actor.state,
        ImportRun.account_id.is_not(None),
        ImportRun.status.in_(MAPPED_STATUSES),
        ImportRun.started_at < before,
    )
    outdated = db.session.scalars(waiting).all()
    for run_id in outdated:
        _move(actor, run_id, MAPPED_STATUSES, "undoing", message("undo the import"))
    return len(outdated)


def begin_undo(*, actor: Actor, import_id: UUID) -> None:
    """Let the documents of a loaded run be withdrawn by the actor, or a waiting file be discarded.

    Raises as `read_run` and `check_undoable`.
    """
    require(actor, Permission.IMPORT_RUN)
    read_run(actor, import_id)
    check_undoable(actor, import_id)
    _move(actor, import_id, UNDONE_STATUSES, "undoing", message("undo the import"))
    update_run(actor=actor, run_id=import_id, undone_by=actor.account_id)


def _move(actor: Actor, run_id: UUID, before: Collection[str], after: str, action: Message) -> None:
    run = read_run(actor, run_id)
    if run.status not in before:
        raise IllegalTransition("import", run.status, action)
    update_run(actor=actor, run_id=run_id, status=after, tries=0)
    if after == "undoing":
        clear_rejects(actor, run_id)
        update_run(actor=actor, run_id=run_id, report=_without_texts(run.report))
    append(actor, AuditEvent(Action.FILE_IMPORTED, "import", run_id, data={"status": after}))
    wake_after_commit()


def next_run(actor: Actor) -> ImportRun | None:
    """Return the state's next uploaded run with work."""
    require(actor, Permission.IMPORT_RUN)
    return next(iter(_waiting_runs(actor, 1)), None)


def next_check(actor: Actor) -> ImportRun | None:
    """Return the state's next run to be checked that is new, or short so far."""
    require(actor, Permission.IMPORT_RUN)
    run = next_run(actor)
    return run if run and run.status == "judging" and run.rows_read < FIRST_ROWS else None


def runs_before(actor: Actor, run: ImportRun) -> list[ImportRun]:
    """Return the state's runs that are worked on before this one, the next first."""
    require(actor, Permission.IMPORT_RUN)
    waiting = _waiting_runs(actor, MAX_BEFORE)
    return waiting[: next((at for at, each in enumerate(waiting) if each.id == run.id), None)]


def _waiting_runs(actor: Actor, most: int) -> list[ImportRun]:
    """Return the state's uploaded runs with work: checks, as a person waits, then the oldest."""
    waiting = select(ImportRun).where(
        ImportRun.owner_state == actor.state,
        ImportRun.account_id.is_not(None),
        ImportRun.status.in_(("judging", "loading", "undoing")),
    )
    order = (ImportRun.status != "judging", ImportRun.started_at, ImportRun.id)
    return [*db.session.scalars(waiting.order_by(*order).limit(most))]


# --- profiles -----------------------------------------------------------------------------------


def store_profile(
    *, actor: Actor, name: str, definition: Mapping[str, Any], permissions: Sequence[str]
) -> None:
    """Store a profile of the own state, in the place of the actor's own of that name.

    The command line replaces those of others, too. Raises Conflict.
    """
    require(actor, Permission.IMPORT_RUN)
    key = {"owner_state": actor.own_state(), "name": name}
    values = {"definition": dict(definition), "stored_at": actor.now(), "permissions": permissions}
    values["account_id"] = actor.account_id
    is_own = ImportProfile.account_id == actor.account_id if actor.account_id else None
    statement = insert(ImportProfile).values(**key, **values)
    statement = statement.on_conflict_do_update(index_elements=[*key], set_=values, where=is_own)
    if not db.session.execute(statement.returning(ImportProfile.name)).first():
        text = message("Another person stored a profile of this name. Choose another name.")
        raise Conflict(text)
    append(actor, AuditEvent(Action.PROFILE_STORED, "import", name))


def stored_profiles(actor: Actor) -> dict[str, Mapping[str, Any]]:
    """Return the definitions of the own state's profiles that the actor may use, by name."""
    require(actor, Permission.IMPORT_RUN)
    mine = select(ImportProfile).where(
        ImportProfile.owner_state == actor.state,
        ImportProfile.permissions.contained_by([*map(str, actor.permissions)]),
    )
    rows = db.session.scalars(mine.order_by(ImportProfile.name))
    return {row.name: row.definition for row in rows}


# --- documents of files -------------------------------------------------------------------------


def find_imported(
    actor: Actor, subject: str, numbers: Collection[str]
) -> dict[str, ImportedDocument]:
    """Return the documents that files gave, by number."""
    mine = select(ImportedDocument).where(
        ImportedDocument.owner_state == actor.state,
        ImportedDocument.subject == subject,
        is_any_of(ImportedDocument.number, numbers),
    )
    return {row.number: row for row in db.session.scalars(mine)}


def find_used_numbers(actor: Actor, kind: DocumentKind, numbers: Collection[str]) -> set[str]:
    """Return those numbers that documents of the actor's state have."""
    require(actor, Permission.IMPORT_RUN)
    mine = select(DocumentNumber.number).where(
        DocumentNumber.owner_state == actor.own_state(),
        DocumentNumber.kind == kind.name,
        is_any_of(DocumentNumber.number, numbers),
    )
    return set(db.session.scalars(mine))


def add_imported(actor: Actor, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add new documents of a file to the index."""
    insert_many(ImportedDocument, [{"owner_state": actor.own_state(), **row} for row in rows])


def mark_corrected(
    actor: Actor, document: ImportedDocument, digest: bytes, run_id: UUID | None
) -> None:
    """Write what a run corrected a document to."""
    mine = (ImportedDocument.owner_state == actor.state) & (
        ImportedDocument.document_id == document.document_id
    )
    values = {"digest": digest, "run_id": run_id, "seen_in": run_id}
    corrected = update(ImportedDocument).where(mine).values(version=document.version + 1, **values)
    db.session.execute(corrected.execution_options(synchronize_session=False))


def mark_present(actor: Actor, subject: str, numbers: Collection[str], run_id: UUID) -> None:
    """Write that a full file has documents that did not change."""
    mine = (ImportedDocument.owner_state == actor.state) & (ImportedDocument.subject == subject)
    same = update(ImportedDocument).where(mine, ImportedDocument.number.in_(numbers))
    db.session.execute(same.values(seen_in=run_id))


def find_vanished(actor: Actor, profile: str, run_id: UUID) -> list[str]:
    """Return the numbers of a profile's documents that a full file no longer has."""
    missing = select(ImportedDocument.number).where(
        ImportedDocument.owner_state == actor.state,
        ImportedDocument.profile == profile,
        ImportedDocument.seen_in != run_id,
    )
    return list(db.session.scalars(missing.order_by(ImportedDocument.number).limit(MAX_VANISHED)))


def clear_rejects(actor: Actor, run_id: UUID) -> None:
    """Delete the refused rows of a run that begins at its first row."""
    require(actor, Permission.IMPORT_RUN)
    db.session.execute(delete(ImportReject).where(ImportReject.run_id == run_id))


def add_rejects(
    actor: Actor, run_id: UUID, rows: Mapping[int, Mapping[str, Any]], *, is_skipped: bool = False
) -> None:
    """Store refused or skipped rows of a run by their places, up to `MAX_REJECTS` of each."""
    if not rows:
        return
    alike = (ImportReject.run_id == run_id) & (ImportReject.is_skipped == is_skipped)
    room = max(0, MAX_REJECTS - (db.session.scalar(select(func.count()).where(alike)) or 0))
    shared = {"run_id": run_id, "owner_state": actor.own_state(), "is_skipped": is_skipped}
    stored = [shared | {"row": place, "content": row} for place, row in rows.items()]
    insert_many(ImportReject, stored[:room])


def forget_texts(actor: Actor, texts: Collection[str]) -> None:
    """Delete refused rows and previews of the own state that have one of these texts."""
    folded = [text.casefold() for text in texts]
    rejects = select(ImportReject).where(ImportReject.owner_state == actor.state)
    for reject in db.session.scalars(rejects) if folded else ():
        if any(text in cell["text"].casefold() for cell in reject.cells for text in folded):
            db.session.delete(reject)
    runs = select(ImportRun).where(ImportRun.owner_state == actor.state)
    for run in db.session.scalars(runs) if folded else ():
        report = json.dumps(run.report, ensure_ascii=False).casefold()
        if any(text in report for text in folded):
            run.report = _without_texts(run.report)
    db.session.flush()


def _without_texts(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report without its examples of single rows."""
    return {name: report[name] for name in ("counts", "skipped", "reason") if name in report}


def read_rejects(actor: Actor, run_id: UUID, *, is_skipped: bool = False) -> Iterable[ImportReject]:
    """Return the refused rows of an own run in order, or the skipped ones; raises NotFound."""
    require(actor, Permission.IMPORT_RUN)
    read_run(actor, run_id)
    alike = (ImportReject.run_id == run_id) & (ImportReject.is_skipped == is_skipped)
    rows = select(ImportReject).where(alike).order_by(ImportReject.row)
    return db.session.scalars(rows.execution_options(yield_per=1_000))


# --- undo ---------------------------------------------------------------------------------------


def check_undoable(actor: Actor, run_id: UUID) -> None:
    """Raise Conflict if a run corrected documents, or if others were built on its documents."""
    of_run = ImportedDocument.run_id == run_id
    others = of_run & ImportedDocument.subject.not_in(WITHDRAWN_SUBJECTS)
    if db.session.scalar(select(ImportedDocument.number).where(others).limit(1)):
        raise Conflict(
            message("What this run loaded is not withdrawn together. Cancel or close it by hand.")
        )
    ids = select(ImportedDocument.document_id).where(of_run)
    if db.session.scalar(
        select(ImportedDocument.number).where(of_run, ImportedDocument.version > 1)
    ):
        raise Conflict(
            message("This run corrected documents of earlier ones. Load the earlier file again.")
        )
    records = select(Record.id).where(Record.document_id.in_(ids))
    built_on = [
        *(
            select(model.number).where(model.id.in_(ids), model.version > 1)
            for model in (Seizure, Transfer, Report)
        ),
        select(Trace.case_number).where(Trace.seizure_id.in_(ids)),
        select(CustodyEntry.id).where(CustodyEntry.seizure_id.in_(ids)),
        select(Match.id).where(Match.record_id.in_(records), Match.status != "proposed"),
    ]
    if any(db.session.execute(query.limit(1)).first() for query in built_on):
        raise Conflict(
            message("Somebody has worked with documents of this run. Withdraw the others by hand.")
        )


def documents_to_undo(run_id: UUID, limit: int) -> Sequence[ImportedDocument]:
    """Return the next documents that an undone run leaves to withdraw."""
    of_run = select(ImportedDocument).where(ImportedDocument.run_id == run_id)
    return db.session.scalars(of_run.order_by(ImportedDocument.number).limit(limit)).all()


def forget_documents(actor: Actor, documents: Sequence[ImportedDocument]) -> None:
    """Free the numbers of withdrawn documents, so that the file may be loaded again."""
    ids = [document.document_id for document in documents]
    db.session.execute(delete(DocumentNumber).where(DocumentNumber.id.in_(ids)))
    for document in documents:
        db.session.delete(document)
    db.session.flush()


def end_undo(*, actor: Actor, run_id: UUID) -> None:
    """Write that nothing of a run is left."""
    update_run(actor=actor, run_id=run_id, status="undone")
    append(actor, AuditEvent(Action.IMPORT_UNDONE, "import", run_id))
