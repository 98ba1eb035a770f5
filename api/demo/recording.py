"""Writing a plan down: in batches of one state, each a transaction of the service's commands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar
from uuid import UUID

from api.demo import alerts
from api.demo.accounts import Account, code
from api.demo.plan import Plan
from api.demo.positions import speak
from api.demo.settings import SETTINGS
from api.demo.traces import UNSENT, Case
from api.demo.world import STATES, Calendar
from api.vault import vault
from salsa_ext.clock import FixedClock
from salsa_ext.db import transaction
from salsa_ext.policy.rules import operator
from salsa_ext.services import (
    authentication,
    checkpoints,
    licensees,
    permits,
    receipts,
    releases,
    reports,
    rollups,
    seizures,
    settings,
    shipments,
    traces,
    transfers,
    watch,
)
from salsa_ext.values.actor import Actor
from salsa_ext.values.movements import CheckpointData, ReleaseData

Progress = Callable[[str, int, int], None]
Thing = TypeVar("Thing")
Command = Callable[..., list[UUID]]


class Recorder:
    """Writes documents as the authorities of each state, at the anchor's first moment."""

    def __init__(self, calendar: Calendar, progress: Progress) -> None:
        self._calendar = calendar
        self._progress = progress
        self._ids: dict[tuple[str, str], UUID] = {}

    def acting(self, state: str | None, agency: str | None = None) -> Actor:
        """Return who acts for an agency of a state."""
        named = code(state, agency) if state and agency else None
        return operator(state, named, FixedClock(self._calendar.at(0)))

    def record(self, plan: Plan) -> None:
        """Write everything down but the traces."""
        self._settings()
        self._registers(plan)
        self._documents("permits", permits.record_many, "licensing", plan.permits, 500)
        self._shipments(plan)
        self._releases(plan)
        self._ticks(plan)
        self._receipts(plan)
        self._watch()
        speak(lambda state: self.acting(state, "licensing"))
        self._documents("transfers", transfers.record_many, "licensing", plan.transfers, 2_000)
        self._documents("reports", reports.record_many, "police", plan.reports, 2_000)
        seized = [(made.state, made.data) for made in plan.seizures]
        self._documents("seizures", seizures.record_many, "police", seized, 1_000)
        self._fold()

    def trace(self, cases: Sequence[Case], opened: Sequence[Account]) -> None:
        """Ask and lead each trace as the persons of its state, on the day of its case."""
        desks = self._desks(opened)
        for state, some in self._batches("traces", [(case.state, case) for case in cases], 25):
            with transaction(self.acting(state)):
                for case in some:
                    self._lead(case, desks)
        self._fold()

    def alert(self, plan: Plan, opened: Sequence[Account]) -> None:
        """Seek some of the guns that are missed, as the persons of their states."""
        desks, clock = self._desks(opened), FixedClock(self._calendar.at(0))
        missing = [
            (state, self._ids["reports", data.number], data) for state, data in plan.reports
            if data.kind in ("theft", "loss") and data.firearm.serial
            and (state, "police_officer") in desks
        ]  # fmt: skip
        alerts.seek(lambda state, role: replace(desks[state, role], clock=clock), missing)

    def _settings(self) -> None:
        for state, change in SETTINGS.items():
            actor = self.acting(state, "licensing")
            with transaction(actor):
                settings.change(actor=actor, data=change, seen=None)

    def _registers(self, plan: Plan) -> None:
        entered = [(licensed.state, licensed) for licensed in plan.licensees]
        for state, some in self._batches("licensees", entered, 100):
            actor = self.acting(state, "licensing")
            with transaction(actor):
                batch = [licensed.data for licensed in some]
                ids = licensees.record_many(actor=actor, batch=batch)
                for licensed, key in zip(some, ids, strict=True):
                    if licensed.suspended:
                        licensees.decide(actor=actor, licensee_id=key, seen=None,
                                         action="suspend", data=licensed.suspended)  # fmt: skip

    def _documents(
        self, step: str, command: Command, agency: str, documents: Sequence[tuple[str, Any]],
        size: int,
    ) -> None:  # fmt: skip
        for state, some in self._batches(step, documents, size):
            actor = self.acting(state, agency)
            with transaction(actor):
                ids = command(actor=actor, batch=some)
            self._keep(step, [(data.number, key) for data, key in zip(some, ids, strict=True)])

    def _shipments(self, plan: Plan) -> None:
        sent = [(shipped.exporter, (self._ids["permits", shipped.permit], shipped.data))
                for shipped in plan.shipments]  # fmt: skip
        for state, some in self._batches("shipments", sent, 300):
            actor = self.acting(state, "licensing")
            with transaction(actor):
                ids = shipments.record_many(actor=actor, batch=some)
            numbered = zip(some, ids, strict=True)
            self._keep("shipments", [(data.number, key) for (_, data), key in numbered])

    def _releases(self, plan: Plan) -> None:
        """Release what has left, for the day on which it did."""
        left = [
            (shipped.exporter,
             (self._ids["shipments", shipped.data.number], ReleaseData(shipped.data.ships_on)))
            for shipped in plan.shipments if shipped.ticks
        ]  # fmt: skip
        for state, some in self._batches("releases", left, 300):
            actor = self.acting(state, "licensing")
            with transaction(actor):
                releases.release_many(actor=actor, batch=some)

    def _ticks(self, plan: Plan) -> None:
        """Tick the stages as every shipment passes them, all first ones before the second ones."""
        passed = [
            (index, state, (self._ids["shipments", shipped.data.number], tick))
            for shipped in plan.shipments for index, (state, tick) in enumerate(shipped.ticks)
        ]  # fmt: skip
        passed.sort(key=itemgetter(0))
        done = 0
        for _, stage in groupby(passed, itemgetter(0)):
            done += self._stage([said[1:] for said in stage], done, len(passed))

    def _stage(
        self, ticked: Sequence[tuple[str, tuple[UUID, CheckpointData]]], done: int, of: int
    ) -> int:
        for state, some in self._batches("checkpoints", ticked, 600):
            actor = self.acting(state, "border")
            with transaction(actor):
                checkpoints.record_many(actor=actor, batch=some)
        self._progress("checkpoints", done + len(ticked), of)
        return len(ticked)

    def _receipts(self, plan: Plan) -> None:
        said = [
            (shipped.importer, (self._ids["shipments", shipped.data.number], shipped.receipt))
            for shipped in plan.shipments if shipped.receipt
        ]  # fmt: skip
        for state, some in self._batches("receipts", said, 300):
            actor = self.acting(state, "customs")
            with transaction(actor):
                receipts.confirm_many(actor=actor, batch=some)

    def _watch(self) -> None:
        """Look at the shipments whose moment has come, as the worker would."""
        for state in STATES:
            found = 1
            while found:
                with transaction(self.acting(state)):
                    found = watch.run(self.acting(state))

    def _fold(self) -> None:
        """Fold the figures, as the worker would: every trace reads the coverage."""
        folded = 1
        while folded:
            with transaction(self.acting(None)):
                folded = rollups.fold()

    def _desks(self, opened: Sequence[Account]) -> Mapping[tuple[str, str], Actor]:
        with transaction(self.acting(None)):
            return {
                (one.state, one.role): authentication.actor_of(one.token)
                for one in opened
                if one.state is not None
            }

    def _lead(self, case: Case, desks: Mapping[tuple[str, str], Actor]) -> None:
        """Ask for one gun's history, and take the steps that its status wants."""
        clock = FixedClock(self._calendar.at(case.day))

        def acting(role: str) -> Actor:
            return replace(desks[case.state, role], clock=clock)

        seizure = self._ids["seizures", case.seizure]
        officer = acting("police_officer" if case.status in UNSENT else "trace_analyst")
        trace = traces.request(actor=officer, vault=vault(), data=case.data(seizure))
        if case.status == "approved":
            traces.approve(actor=acting("supervisor"), vault=vault(), trace_id=trace, seen=None)
        elif case.status == "withdrawn":
            traces.withdraw(actor=officer, vault=vault(), trace_id=trace, seen=None)
        elif case.status == "closed":
            traces.close(actor=officer, vault=vault(), trace_id=trace, seen=None)

    def _batches(
        self, step: str, stated: Sequence[tuple[str, Thing]], size: int
    ) -> Iterator[tuple[str, list[Thing]]]:
        """Yield batches of one state each, in order, and say how far the step is."""
        by_state: dict[str, list[Thing]] = defaultdict(list)
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

    def _keep(self, step: str, numbered: Iterable[tuple[str, UUID]]) -> None:
        self._ids |= {(step, number): key for number, key in numbered}
