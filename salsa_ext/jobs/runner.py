"""Jobs: what follows from changes, from time, and from queues, one state a transaction.

A job is one row of the table `JOBS` in `<subject>/jobs.py`. It runs as the service of one state. The
lock on its cursor is the claim: several workers run at once, and a killed one leaves nothing behind.
Its cursor moves in the transaction of its effect, so a change has its effect once.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import psycopg2
from sqlalchemy.exc import OperationalError

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.rules import service
from salsa_ext.core.actor import NO_VAULT, Actor, Vault
from salsa_ext.core.clock import SYSTEM_CLOCK, Clock
from salsa_ext.core.errors import Unavailable
from salsa_ext.database import session
from salsa_ext.database.session import NO_STATE, execute_raw
from salsa_ext.jobs.changes import NUMBERING_BATCH, Change, number_changes, read_changes
from salsa_ext.jobs.wake import SideConnection
from salsa_ext.reference.names import participants

log = logging.getLogger("salsa.worker")
MAX_TRIES: Final = 5
MAX_BUSY_TRIES: Final = 20
"""Tries of a change for which the database had no time; with the rests between them some minutes."""
MAX_REST: Final = 60.0
ROUND_SECONDS: Final = 0.5
"""Seconds after which a round ends, so that what a person waits for never waits for a backlog."""


@dataclass(frozen=True)
class ChangeJob:
    """Follows the changes of some kinds, in order.

    `run(actor, changes)` gets up to `batch` changes of the actor's state, and returns how many of
    them it followed where they are too much for one transaction. What it writes for one of them it
    writes as `change.follow_as(actor)`.
    """

    code: str
    kinds: tuple[str, ...]
    run: Callable[[Actor, Sequence[Change]], int | None]
    batch: int = 100


@dataclass(frozen=True)
class QueueJob:
    """Empties a queue of its own at each wake-up.

    `run(actor=…)` does a part of the state's work, in transactions of its own, and returns how much;
    it locks what it works on, and counts what it tries. `waiting` is SQL that returns each state
    with work, how much, and since when; the worker's role may read that of all states.
    """

    code: str
    run: Callable[..., int]
    waiting: str


@dataclass(frozen=True)
class DueJob:
    """Does what time brings: `run(actor=…)` each `every`, and where it `repeats` until it returns 0.

    With `by_state` for each participating state, else once, without a state.
    """

    code: str
    every: timedelta
    run: Callable[..., int]
    by_state: bool = True
    repeats: bool = True


Job = ChangeJob | QueueJob | DueJob


@dataclass(frozen=True)
class Attempt:
    """How often a batch was begun, this time included."""

    tries: int = 1
    is_single: bool = False
    is_resting: bool = False
    reason: str = ""


class Tries(Protocol):
    """Counts how often a batch is begun, so that a change that never works is set aside."""

    rests: bool

    def begin(self, job: str, state: str, changes: Sequence[Change]) -> Attempt:
        """Count and return one more attempt of these changes."""

    def fail(self, job: str, state: str, reason: str) -> None:
        """Store why the last attempt failed."""


class StoredTries:
    """Counts on a connection of its own, so that a crash of the process counts too."""

    rests = True
    _BEGIN = """
    INSERT INTO job_try AS t (job, state, number, last, tries) VALUES (%s, %s, %s, %s, 1)
    ON CONFLICT (job, state) DO UPDATE SET
        tries = CASE
            WHEN t.number <> excluded.number THEN 1
            WHEN t.retry_at > clock_timestamp() THEN t.tries
            ELSE t.tries + 1 END,
        singly_until = CASE t.number WHEN excluded.number THEN greatest(t.last, t.singly_until)
            ELSE t.singly_until END,
        reason = CASE t.number WHEN excluded.number THEN t.reason END,
        retry_at = CASE t.number WHEN excluded.number THEN t.retry_at END,
        number = excluded.number, last = excluded.last
    RETURNING tries, number <= singly_until, coalesce(retry_at > clock_timestamp(), false),
        coalesce(reason, 'the process ended')
    """
    _FAIL = """
    UPDATE job_try SET reason = %s, retry_at = clock_timestamp()
        + least(%s, 0.05 * 2 ^ least(tries, 20)) * interval '1 second'
    WHERE job = %s AND state = %s
    """

    def __init__(self, connection: SideConnection) -> None:
        self._connection = connection

    def begin(self, job: str, state: str, changes: Sequence[Change]) -> Attempt:
        """Count and return one more attempt, unless a rest is not over."""
        values = (job, state, changes[0].number, changes[-1].number)
        return Attempt(*self._connection.execute(self._BEGIN, values)[0])

    def fail(self, job: str, state: str, reason: str) -> None:
        """Store why the last attempt failed, and let the state's job rest."""
        self._connection.execute(self._FAIL, (reason, MAX_REST, job, state))


