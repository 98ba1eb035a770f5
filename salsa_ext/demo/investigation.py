"""Traces, alerts and statements on discrepancies of the demo region."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from salsa_ext.alerts import alerts, hits
from salsa_ext.alerts.values import AlertData, HitAnswerData
from salsa_ext.checks import checks
from salsa_ext.checks import jobs as check_jobs
from salsa_ext.checks.checks import CheckData
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.codes import ALERT_ACTIONS
from salsa_ext.custody import entries
from salsa_ext.custody.values import DispositionData, OriginData
from salsa_ext.database.session import transaction
from salsa_ext.demo.guns import SimulatedGun
from salsa_ext.demo.parties import (
    ANSWER_NOTES,
    CIRCUMSTANCES,
    INCIDENT_TEXTS,
    LEGAL_BASES,
    URGENCY_REASONS,
    localized,
)
from salsa_ext.demo.seizures import PlannedSeizure
from salsa_ext.demo.world import DATA, language
from salsa_ext.documents.values import ReportData
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records.event_kinds import ALERT
from salsa_ext.firearms.records.queries import records_of_documents
from salsa_ext.jobs.runner import Job
from salsa_ext.notifications.notice_rules import AssigneeData
from salsa_ext.reference.calendars import today
from salsa_ext.tracing.requests import commands as request_commands
from salsa_ext.tracing.requests import queries as request_queries
from salsa_ext.tracing.requests.values import AnswerData, NoRecordData
from salsa_ext.tracing.traces import trace_results
from salsa_ext.tracing.traces.values import TraceData
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.discrepancies.queries import list_discrepancies
from salsa_ext.trade.discrepancies.values import StatementData

TRACING_STATES: Final = (
    "ARG",
    "BOL",
    "BRA",
    "CHL",
    "COL",
    "ECU",
    "GTM",
    "HND",
    "MEX",
    "PER",
    "PRY",
    "URY",
    "USA",
)
PERSON_STATES: Final = ("MEX", "USA")
"""States whose persons answer most that is asked of them."""
STATUS_SHARES: Final[Mapping[str, float]] = DATA["status_shares"]
UNSENT_STATUSES: Final = ("draft", "approved")
GROUP_BY_STATUS: Final[Mapping[str, str]] = DATA["group_by_status"]
PRIORITY_WEIGHTS: Final = {"routine": 62, "priority": 24, "urgent": 11, "flash": 3}
REASON_WEIGHTS: Final[Mapping[str, int]] = DATA["reason_weights"]
FRESH_DAYS: Final = 90
MAX_REQUESTS: Final = 20
SOON_DAYS: Final = 365


@dataclass(frozen=True)
class PlannedTrace:
    """A trace to request: item, day and intended status."""

    state: str
    number: str
    seizure: str
    item: int
    day: int
    status: str
    priority: str
    urgency: str | None
    reason: str
    circumstances: str
    intended_use: str

    def data(self, seizure: UUID) -> TraceData:
        """Return the trace of the recorded seizure."""
        return TraceData(
            case_number=self.number,
            priority=self.priority,
            priority_reason=self.urgency,
            legal_basis=localized(LEGAL_BASES, self.state),
            illicit_reason=self.reason,
            circumstances=self.circumstances,
            intended_use=self.intended_use,
            seizure=seizure,
            item=self.item,
            draft=self.status in UNSENT_STATUSES,
        )


class TraceGenerator:
    """Generator of traces of seized guns, of every status."""

    def __init__(
        self, random: Random, seizures: Sequence[PlannedSeizure], spared: frozenset[str]
    ) -> None:
        self._random = random
        self._numbers: Counter[str] = Counter()
        self._kinds: dict[str, list[tuple[PlannedSeizure, int]]] = defaultdict(list)
        for seized in seizures:
            if seized.state in TRACING_STATES and seized.data.number not in spared:
                self._sort(seized)
        for guns in self._kinds.values():
            random.shuffle(guns)

    def cases(self, count: int) -> list[PlannedTrace]:
        """Return about `count` traces, one of each status, oldest first."""
        chosen = [
            (status, *self._pop_item(GROUP_BY_STATUS.get(status, "completed")))
            for status, share in STATUS_SHARES.items()
            for _ in range(max(1, round(count * share)))
        ]
        chosen.sort(key=lambda case: (-case[1].day, case[1].data.number, case[2]))
        return [self._case(*case) for case in chosen]

    def _pop_item(self, kind: str) -> tuple[PlannedSeizure, int]:
        """Return an item of the group, else of the largest group."""
        return (self._kinds[kind] or max(self._kinds.values(), key=len)).pop()

    def _sort(self, seized: PlannedSeizure) -> None:
        """Group the items by the status that their trace can reach."""
        for line, gun in enumerate(seized.guns, 1):
            if gun is not None:
                fresh = seized.day <= FRESH_DAYS and self._random.random() < 0.5
                kind = "fresh" if fresh else _expected_status(seized, line, gun)
                self._kinds[kind].append((seized, line))

    def _case(self, status: str, seized: PlannedSeizure, item: int) -> PlannedTrace:
        self._numbers[seized.state] += 1
        priority = self._pick(PRIORITY_WEIGHTS)
        delay = self._random.randint(0, 10 if status in UNSENT_STATUSES else 25)
        return PlannedTrace(
            seized.state,
            f"{seized.state}-C-{self._numbers[seized.state]:04d}",
            seized.data.number,
            item,
            max(1, seized.day - delay),
            status,
            priority,
            self._random.choice(localized(URGENCY_REASONS, seized.state))
            if priority in ("flash", "urgent")
            else None,
            self._pick(REASON_WEIGHTS),
            self._random.choice(localized(CIRCUMSTANCES, seized.state)),
            self._random.choice(("intelligence", "intelligence", "evidence")),
        )

    def _pick(self, weights: Mapping[str, int]) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]


def _expected_status(seized: PlannedSeizure, line: int, gun: SimulatedGun) -> str:
    """Return the status of a trace; in the maker's state a person may have to answer."""
    if gun.design.country not in PERSON_STATES:
        return "completed"
    item, imported = seized.data.items[line - 1], gun.imported
    abroad = gun.home != seized.state or imported is not None
    is_known = gun.is_known and abroad and _skeleton(item.serial) == _skeleton(gun.serial)
    marked = bool(item.marks) and imported is not None and imported[0] != seized.state
    return "in_progress" if is_known or marked else "sent"


