"""Seeded faults under load: processes killed, connections and commits lost, a full disk.

A seed chooses the fault, the process, and the statement at which it happens. Meanwhile officers
record, trace and ship (`acts`); then envelopes are delivered again. In the end all queues are
empty, and each promise is checked. A subject adds its own to `QUEUES` and `PROMISES`.
"""

import json
import os
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import Random
from tempfile import NamedTemporaryFile
from typing import Any, Final

import psycopg2
from flask import Flask
from sqlalchemy import select

from benchmarks.faults.acts import ACTS, OFFICERS, PATIENCE, Keys, Load, open_permit
from benchmarks.faults.points import FAULTS, ROLES, FaultPlan
from benchmarks.harness import DATABASE, Service
from salsa_ext.access.rules import operator
from salsa_ext.access.signing import key_set
from salsa_ext.background import JOBS
from salsa_ext.core.errors import SalsaError
from salsa_ext.core.log_verifier import NotProven, read_note, root_by_proof, verify_bundle
from salsa_ext.database.postgres.server import EmbeddedServer
from salsa_ext.database.session import db, transaction
from salsa_ext.jobs.runner import ChangeJob, QueueJob
from salsa_ext.sealed_log import sealing
from salsa_ext.sealed_log.row_comparison import compare_rows
from salsa_ext.trade.shipments import progress
from salsa_ext.trade.shipments.fact_queries import load_facts
from salsa_ext.trade.shipments.models import Shipment

STATES: Final = sorted({officer[:3] for officer in OFFICERS})


def unproven(app: Flask, acknowledged: Mapping[str, str]) -> list[str]:
    """Verify each log offline, and in it each acknowledged write; return what is wrong.

    `acknowledged` has requests in words, by the id that their entries have.
    """
    broken: list[str] = []
    left = dict(acknowledged)
    for state in STATES:
        with app.app_context(), transaction(operator(state)), NamedTemporaryFile() as file:
            keys = {key["kid"]: key for key in key_set()["keys"]}
            sealing.write_bundle(operator(state), file)
            file.flush()
            try:
                verify_bundle(Path(file.name), keys)
                for entry in _entries(Path(file.name)):
                    if entry["request_id"] in left:
                        _verify_place(state, entry["id"], keys)
                        del left[entry["request_id"]]
            except NotProven as error:
                broken.append(f"The log of {state} is proven: {error}")
    return broken + [f"What was acknowledged has its proof: {each}" for each in left.values()]


def _entries(bundle: Path) -> Iterator[Mapping[str, Any]]:
    with zipfile.ZipFile(bundle) as files, files.open("entries.jsonl") as lines:
        for line in lines:
            if entry := json.loads(line):
                yield json.loads(entry["text"])


def _verify_place(state: str, entry_id: Any, keys: Mapping[str, Mapping[str, Any]]) -> None:
    proof = sealing.prove_entry(operator(state), entry_id)
    _, size, root = read_note(proof.checkpoint, keys)
    if root_by_proof(proof.leaf, proof.position, size, proof.hashes) != root:
        raise NotProven(f"the proof of entry {proof.position} leads to another root")


