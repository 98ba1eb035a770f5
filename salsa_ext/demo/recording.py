"""Recording of a plan by commands, in batches of one state. Each batch is a transaction."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, Final, TypeVar
from uuid import UUID

from salsa_ext import figures
from salsa_ext.access import authentication
from salsa_ext.access.rules import operator
from salsa_ext.administration import settings
from salsa_ext.core.actor import Actor, Vault
from salsa_ext.core.clock import Clock, FixedClock
from salsa_ext.database.session import transaction
from salsa_ext.demo import investigation
from salsa_ext.demo.accounts import STATE_SETTINGS, DemoAccount, agency_code
from salsa_ext.demo.investigation import UNSENT_STATUSES, PlannedTrace, record_statements
from salsa_ext.demo.plan import Plan
from salsa_ext.demo.world import Calendar
from salsa_ext.documents import reports, seizures, transfers
from salsa_ext.exchange import processing as exchange_jobs
from salsa_ext.jobs.runner import Job
from salsa_ext.tracing.requests import jobs as request_jobs
from salsa_ext.tracing.requests.values import WAITING_STATUSES
from salsa_ext.tracing.traces import commands as trace_commands
from salsa_ext.tracing.traces import queries as trace_queries
from salsa_ext.trade import jobs as trade_jobs
from salsa_ext.trade.permits import licensees, permits
from salsa_ext.trade.receipts import receipts
from salsa_ext.trade.shipments import checkpoints, shipments
from salsa_ext.trade.shipments.values import CheckpointData, ReleaseData

Progress = Callable[[str, int, int], None]
RunJobs = Callable[[Clock, Sequence[Job]], object]
Ids = dict[tuple[str, str], UUID]
Desks = Mapping[tuple[str, str], Actor]
Item = TypeVar("Item")
Command = Callable[..., list[UUID]]
ENDED_STATUSES: Final = ("withdrawn", "closed")
"""Statuses of traces of which the states asked are informed."""
ORIGIN_STATUSES: Final = ("completed", "closed")
"""Statuses of traces whose officers enter the origin that they show."""
FINISHING_JOBS: Final = (*trade_jobs.JOBS, *exchange_jobs.JOBS, *request_jobs.JOBS, figures.JOB)
"""What later steps build on; an overdue request counts as such from its reminder on.