class LocalTries:
    """Counts in this process, without rests: for jobs that run to idle, and for tests."""

    rests = False

    def __init__(self) -> None:
        self._begun: dict[tuple[str, str], tuple[int, int]] = {}
        self._singly: dict[tuple[str, str], int] = {}
        self._reasons: dict[tuple[str, str], str] = {}

    def begin(self, job: str, state: str, changes: Sequence[Change]) -> Attempt:
        """Count and return one more attempt of these changes."""
        key, first = (job, state), changes[0].number
        number, tries = self._begun.get(key, (first, 0))
        self._begun[key] = first, tries + 1 if number == first else 1
        singly = self._singly.get(key, 0)
        if number == first and tries:
            singly = self._singly[key] = max(singly, changes[-1].number)
        return Attempt(self._begun[key][1], first <= singly, False, self._reasons.get(key, ""))

    def fail(self, job: str, state: str, reason: str) -> None:
        """Store why the last attempt failed."""
        self._reasons[job, state] = reason


Transaction = Callable[[Actor], AbstractContextManager[None]]
_WITH_CHANGES: Final = """
SELECT follows.job, head.state, bool_or(cursor.job IS NULL)
FROM unnest(%s, %s) AS follows (job, kind) JOIN change_head AS head USING (kind)
LEFT JOIN job_cursor AS cursor ON cursor.job = follows.job AND cursor.state = head.state
GROUP BY 1, 2 HAVING max(head.number) > coalesce(max(cursor.number), 0)
"""
_RUNS: Final = "SELECT job, state, ran_at FROM job_cursor WHERE job = ANY (%s)"
_ADD_CURSORS: Final = (
    "INSERT INTO job_cursor (job, state) SELECT * FROM unnest(%s, %s) ON CONFLICT DO NOTHING"
)
_CLAIM: Final = (
    "SELECT number, ran_at FROM job_cursor WHERE job = %s AND state = %s FOR UPDATE SKIP LOCKED"
)
_MOVE: Final = "UPDATE job_cursor SET number = %s WHERE job = %s AND state = %s"
_RAN: Final = "UPDATE job_cursor SET ran_at = %s WHERE job = %s AND state = %s"
_SET_ASIDE: Final = """
INSERT INTO job_failure (job, state, number, reason, at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (job, state, number) DO UPDATE SET reason = excluded.reason, at = excluded.at
"""
_FAILURES: Final = "SELECT job, state, number FROM job_failure ORDER BY number"
_LOCK_FAILURE: Final = (
    "SELECT 1 FROM job_failure WHERE job = %s AND state = %s AND number = %s FOR UPDATE SKIP LOCKED"
)
_END_FAILURE: Final = "DELETE FROM job_failure WHERE job = %s AND state = %s AND number = %s"


