"""The job that judges, loads and undoes uploaded files, batch by batch, as their uploaders."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

import psycopg2
from flask import current_app

from api.i18n import messages
from api.schemas.imports import read_imported
from importers.judgement import message_data
from importers.load import Import, undo_steps
from importers.profiles import from_data
from importers.reading import sealed_files
from importers.reading.sealed_files import delete_file, file_name, open_file
from salsa_ext.access.authentication import account_actor
from salsa_ext.administration import imports
from salsa_ext.administration.content_store import ContentStore
from salsa_ext.administration.models import ImportRun
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import ImportRejected, SalsaError, Unavailable, message
from salsa_ext.database.session import UNAVAILABLE_ERRORS, execute_raw, transaction
from salsa_ext.jobs.runner import DueJob, QueueJob
from salsa_ext.jobs.wake import SideConnection

log = logging.getLogger("salsa.worker")
MAX_TRIES: Final = 20
CRASH, BUSY = 4, 1
"""How much of the tries of a run a process costs that ends over it, or a busy database."""
ORPHAN_TIME: Final = timedelta(hours=1)
UNREADABLE: Final = message(
    "The program cannot read this file by this profile. Change the profile, or ask its operator."
)
WAITING: Final = "SELECT state, depth, oldest FROM salsa_import_states()"


@dataclass
class _Work:
    """A run that this process has begun: who claimed it, and what is left of its steps."""

    claim: int
    steps: Iterator[Any]
    status: str
    language: str


class _Claims:
    """Runs of this process: locks of a session, which ends with it, or a minute after its machine."""

    _SESSION = """
    SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
    SELECT pg_backend_pid()
    """
    _LOCK = "SELECT pg_try_advisory_lock(hashtextextended('import:' || %s, 0))"
    _UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('import:' || %s, 0))"

    def __init__(self, url: str) -> None:
        self._side, self._sessions = SideConnection(url), dict[UUID, int]()

    def claim(self, run_id: UUID) -> int | None:
        """Return the session by which a run is claimed; None while another process has it."""
        [(session,)] = self._side.execute(self._SESSION)
        if self._sessions.get(run_id) != session:  # not yet, or by a session that was lost
            if self._side.execute(self._LOCK, (str(run_id),)) != [(True,)]:
                return None
            self._sessions[run_id] = session
        return int(session)

    def release(self, run_id: UUID) -> None:
        """Let other processes have a run; the last one closes the session."""
        if self._sessions.pop(run_id, None) is None:
            return
        with suppress(psycopg2.Error):  # a lost session has no locks
            self._side.execute(self._UNLOCK, (str(run_id),))
        if not self._sessions:
            self._side.close()


def _claims() -> _Claims:
    claims = current_app.extensions.setdefault("claims", _Claims(current_app.config["LISTEN_URL"]))
    return cast(_Claims, claims)


_BEGUN: Final[dict[UUID, _Work]] = {}


def import_store() -> ContentStore:
    """Return the store of uploaded files."""
    return cast(ContentStore, current_app.config["IMPORT_STORE"])


def run_checks(*, actor: Actor) -> int:
    """Do one batch of a file that is new and to be checked; return how many batches were done."""
    return run_imports(actor=actor, next_run=imports.next_check)


def run_imports(
    *, actor: Actor, next_run: Callable[[Actor], ImportRun | None] = imports.next_run
) -> int:
    """Do one batch of the state's next run; return how many batches were done."""
    with transaction(actor):
        run = next_run(actor)
        if run is None:
            return 0
        run_id, status = run.id, run.status
    try:
        work = _begun(actor, run_id, status)
        if work is None:
            return 0
        is_done = _step(work)
    except (Unavailable, *UNAVAILABLE_ERRORS):
        _forget(run_id)
        with transaction(actor):
            imports.count_try(actor=actor, run_id=run_id, by=BUSY - CRASH)
        raise
    except Exception as error:
        log.exception("import failed", extra={"run": str(run_id)})
        _fail(actor, run_id, status, error)
        is_done = True
    if is_done:
        _forget(run_id)
        _delete_if_ended(actor, run_id)
    return 1


