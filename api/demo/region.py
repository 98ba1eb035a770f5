"""The demo region, written into an empty installation by the service's own commands.

Persons, firms, numbers and guns are fictitious and stand in the published proportions; states,
towns, border posts and makes are real. The facts follow from a seed and an anchor date (the day it
is made); ids, passwords and tokens are random. `tour` holds what stays whatever the seed and date.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.demo import accounts, tour
from api.demo.accounts import Account
from api.demo.plan import Plan, Planner
from api.demo.recording import Progress, Recorder
from api.demo.world import STATES, Calendar
from salsa_ext.config import Config
from salsa_ext.db import transaction
from salsa_ext.services import installation


@dataclass(frozen=True)
class Made:
    """What was made: how many of each kind, the accounts, and the facts of the tour."""

    counts: Mapping[str, int]
    accounts: Sequence[Account]
    facts: Mapping[str, Any]


def make(
    config: Config, *, seed: int, anchored_on: date, progress: Progress, scale: float = 1.0,
    keep: Callable[[Sequence[Account]], None] = lambda opened: None,
) -> Made:  # fmt: skip
    """Make the region inside the caller's app context; raises Conflict unless it is the first here.

    `config` is that of the app; `scale` makes all but accounts and tour smaller. `keep` is given
    the accounts before the region is declared complete. An interrupted region stays incomplete.
    """
    calendar = Calendar(anchored_on)
    recorder = Recorder(calendar, progress)
    with transaction(recorder.acting(None)):
        installation.begin_demo(actor=recorder.acting(None), seed=seed, anchored_on=anchored_on)
    _register(recorder, progress)
    opened = _open(recorder, progress)
    plan = _plan(Planner(seed, calendar, scale), progress)
    recorder.record(plan)
    recorder.trace(plan.traces, opened)
    recorder.alert(plan, opened)
    keep(opened)
    with transaction(recorder.acting(None)):
        installation.finish_demo(actor=recorder.acting(None))
    return Made(_counts(plan), opened, tour.FACTS)


def _register(recorder: Recorder, progress: Progress) -> None:
    """Register the authorities of every state, and the secretariat."""
    for done, state in enumerate(STATES):
        progress("authorities", done, len(STATES))
        with transaction(recorder.acting(state)):
            accounts.register_state(recorder.acting(state))
    with transaction(recorder.acting(None)):
        accounts.register_secretariat(recorder.acting(None))
    progress("authorities", len(STATES), len(STATES))


def _open(recorder: Recorder, progress: Progress) -> list[Account]:
    wanted = accounts.wanted()
    opened: list[Account] = []
    for state, role, agency in wanted:
        progress("accounts", len(opened), len(wanted))
        with transaction(recorder.acting(state)):
            opened.append(accounts.open_account(recorder.acting(state), role, agency))
    progress("accounts", len(opened), len(wanted))
    return opened


def _plan(planner: Planner, progress: Progress) -> Plan:
    progress("plan", 0, 1)
    plan = planner.plan()
    progress("plan", 1, 1)
    return plan


def _counts(plan: Plan) -> dict[str, int]:
    items = {
        "guns_shipped": sum(len(shipped.data.items) for shipped in plan.shipments),
        "guns_seized": sum(len(made.data.items) for made in plan.seizures),
        "checkpoints": sum(len(shipped.ticks) for shipped in plan.shipments),
        "receipts": sum(shipped.receipt is not None for shipped in plan.shipments),
    }
    return {kind: len(documents) for kind, documents in vars(plan).items()} | items