class Runner:
    """Runs jobs in the application's context, with the worker's role."""

    def __init__(
        self,
        jobs: Sequence[Job],
        clock: Clock = SYSTEM_CLOCK,
        vault: Vault = NO_VAULT,
        *,
        transaction: Transaction = session.transaction,
        tries: Tries | None = None,
        numbers: bool = True,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """`numbers`: changes are numbered here alone; once `is_stopped` no step begins."""
        self._is_stopped = is_stopped
        self._jobs, self._clock, self._vault = jobs, clock, vault
        self._transaction, self._tries = transaction, tries or LocalTries()
        self._numbers, self._early = numbers, set[str]()

    def run_to_idle(self, *, all_due: bool = False) -> Counter[str]:
        """Run jobs until nothing waits that can be done now; return the work done by job."""
        early = {job.code for job in self._jobs if isinstance(job, DueJob) and all_due}
        once = {job.code for job in self._jobs if isinstance(job, DueJob) and not job.repeats}
        done = Counter[str]()
        while True:
            while progress := self.run_round():
                done += progress
            self._early = early
            progress = self.run_round() if early else progress
            self._early = set()
            if not progress:
                return done
            done += progress
            early -= once

    def run_round(self) -> Counter[str]:
        """Number changes, and run one step of each job that has work; return the work done.

        Jobs run in the order of their table, their states in a random one: none is always last. A
        round that did something ends after ROUND_SECONDS; the next begins with the first job again.
        """
        done, ends = Counter[str](), time.monotonic() + ROUND_SECONDS
        for job, state in self._find_work():
            if self._is_stopped():
                return Counter()
            if time.monotonic() > ends and +done:
                break
            done[job.code] += self._run_step(job, state)
        return +done

    def number(self) -> int:
        """Number all committed changes; return how many."""
        with self._transaction(self._actor(NO_STATE)):
            return _number_all()

    def _actor(self, state: str) -> Actor:
        return service(None if state == NO_STATE else state, self._clock, self._vault)

    def _find_work(self) -> list[tuple[Job, str]]:
        """Number changes, and return each job with the states for which it has work."""
        states: dict[str, list[str]] = {job.code: [] for job in self._jobs}
        with self._transaction(self._actor(NO_STATE)):
            if self._numbers:
                _number_all()
            new = self._find_changes(states) + self._find_due(states)
            if new:  # in this short transaction, so that no claim waits for another worker
                execute_raw(_ADD_CURSORS, tuple(map(list, zip(*sorted(new), strict=True))))
            for job in self._jobs:
                if isinstance(job, QueueJob):
                    states[job.code] = [state for state, *_ in execute_raw(job.waiting)]
        for waiting in states.values():
            random.shuffle(waiting)
        return [(job, state) for job in self._jobs for state in states[job.code]]

    def _find_changes(self, states: dict[str, list[str]]) -> list[tuple[str, str]]:
        """Add the states with changes that jobs have not followed; return new pairs of these."""
        follows = [
            (job.code, kind)
            for job in self._jobs
            if isinstance(job, ChangeJob)
            for kind in job.kinds
        ]
        new = []
        if follows:
            waiting = execute_raw(_WITH_CHANGES, tuple(map(list, zip(*follows, strict=True))))
            for code, state, is_new in waiting:
                states[code].append(state)
                new += [(code, state)] if is_new else []
        return new

    def _find_due(self, states: dict[str, list[str]]) -> list[tuple[str, str]]:
        """Add the states for which the time of jobs has come; return new pairs of these."""
        jobs = [job for job in self._jobs if isinstance(job, DueJob)]
        if not jobs:
            return []
        runs = {
            (job, state): at for job, state, at in execute_raw(_RUNS, ([job.code for job in jobs],))
        }
        for job in jobs:
            for state in participants() if job.by_state else [NO_STATE]:
                if self._is_due(job, runs.get((job.code, state))):
                    states[job.code].append(state)
        return [
            (job.code, state)
            for job in jobs
            for state in states[job.code]
            if (job.code, state) not in runs
        ]

    def _run_step(self, job: Job, state: str) -> int:
        """Run one step of a job in a transaction of a state; return the work done."""
        actor = self._actor(state)
        try:
            if isinstance(job, QueueJob):
                return job.run(actor=actor)
            with self._transaction(actor):
                return (
                    self._follow(job, actor, state)
                    if isinstance(job, ChangeJob)
                    else self._run_due(job, actor, state)
                )
        except Exception as error:  # a defect, or no time: others go on
            reason = _reason(error)
            log.exception("job failed", extra={"job": job.code, "state": state, "error": reason})
            if not isinstance(job, ChangeJob):
                return 0
            try:
                self._tries.fail(job.code, state, reason)
            except psycopg2.Error:  # neither counted nor rested: the poll comes again
                return 0
            return int(not self._tries.rests)

    def _claim(self, job: str, state: str) -> tuple[int, Any] | None:
        """Lock and return the cursor of a job in a state; None while another worker has it."""
        claimed: tuple[int, Any] | None = execute_raw(_CLAIM, (job, state)).fetchone()
        return claimed

    def _follow(self, job: ChangeJob, actor: Actor, state: str) -> int:
        claimed = self._claim(job.code, state)
        if claimed is None:
            return 0
        changes = read_changes(state, job.kinds, claimed[0], job.batch)
        if not changes:
            return 0
        attempt = self._tries.begin(job.code, state, changes)
        if attempt.is_resting:
            return 0
        if attempt.is_single:
            changes = changes[:1]
        is_busy = attempt.reason.startswith(BUSY)
        if attempt.tries > (MAX_BUSY_TRIES if is_busy else MAX_TRIES) and attempt.is_single:
            self._set_aside(job, actor, changes[0], attempt.reason)
        else:
            changes = changes[: job.run(actor, changes)]
        execute_raw(_MOVE, (changes[-1].number, job.code, state))
        return len(changes)

    def _set_aside(self, job: ChangeJob, actor: Actor, change: Change, reason: str) -> None:
        execute_raw(_SET_ASIDE, (job.code, change.state, change.number, reason, actor.now()))
        append(change.follow_as(actor), _job_event(Action.JOB_SET_ASIDE, job, change, reason))
        log.error("change set aside", extra={"job": job.code, "cause": str(change.cause)})

    def _run_due(self, job: DueJob, actor: Actor, state: str) -> int:
        claimed = self._claim(job.code, state)
        if claimed is None or not self._is_due(job, claimed[1]):
            return 0
        done = job.run(actor=actor)
        if not (done and job.repeats):
            execute_raw(_RAN, (actor.now(), job.code, state))
        return done

    def _is_due(self, job: DueJob, ran_at: datetime | None) -> bool:
        """Return whether a job that last ran then is to run now."""
        is_early = job.code in self._early
        return is_early or ran_at is None or ran_at <= self._clock.now() - job.every

    def retry_set_aside(self) -> tuple[int, int]:
        """Run again what was set aside; return how many succeeded, and how many failed again."""
        by_code = {job.code: job for job in self._jobs if isinstance(job, ChangeJob)}
        with self._transaction(self._actor(NO_STATE)):
            failures = execute_raw(_FAILURES).fetchall()
        results = Counter(
            self._retry(by_code[code], state, number)
            for code, state, number in failures
            if code in by_code
        )
        return results[True], results[False]

    def _retry(self, job: ChangeJob, state: str, number: int) -> bool | None:
        """Run a job for one change that was set aside; None if another worker does."""
        actor, key = self._actor(state), (job.code, state, number)
        try:
            with self._transaction(actor):
                changes = read_changes(state, job.kinds, number - 1, 1)
                if not execute_raw(_LOCK_FAILURE, key).rowcount:
                    return None
                job.run(actor, changes)
                execute_raw(_END_FAILURE, key)
                event = _job_event(Action.JOB_RETRIED, job, changes[0])
                append(changes[0].follow_as(actor), event)
            return True
        except Exception as error:  # it is set aside still, with the reason of today
            reason = _reason(error)
            log.exception("job failed", extra={"job": job.code, "state": state, "error": reason})
            with self._transaction(actor):
                execute_raw(_SET_ASIDE, (*key, reason, actor.now()))
            return False


BUSY: Final = "no time: "


def _number_all() -> int:
    numbered = 0
    while count := number_changes():
        numbered += count
        if count < NUMBERING_BATCH:
            break
    return numbered


def _reason(error: Exception) -> str:
    """Return the kind of an error; its text may hold personal values."""
    busy = BUSY if isinstance(error, (Unavailable, OperationalError)) else ""
    return busy + type(error).__name__


def _job_event(action: Action, job: ChangeJob, change: Change, reason: str = "") -> AuditEvent:
    about = {"job": job.code} | ({"error": reason} if reason else {})
    return AuditEvent(action, change.kind, change.object, data=about)