def _begun(actor: Actor, run_id: UUID, status: str) -> _Work | None:
    """Return the work on a run, begun if it is not yet; None for another process's or machine's."""
    claim, work = _claims().claim(run_id), _BEGUN.get(run_id)
    if work and work.status == status and work.claim == claim:
        return work
    if claim is None or not (status == "undoing" or import_store().has(file_name(run_id))):
        _forget(run_id)
        return None
    with transaction(actor):
        work = _begin(actor, imports.read_run(actor, run_id), claim)
        imports.count_try(actor=actor, run_id=run_id, by=CRASH)
    return work


def _step(work: _Work) -> bool:
    """Do one batch of a run; return whether it was the last."""
    language = messages.language.set(work.language)
    try:
        return next(work.steps, None) is None
    finally:
        messages.language.reset(language)


def _begin(actor: Actor, run: Any, claim: int) -> _Work:
    """Return the steps of a run by who uploaded, confirmed or undid it; raises Forbidden, ImportRejected."""
    if run.tries >= MAX_TRIES:
        text = message("The program ended several times over this file. Check what the file holds.")
        raise ImportRejected(text, rejects=[])
    by_status = {"loading": run.confirmed_by, "undoing": run.undone_by}
    uploader = account_actor(by_status.get(run.status) or run.account_id, actor)
    uploader = replace(uploader, language=run.language)
    steps: Iterator[Any]
    if run.status == "undoing":
        steps = undo_steps(uploader, run.id, "The import was undone.")
    else:
        file = partial(open_file, import_store(), run.id)
        work = Import(from_data(run.definition), file, uploader, read_imported)
        steps = work.steps(run.id, writes=run.status == "loading")
    begun = _BEGUN[run.id] = _Work(claim, steps, run.status, run.language)
    return begun


def _fail(actor: Actor, run_id: UUID, status: str, error: Exception) -> None:
    """Let a run fail, unless a person ended it at the same moment."""
    reason = error.message if isinstance(error, SalsaError) else UNREADABLE
    report = {"reason": message_data(reason)}
    with transaction(actor):
        imports.update_run(
            actor=actor, run_id=run_id, before=(status,), status="failed", report=report
        )


def _forget(run_id: UUID) -> None:
    _BEGUN.pop(run_id, None)
    _claims().release(run_id)


def _delete_if_ended(actor: Actor, run_id: UUID) -> None:
    with transaction(actor):
        has_ended = imports.read_run(actor, run_id).status in ("loaded", "failed", "undone")
    if has_ended:
        delete_file(import_store(), run_id)


@dataclass(frozen=True)
class Pace:
    """How far a run is: rows in all, rows a second, time left; the latter None at its beginning."""

    whole: int
    rate: int = 0
    left: timedelta | None = None


def read_pace(rows: int, whole: int, began_at: datetime | None, now: datetime) -> Pace:
    """Return how far a run of about `whole` rows is after its first `rows`."""
    whole = max(rows, whole)
    seconds = (now - began_at).total_seconds() if began_at else 0
    if not rows or seconds < 1:
        return Pace(whole)
    return Pace(
        whole, round(rows / seconds), timedelta(seconds=round((whole - rows) * seconds / rows))
    )


def discard_waiting(*, actor: Actor) -> int:
    """Discard the files that nobody loaded for `SALSA_IMPORT_DAYS`; return how many."""
    return imports.discard_waiting(actor=actor, before=actor.now() - waiting_time())


def delete_orphans(*, actor: Actor) -> int:
    """Delete files of no run, of any state; return how many."""
    known = {run_id for (run_id,) in execute_raw("SELECT id FROM salsa_import_files()")}
    return sealed_files.delete_orphans(import_store(), known, actor.now() - ORPHAN_TIME)


def waiting_time() -> timedelta:
    """Return how long a file waits for a person before it is discarded."""
    return timedelta(days=current_app.config["IMPORT_DAYS"])


CHECKS: Final = QueueJob("import_checks", run_checks, WAITING)
IMPORTS: Final = (
    QueueJob("imports", run_imports, WAITING),
    DueJob("waiting_imports", timedelta(hours=1), discard_waiting, repeats=False),
    DueJob("orphaned_imports", timedelta(hours=1), delete_orphans, by_state=False, repeats=False),
)
