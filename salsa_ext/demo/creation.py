"""Creation of the demo region in an empty installation.

Persons, firms, numbers and guns are fictitious; states, towns, border posts and makes are real.
Facts follow from a seed and an anchor date (the day of creation); ids, passwords and tokens are
random. `tour` holds what is fixed for any seed and date.
"""

import multiprocessing
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

from salsa_ext.access.vault import Vault
from salsa_ext.administration import migrations
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from salsa_ext.demo import accounts, tour_gun
from salsa_ext.demo.accounts import DemoAccount
from salsa_ext.demo.plan import Plan, Planner
from salsa_ext.demo.recording import Progress, Recorder, RunJobs
from salsa_ext.demo.world import STATES, Calendar

Result = TypeVar("Result")
FORK: Final = multiprocessing.get_context("fork")


@contextmanager
def run_in_background(work: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Run `work` in a forked process; gives a function that waits for its result or raises."""
    here, there = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_run, args=(work, there), daemon=True)
    with warnings.catch_warnings():
        # other threads only wait, for the database server to end and for requests
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    there.close()

    def wait() -> Result:
        result, error = here.recv()
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]

    try:
        yield wait
    finally:
        here.close()
        process.terminate()
        process.join()


def _run(work: Callable[[], object], result: Any) -> None:
    """Send the result of the work, or its error; the parent's connections are left alone."""
    db.session.remove()
    db.engine.dispose(close=False)
    try:
        result.send((work(), None))
    except BaseException as error:
        result.send((None, error))
    db.engine.dispose()


BEFORE_ALL: Final = FixedClock(datetime(2020, 1, 1, tzinfo=UTC))
"""When states declared their registers: before the first trace."""


@dataclass(frozen=True)
class CreatedRegion:
    """The created region: counts by kind, accounts, facts of the tour."""

    counts: Mapping[str, int]
    accounts: Sequence[DemoAccount]
    facts: Mapping[str, Any]


def create_region(
    vault: Vault,
    *,
    seed: int,
    anchor: date,
    progress: Progress,
    run_jobs: RunJobs,
    scale: float = 1.0,
    store_accounts: Callable[[Sequence[DemoAccount]], None] = lambda opened: None,
) -> CreatedRegion:
    """Create the region in the caller's app context.

    `run_jobs` does background work at the time of a clock, in the same app. `scale` reduces all but
    accounts and tour. `store_accounts` gets the accounts before the region is declared complete; an
    interrupted region remains incomplete. A second process records accounts and documents of guns
    during the trade, and finishes the trade during the traces. Raises Conflict unless it is the
    first here.
    """
    calendar = Calendar(anchor)
    recorder = Recorder(calendar, progress, vault, run_jobs)
    with transaction(recorder.acting(None)):
        migrations.begin_demo(actor=recorder.acting(None), seed=seed, anchored_on=anchor)
    _register(recorder, progress)
    plan = _plan(Planner(seed, calendar, scale), progress)
    parallel = Recorder(calendar, _no_progress, vault, run_jobs)
    with run_in_background(
        lambda: (_open_accounts(parallel), parallel.record_documents(plan))
    ) as wait:
        recorder.record_trade(plan)
        opened, ids = wait()
    recorder.add_ids(ids)
    recorder.update_shipments()
    with run_in_background(parallel.finish_trade) as wait:
        recorder.trace(plan.traces, opened)
        wait()
    recorder.alert(plan, opened)
    recorder.finish()
    store_accounts(opened)
    with transaction(recorder.acting(None)):
        migrations.finish_demo(actor=recorder.acting(None))
    return CreatedRegion(_count_documents(plan), opened, tour_gun.FACTS)


def _register(recorder: Recorder, progress: Progress) -> None:
    """Register the agencies of every state, and the secretariat."""
    for done, state in enumerate(STATES):
        progress("authorities", done, len(STATES))
        declaring = replace(recorder.acting(state), clock=BEFORE_ALL)
        with transaction(recorder.acting(state)):
            accounts.register_state(recorder.acting(state))
            accounts.declare_registers(declaring)
    with transaction(recorder.acting(None)):
        accounts.register_secretariat(recorder.acting(None))
    progress("authorities", len(STATES), len(STATES))


def _no_progress(step: str, done: int, total: int) -> None:
    """Show nothing: only one of two processes draws a bar."""


def _open_accounts(recorder: Recorder) -> list[DemoAccount]:
    opened = []
    for state, role, agency in accounts.planned_accounts():
        with transaction(recorder.acting(state)):
            opened.append(accounts.open_account(recorder.acting(state), role, agency))
    return opened


def _plan(planner: Planner, progress: Progress) -> Plan:
    progress("plan", 0, 1)
    plan = planner.plan()
    progress("plan", 1, 1)
    return plan


def _count_documents(plan: Plan) -> dict[str, int]:
    items = {
        "guns_shipped": sum(len(shipped.data.items) for shipped in plan.shipments),
        "guns_seized": sum(len(seizure.data.items) for seizure in plan.seizures),
        "checkpoints": sum(len(shipped.ticks) for shipped in plan.shipments),
        "receipts": sum(shipped.receipt is not None for shipped in plan.shipments),
    }
    return {kind: len(documents) for kind, documents in vars(plan).items()} | items