The worker of the served region does the rest: it matches and notifies.
"""


class Recorder:
    """Recorder of documents as each state's agencies, at the anchor time."""

    def __init__(
        self, calendar: Calendar, progress: Progress, vault: Vault, run_jobs: RunJobs
    ) -> None:
        self._vault, self._run_jobs = vault, run_jobs
        self._calendar = calendar
        self._progress = progress
        self._ids: Ids = {}

    def acting(self, state: str | None, agency: str | None = None) -> Actor:
        """Return the actor of a state's agency."""
        named = agency_code(state, agency) if state and agency else None
        return operator(state, named, FixedClock(self._calendar.at(0)), self._vault)

    def record_trade(self, plan: Plan) -> None:
        """Record settings, licensees, permits and shipments with what followed."""
        self._settings()
        self._registers(plan)
        self._documents("permits", permits.record_many, "licensing", plan.permits, 500)
        self._shipments(plan)
        self._releases(plan)
        self._ticks(plan)
        self._receipts(plan)

    def record_documents(self, plan: Plan) -> Ids:
        """Record transfers, reports and seizures; return their ids by step and number."""
        self._documents("transfers", transfers.record_many, "licensing", plan.transfers, 2_000)
        self._documents("reports", reports.record_many, "police", plan.reports, 2_000)
        seized = [(seizure.state, seizure.data) for seizure in plan.seizures]
        self._documents("seizures", seizures.record_many, "police", seized, 1_000)
        return self._ids

    def add_ids(self, ids: Ids) -> None:
        """Add the ids of what another process recorded."""
        self._ids |= ids

    def update_shipments(self) -> None:
        """Do what follows from the facts of shipments, whose statuses answers to traces show."""
        self._run([trade_jobs.UPDATE_SHIPMENTS])

    def finish_trade(self) -> None:
        """Do what else follows from trade; states make statements on its discrepancies."""
        self._run(trade_jobs.JOBS)
        record_statements(lambda state: self.acting(state, "licensing"))
        self._run(trade_jobs.JOBS)

    def finish(self) -> None:
        """Do all that others build on, and count."""
        self._run(FINISHING_JOBS)

    def trace(self, cases: Sequence[PlannedTrace], opened: Sequence[DemoAccount]) -> None:
        """Request and process each trace on the day of its case, the oldest first."""
        desks, done = self._desks(opened), 0
        by_day = sorted(cases, key=attrgetter("day"), reverse=True)
        self._progress("traces", done, len(cases))
        for day, some in groupby(by_day, attrgetter("day")):
            of_day = [*some]
            self._lead(of_day, FixedClock(self._calendar.at(day)), desks)
            done += len(of_day)
            self._progress("traces", done, len(cases))

    def alert(self, plan: Plan, opened: Sequence[DemoAccount]) -> None:
        """Record alerts on missing guns."""
        desks, clock = self._desks(opened), FixedClock(self._calendar.at(0))
        missing = [
            (state, self._ids["reports", data.number], data)
            for state, data in plan.reports
            if data.kind in ("theft", "loss")
            and data.firearm.serial
            and (state, "police_officer") in desks
        ]
        investigation.record_alerts(
            lambda state, role: replace(desks[state, role], clock=clock),
            missing,
            partial(self._run_jobs, clock),
        )

    def _settings(self) -> None:
        for state, change in STATE_SETTINGS.items():
            actor = self.acting(state, "licensing")
            with transaction(actor):
                settings.change_settings(actor=actor, data=change, expected_version=None)

    def _registers(self, plan: Plan) -> None:
        entered = [(licensed.state, licensed) for licensed in plan.licensees]
        for state, some in self._batches("licensees", entered, 100):
            actor = self.acting(state, "licensing")
            with transaction(actor):
                batch = [licensed.data for licensed in some]
                ids = licensees.record_many(actor=actor, batch=batch)
                for licensed, key in zip(some, ids, strict=True):
                    if licensed.suspended:
                        licensees.decide(
                            actor=actor,
                            licensee_id=key,
                            expected_version=None,
                            action="suspend",
                            data=licensed.suspended,
                        )

    def _documents(
        self,
        step: str,
        command: Command,
        agency: str,
        documents: Sequence[tuple[str, Any]],
        size: int,
    ) -> None:
        for state, some in self._batches(step, documents, size):
            actor = self.acting(state, agency)
            with transaction(actor):
                ids = command(actor=actor, batch=some)
            self._store_ids(step, [(data.number, key) for data, key in zip(some, ids, strict=True)])

    def _shipments(self, plan: Plan) -> None:
        sent = [
            (shipped.exporter, (self._ids["permits", shipped.permit], shipped.data))
            for shipped in plan.shipments
        ]
        for state, some in self._batches("shipments", sent, 300):
            actor = self.acting(state, "licensing")
            with transaction(actor):
                ids = shipments.record_many(actor=actor, batch=some)
            numbered = zip(some, ids, strict=True)
            self._store_ids("shipments", [(data.number, key) for (_, data), key in numbered])

    def _releases(self, plan: Plan) -> None:
        """Release the shipments that left, on their day of shipping."""
        left = [
            (
                shipped.exporter,
                (self._ids["shipments", shipped.data.number], ReleaseData(shipped.data.ships_on)),
            )
            for shipped in plan.shipments
            if shipped.ticks
        ]
        for state, some in self._batches("releases", left, 300):
            actor = self.acting(state, "licensing")
            with transaction(actor):
                shipments.release_many(actor=actor, batch=some)

    def _ticks(self, plan: Plan) -> None:
        """Record the checkpoints stage by stage for all shipments."""
        passed = [
            (index, state, (self._ids["shipments", shipped.data.number], tick))
            for shipped in plan.shipments
            for index, (state, tick) in enumerate(shipped.ticks)
        ]
        passed.sort(key=itemgetter(0))
        done = 0
        for _, stage in groupby(passed, itemgetter(0)):
            done += self._stage([item[1:] for item in stage], done, len(passed))

    def _stage(
        self, ticked: Sequence[tuple[str, tuple[UUID, CheckpointData]]], done: int, total: int
    ) -> int:
        for state, some in self._batches("checkpoints", ticked, 600):
            actor = self.acting(state, "border")
            with transaction(actor):
                checkpoints.record_many(actor=actor, batch=some)
        self._progress("checkpoints", done + len(ticked), total)
        return len(ticked)

    def _receipts(self, plan: Plan) -> None:
        items = [
            (shipped.importer, (self._ids["shipments", shipped.data.number], shipped.receipt))
            for shipped in plan.shipments
            if shipped.receipt
        ]
        for state, some in self._batches("receipts", items, 300):
            actor = self.acting(state, "customs")
            with transaction(actor):
                receipts.confirm_many(actor=actor, batch=some)

    def _run(self, jobs: Sequence[Job]) -> None:
        self._run_jobs(FixedClock(self._calendar.at(0)), jobs)

    def _desks(self, opened: Sequence[DemoAccount]) -> Desks:
        with transaction(self.acting(None)):
            return {
                (account.state, account.role): authentication.authenticate_key(
                    account.token, vault=self._vault
                )
                for account in opened
                if account.state is not None
            }

    def _lead(self, cases: Sequence[PlannedTrace], clock: Clock, desks: Desks) -> None:
        """Request traces and bring each to its status; asked states answer on the same day."""

        def do(
            case: PlannedTrace,
            role: str,
            command: Callable[..., Any],
            clock: Clock = clock,
            **arguments: Any,
        ) -> Any:
            actor = replace(desks[case.state, role], clock=clock)
            with transaction(actor):
                return command(actor=actor, **arguments)

        traces = []
        for case in cases:
            data = case.data(self._ids["seizures", case.seizure])
            traces.append(do(case, _officer(case), trace_commands.create_trace, data=data))
        if any(case.status not in UNSENT_STATUSES for case in cases):
            self._run_jobs(clock, exchange_jobs.JOBS)
        for case, trace in zip(cases, traces, strict=True):
            if case.status not in (*UNSENT_STATUSES, "sent", "in_progress"):
                self._answer(case, trace, desks, clock)
        self._run_jobs(clock, exchange_jobs.JOBS)
        for case, trace in zip(cases, traces, strict=True):
            ends = {
                "approved": ("supervisor", trace_commands.approve_draft),
                "withdrawn": (_officer(case), trace_commands.withdraw_trace),
                "closed": (_officer(case), trace_commands.close_trace),
            }
            if case.status in ends:
                do(case, *ends[case.status], trace_id=trace, expected_version=None)
            if case.status in ORIGIN_STATUSES:
                on, enter = FixedClock(self._calendar.at(case.day - 1)), investigation.enter_origin
                do(case, "police_officer", enter, on, trace=trace, line=case.item)
        if any(case.status in ENDED_STATUSES for case in cases):
            self._run_jobs(clock, exchange_jobs.JOBS)

    def _answer(self, case: PlannedTrace, trace: UUID, desks: Desks, clock: Clock) -> None:
        """Let persons of other states answer what the service left to them."""
        asker = replace(desks[case.state, "trace_analyst"], clock=clock)
        with transaction(asker):
            legs = trace_queries.load(asker, trace).legs
            waiting = [leg.state for leg in legs if leg.status in WAITING_STATUSES]
        for state in waiting:
            if (analyst := desks.get((state, "trace_analyst"))) is not None:
                actor = replace(analyst, clock=clock)
                with transaction(actor):
                    investigation.answer_waiting(actor, case.number)

    def _batches(
        self, step: str, stated: Sequence[tuple[str, Item]], size: int
    ) -> Iterator[tuple[str, list[Item]]]:
        """Yield batches of one state in order; report progress."""
        by_state: dict[str, list[Item]] = defaultdict(list)
        for state, thing in stated:
            by_state[state].append(thing)
        done = 0
        self._progress(step, done, len(stated))
        for state, things in by_state.items():
            for start in range(0, len(things), size):
                some = things[start : start + size]
                yield state, some
                done += len(some)
                self._progress(step, done, len(stated))

    def _store_ids(self, step: str, numbered: Iterable[tuple[str, UUID]]) -> None:
        self._ids |= {(step, number): key for number, key in numbered}


def _officer(case: PlannedTrace) -> str:
    return "police_officer" if case.status in UNSENT_STATUSES else "trace_analyst"