def _skeleton(serial: str | None) -> str:
    return keys.skeleton(keys.normalise(serial or ""))


def answer_waiting(actor: Actor, case_number: str) -> None:
    """Answer the waiting requests of a case with the records that may be meant, or with none."""
    filters = {"case_number": case_number}
    for view in request_queries.list_waiting(actor, filters, MAX_REQUESTS, None).items:
        meant = [row["record"] for row in view.request.candidates if row["event"] != ALERT]
        who: dict[str, Any] = {"request_id": view.request.id, "expected_version": None}
        if meant:
            data = AnswerData(records=[UUID(record) for record in meant])
            request_commands.answer(actor=actor, data=data, **who)
        else:
            none = NoRecordData()
            request_commands.report_no_record(actor=actor, data=none, **who)


DISPOSITIONS: Final = ("destroyed", "evidence", "destroyed", "forfeited")


def enter_origin(actor: Actor, trace: UUID, line: int) -> None:
    """Enter where a traced gun left lawful hands, by its result, and what became of it."""
    view = trace_results.read_result(actor=actor, trace_id=trace)
    result, seizure = view.result, view.trace.seizure_id
    if view.trace.outcome == "traced" and result.last_lawful and seizure:
        days = result.time_to_crime_days
        is_soon = days is not None and days < SOON_DAYS
        guess = "straw_purchase" if is_soon else "unknown"
        data = OriginData(
            occurred_on=today(actor),
            lines=(line,),
            established_by="trace",
            diversion_kind=(result.point_of_diversion or {}).get("diversion_kind", guess),
            state=result.last_lawful["state"],
        )
        entries.record(actor=actor, seizure_id=seizure, data=data)
        on = today(actor)
        end = DispositionData(
            occurred_on=on,
            lines=(line,),
            kind=DISPOSITIONS[on.toordinal() % len(DISPOSITIONS)],
            act_number=f"{actor.state}-D-{on:%Y%m%d}",
        )
        entries.record(actor=actor, seizure_id=seizure, data=end)


ActorOfRole = Callable[[str, str], Actor]
MAX_ALERTS: Final = 12
HIT_ANSWERS: Final = ("confirm", "", "deny", "extend")
ALERT_VALIDITY: Final = timedelta(days=540)


def record_alerts(
    actor_of: ActorOfRole,
    missing: Sequence[tuple[str, UUID, ReportData]],
    run_jobs: Callable[[Sequence[Job]], object],
) -> None:
    """Record alerts of each action on missing guns, most with hits."""
    for index, (state, report, data) in enumerate(missing[:MAX_ALERTS]):
        action = ALERT_ACTIONS[index % len(ALERT_ACTIONS)]
        reason = "stolen" if data.kind == "theft" else "lost"
        _record_alert(actor_of, state, report, (action, reason), index)
        if index < 2 * len(ALERT_ACTIONS):
            _make_hit(
                actor_of,
                _next_state(state),
                data,
                action,
                HIT_ANSWERS[index % len(HIT_ANSWERS)],
                state,
                run_jobs,
            )