CLIENTS, ROUNDS = 4, 9
LAST_POINT: Final = {"serve": 600, "worker": 250}
QUEUES: Final = {
    "envelopes to deliver": "SELECT count(*) FROM outbox_progress WHERE delivered_at IS NULL",
    "envelopes to apply": "SELECT count(*) FROM inbox_progress WHERE status = 'waiting'",
    "entries to seal": "SELECT count(*) FROM log_new",
}
"""How much waits by kind, besides the queue of each job."""
_FOLLOWED: Final = [
    (job.code, kind) for job in JOBS if isinstance(job, ChangeJob) for kind in job.kinds
]
PROMISES: Final = {
    "No envelope is missing between what was sent and what was applied": """
        SELECT o.owner_state, o.recipient, o.sequence, i.processed_through FROM outbox_pair o
        LEFT JOIN inbox_pair i ON (i.owner_state, i.sender) = (o.recipient, o.owner_state)
        WHERE i.processed_through IS DISTINCT FROM o.sequence""",
    "Envelopes of a sender are applied in their order": """
        SELECT * FROM (SELECT owner_state, sender, sequence, processed_at, lag(processed_at)
            OVER (PARTITION BY owner_state, sender ORDER BY sequence) AS before
            FROM inbox_progress) applied WHERE processed_at < before""",
    "No change is set aside": "SELECT * FROM job_failure",
    "No envelope is refused": "SELECT * FROM inbox_progress WHERE status = 'refused'",
    "A state answers a trace once": """
        SELECT owner_state, case_number, kind, count(*) FROM outbox
        WHERE kind IN ('trace.answer', 'trace.no_record') GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "Each request of a trace is answered": """
        SELECT trace_id, state, status FROM trace_leg WHERE channel = 'service'
        AND status IN ('sent', 'acknowledged')""",
    "A document of one number is recorded once": " UNION ALL ".join(
        f"SELECT owner_state, number FROM {table} GROUP BY 1, 2 HAVING count(DISTINCT id) > 1"  # noqa: S608
        for table in ("seizure", "transfer", "shipment")
    ),
    "A received gun is recorded once": """
        SELECT owner_state, linked_record FROM record WHERE linked_record IS NOT NULL
        GROUP BY 1, 2 HAVING count(DISTINCT id) > 1""",
    "A notice is given once": """
        SELECT owner_state, code, roles, subject_id, data, account_id, agencies, count(*)
        FROM notification GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING count(*) > 1""",
    "An act is audited once": """
        SELECT action, subject_id, count(*) FROM audit_entry
        WHERE action LIKE '%:recorded' OR action IN ('receipt:confirmed', 'receipt:corrected',
            'seizure:corrected', 'shipment:released', 'check:made', 'consent:granted')
        GROUP BY 1, 2 HAVING count(*) > 1""",
    "Figures are the sums of what is counted": """
        SELECT * FROM (SELECT o.owner_state AS state, cell ->> 0 AS dataset, cell ->> 1 AS subject,
            (cell ->> 2)::date AS period, cell ->> 3 AS partner, sum((cell ->> 5)::bigint) AS amount
            FROM counted_object o, jsonb_array_elements(o.facts) AS cell GROUP BY 1, 2, 3, 4, 5
        ) counted FULL JOIN (
            SELECT * FROM rollup WHERE amount <> 0 AND dataset <> 'overdue' AND dimension = ''
        ) sums USING (state, dataset, subject, period, partner)
        WHERE sums.amount IS DISTINCT FROM counted.amount""",
    "Each act has a place in a log": """
        SELECT action, id FROM audit_entry AS e
        WHERE NOT EXISTS (SELECT FROM log_leaf AS l WHERE l.entry_id = e.id)
        AND NOT EXISTS (SELECT FROM log_new AS n WHERE n.entry_id = e.id)""",
    "What is recorded is audited": " UNION ALL ".join(
        f"(SELECT '{table}', id::text FROM {table} EXCEPT SELECT subject_kind, subject_id"  # noqa: S608
        " FROM audit_entry)"
        for table in ("seizure", "transfer", "shipment", "permit", "trace")
    ),
}
"""By what is promised: a query of the rows that break it."""


@contextmanager
def _database(home: Path) -> Iterator[Any]:
    """Give a cursor of a superuser; waits while the database recovers."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            opened = EmbeddedServer(home).admin(DATABASE)
            break
        except SalsaError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
    with closing(opened), opened.cursor() as cursor:
        yield cursor


def waiting(home: Path) -> dict[str, int]:
    """Return how much waits in each queue, and for each job, that is not idle."""
    jobs, kinds = ([pair[at] for pair in _FOLLOWED] for at in (0, 1))
    with _database(home) as cursor:
        cursor.execute(
            "SELECT job, depth FROM salsa_job_depths(%s::text[], %s::text[])", (jobs, kinds)
        )
        counts = dict(cursor.fetchall())
        for job in JOBS:
            if isinstance(job, QueueJob):
                cursor.execute(job.waiting)
                counts[job.code] = len(cursor.fetchall())
        for name, query in QUEUES.items():
            cursor.execute(query)
            counts[name] = cursor.fetchone()[0]
    return {name: count for name, count in counts.items() if count}


def wait_until_idle(service: Service) -> float:
    """Return the seconds until all queues are empty."""
    began, left = time.monotonic(), {"all": 1}
    while left:
        service.ensure_running()
        assert time.monotonic() - began < PATIENCE, f"still waiting: {left}"
        with suppress(psycopg2.Error):  # the database ends once more
            left = waiting(service.home)
        time.sleep(0.05)
    return time.monotonic() - began


def _deliver_again(home: Path, random: Random) -> None:
    """Let the worker deliver half of the envelopes a second time."""
    with _database(home) as cursor:
        cursor.execute("SELECT setseed(%s)", (random.random(),))
        cursor.execute("UPDATE outbox_progress SET delivered_at = NULL WHERE random() < 0.5")


def broken_promises(app: Flask, service: Service, load: Load) -> list[str]:
    """Return what does not hold, in words."""
    broken = [*load.faults]
    with _database(service.home) as cursor:
        for promise, query in PROMISES.items():
            cursor.execute(query)
            broken += [f"{promise}: {row}" for row in cursor.fetchmany(3)]
    url, vault = EmbeddedServer(service.home).url("owner", DATABASE), app.config["VAULT"]
    broken += compare_rows(url, vault).problems[:3]
    broken += unproven(app, load.acknowledged)
    for officer, path in load.created:
        if service.request("GET", f"/api/v1{path}", **load.keys[officer]).status != 200:
            broken.append(f"What was acknowledged is there: {path}")
    with app.app_context(), transaction(operator("BRA")):
        rows = db.session.scalars(select(Shipment)).all()
        facts = load_facts(rows)
        for row in rows:
            if row.status != progress.shipment_status(facts[row.id]):
                broken.append(f"A shipment's status follows from facts: {row.number} {row.status}")
    return broken


class Installation(Service):
    """A served installation, and a second worker besides that of the service."""

    worker: subprocess.Popen[bytes] | None = None

    def ensure_running(self) -> None:
        """Start what ended; the service starts its own worker."""
        super().ensure_running()
        if self.worker is None or self.worker.poll() is not None:
            self.worker = self.spawn("worker")

    def stop(self) -> None:
        """End both in order, and wait."""
        super().stop()
        if self.worker is not None:
            self.worker.terminate()
            self.worker.wait(PATIENCE)


def run_seed(app: Flask, service: Service, keys: Keys, plan: FaultPlan, seed: int) -> list[str]:
    """Let one fault happen under load, print it, and return the broken promises."""
    random, home = Random(seed), service.home
    fault = [*FAULTS][seed % len(FAULTS)]
    role = ROLES[(seed % len(FAULTS) + seed // len(FAULTS)) % len(ROLES)]
    last = LAST_POINT[role] // (10 if fault == "commit unanswered" else 1)
    load, at = Load(service, keys, random), random.randint(1, last)
    open_permit(load, f"{seed}")
    plan.arm(fault, role, at)
    with ThreadPoolExecutor(CLIENTS) as pool:
        acts = [
            pool.submit(ACTS[number % len(ACTS)], load, f"{seed}-{number}")
            for number in range(ROUNDS)
        ]
        while not all(act.done() for act in acts):
            service.ensure_running()
            time.sleep(0.05)
    broken = [str(act.exception()) for act in acts if act.exception()]
    _deliver_again(home, random)
    try:
        seconds = wait_until_idle(service)
    except AssertionError as error:
        seconds, broken = PATIENCE, [*broken, f"The queues empty: {error}"]
    if not plan.disarm():
        broken.append("The fault happens: this point was not reached")
    broken += broken_promises(app, service, load)
    print(
        f"seed {seed:>3}  {fault:<18} {role:<6} at point {at:>3}, {len(load.acknowledged)} writes,"
        f" idle after {seconds:.1f} s, {len(broken)} promises broken"
    )
    for each in broken:
        print(f"          {each}")
    return [f"seed {seed} ({fault} in {role}, point {at}): {each}" for each in broken]


def run(app: Flask, home: Path, keys: Keys, seeds: Sequence[int]) -> list[str]:
    """Serve an installation, run each seed, and return all broken promises."""
    plan = FaultPlan(home / "fault.plan")
    plan.disarm()
    service = Installation(home, {}, **plan.hooked({"SALSA_WORKERS": "2"}))
    service.ensure_running()
    broken: list[str] = []
    try:
        for seed in seeds:
            broken += run_seed(app, service, keys, plan, seed)
    finally:
        service.stop()
        if service.process is not None and (left := EmbeddedServer(home).status()).running:
            os.kill(left.pid or 0, signal.SIGQUIT)
        with app.app_context():
            db.engine.dispose()
    return broken