def _next_state(state: str) -> str:
    """Return the state where the gun is found."""
    return TRACING_STATES[(TRACING_STATES.index(state) + 1) % len(TRACING_STATES)]


def _record_alert(
    acting: ActorOfRole, state: str, report: UUID, reason: tuple[str, str], index: int
) -> None:
    police, analyst = acting(state, "police_officer"), acting(state, "trace_analyst")
    with transaction(police):
        [view] = records_of_documents([report])[report]
        data = AlertData(
            *reason,
            f"{state}-A-{index + 1:04}",
            today(police) + ALERT_VALIDITY,
            "urgent" if reason[0] == "seize" else "routine",
            record=view.record.id,
        )
        alert = alerts.record(actor=police, data=data)
        if index % 3:  # a third waits for its second person
            alerts.verify(actor=analyst, alert_id=alert, expected_version=None)


def _make_hit(
    acting: ActorOfRole,
    there: str,
    data: ReportData,
    action: str,
    answer: str,
    owner: str,
    run_jobs: Callable[[Sequence[Job]], object],
) -> None:
    gun, officer = data.firearm, acting(there, "border_officer")
    query = Query(gun.serial or "", gun.make, gun.model, gun.calibre, gun.type)
    check = CheckData(query, Purpose("border", incident=localized(INCIDENT_TEXTS, there)))
    with transaction(officer):
        check_result = checks.run_check(actor=officer, data=check)
    run_jobs([check_jobs.NOTIFY_OF_CHECKS])
    for hit in check_result.hits if answer else ():
        analyst = acting(owner, "trace_analyst")
        with transaction(analyst):
            command = getattr(hits, answer)
            command(
                actor=analyst,
                hit_id=hit.id,
                expected_version=None,
                data=HitAnswerData(localized(ANSWER_NOTES, owner), 4),
            )


STATES_WITH_STATEMENTS: Final = ("BRA", "ARG", "URY", "USA")
MAX_DISCREPANCIES: Final = 200
AGREED_KINDS: Final = ("overdue",)
REOPENED_KINDS: Final = ("expired_in_transit",)
ASSIGNED_KINDS: Final = ("document_invalid", "party_not_authorised")
STATEMENT_TEXTS: Final[Mapping[str, Mapping[str, str]]] = DATA["statement_texts"]
REOPENING_TEXTS: Final[Mapping[str, str]] = DATA["reopening_texts"]
ActorOfState = Callable[[str], Actor]


def record_statements(actor_of: ActorOfState) -> None:
    """Record a statement on each state's first discrepancy of a kind."""
    for state in STATES_WITH_STATEMENTS:
        with transaction(actor_of(state)):
            chosen = _first_of_each_kind(actor_of(state))
        for discrepancy in chosen:
            _record_statement(actor_of, state, discrepancy)


def _first_of_each_kind(actor: Actor) -> list[_DiscrepancyKey]:
    own = {"owner_state": actor.own_state(), "waiting": True}
    keys = [
        _DiscrepancyKey(view.discrepancy)
        for view in list_discrepancies(actor, own, MAX_DISCREPANCIES, None).items
    ]
    keys.sort(key=lambda about: about.place, reverse=True)
    return [*{about.kind: about for about in keys if about.kind in STATEMENT_TEXTS}.values()]


class _DiscrepancyKey:
    """A discrepancy after its transaction; `place` sorts without random ids."""

    def __init__(self, row: Discrepancy) -> None:
        self.id, self.kind, self.others = row.id, row.kind, set(row.concerned) - {row.owner_state}
        self.place = (row.kind, row.subject_number, row.key)


def _record_statement(acting: ActorOfState, state: str, about: _DiscrepancyKey) -> None:
    spoken = language(state)
    with transaction(acting(state)):
        actor = acting(state)
        statement = StatementData(STATEMENT_TEXTS[about.kind][spoken])
        discrepancy_commands.explain(
            actor=actor, discrepancy_id=about.id, expected_version=None, data=statement
        )
        if about.kind in REOPENED_KINDS:
            discrepancy_commands.reopen(
                actor=actor,
                discrepancy_id=about.id,
                expected_version=None,
                data=StatementData(REOPENING_TEXTS[spoken]),
            )
        if about.kind in ASSIGNED_KINDS:
            officer = AssigneeData(f"{state.lower()}.licensing_officer")
            discrepancy_commands.assign(actor=actor, discrepancy_id=about.id, data=officer)
    if about.kind in AGREED_KINDS:
        for other in sorted({state, *about.others}):
            with transaction(acting(other)):
                discrepancy_commands.agree(
                    actor=acting(other),
                    discrepancy_id=about.id,
                    expected_version=None,
                    data=StatementData(),
                )
