"""Hits: an alert was met by a check or a record, and its state is told; it alone says what is true.

A hit is no ground to act: the alert's state confirms it first. The state that met the alert has a
row of its own, unless the alert does not show to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.db import as_state, db, insert_many
from salsa_ext.matching.events import ALERT, SEIZED
from salsa_ext.matching.evidence import Evidence
from salsa_ext.matching.pairs import CHECK, is_hit, key_of
from salsa_ext.models import Alert, Hit
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.records import RecordView
from salsa_ext.readmodels.sides import query_of, seen_by_owner, visibility_of
from salsa_ext.services import hit_news, match_waits
from salsa_ext.services.showings import HOLDER, Showing
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.inquiries import Query

DUE: Final[Mapping[str, timedelta]] = {
    "urgent": timedelta(minutes=10), "routine": timedelta(hours=1),
}  # fmt: skip
"""How soon a state answers a hit on its alert, as the hit confirmation of the NCIC has it."""
MET: Final = (*HOLDER, "firearm", "event")
"""What the alert's state is shown of a record that met it: the serial, and what happened when."""


@dataclass(frozen=True)
class Met:
    """An alert, known by its record, was met by `asking_state` in a check or in a record.

    `is_shown` where the alert shows to that state; `is_named` where the other learns which record.
    `read_as` is the serial that was read then. `version` is that of the record which was compared.
    """

    alert_state: str
    alert_record: UUID
    asking_state: str
    agency: str | None
    cause_kind: str
    cause_id: UUID
    at: datetime
    evidence: Evidence
    is_shown: bool
    is_named: bool = True
    read_as: str | None = None
    version: int = 1


@dataclass(frozen=True)
class Made:
    """A hit that was just made, as the state has it that met the alert."""

    id: UUID
    alert_state: str
    action: str
    strength: str
    due_at: datetime
    is_shown: bool
    cause_id: UUID


def of_check(
    actor: Actor, check_id: UUID, query: Query, found: Iterable[Candidate], at: datetime
) -> Iterator[Met]:
    """Yield which alerts a check met; called by commands alone."""
    for candidate in found:
        held = candidate.held
        evidence = _known(query, candidate)
        if held.event == ALERT and evidence and is_hit(CHECK, evidence):
            yield Met(held.state, held.record_id, actor.own_state(), actor.agency, "check",
                      check_id, at, evidence, candidate.is_open, read_as=query.serial)  # fmt: skip


def of_records(
    actor: Actor, found: Iterable[tuple[RecordView, Sequence[Candidate]]]
) -> Iterator[Met]:
    """Yield which alerts records met that were written after them, or corrected; called by commands alone.

    Of a new alert, which guns had been seized before it and are shown to its state.
    """
    for view, candidates in found:
        for candidate in candidates:
            if view.record.event == ALERT:
                yield from _seized_before(view, candidate)
            elif candidate.held.event == ALERT:
                yield from _met_by(actor, view, candidate)


def _met_by(actor: Actor, view: RecordView, candidate: Candidate) -> Iterator[Met]:
    record, held, shown = view.record, candidate.held, visibility_of(view)
    is_later = record.version > 1 or record.id > held.record_id
    if not is_later or (shown == "silent" and held.state != record.owner_state):
        return
    evidence = meets(view, candidate)
    if evidence:
        agency = actor.agency if actor.state == record.owner_state else None
        yield Met(held.state, held.record_id, record.owner_state, agency, record.document_kind,
                  record.id, record.recorded_at, evidence, candidate.is_open,
                  shown == "open" or held.state == record.owner_state, record.serial or "",
                  record.version)  # fmt: skip


def meets(view: RecordView, candidate: Candidate) -> Evidence | None:
    """Return what speaks for it that a record meets an alert; None where it does not."""
    evidence = _known(query_of(view), candidate)
    return evidence if is_hit(view.record.event, evidence) else None


def _seized_before(view: RecordView, candidate: Candidate) -> Iterator[Met]:
    alert, held = view.record, candidate.held
    is_here = candidate.is_open or held.state == alert.owner_state
    is_before = held.event in SEIZED and held.record_id < alert.id
    if is_before and is_here and is_hit(held.event, candidate.evidence):
        yield Met(alert.owner_state, alert.id, held.state, None, "seizure", held.record_id,
                  alert.recorded_at, candidate.evidence, visibility_of(view) == "open",
                  read_as=held.serial_norm, version=held.record_version)  # fmt: skip


def _known(query: Query, candidate: Candidate) -> Evidence | None:
    """Return what speaks for an alert as its own state may weigh it, which knows the gun that it means."""
    return candidate.evidence if candidate.is_open else seen_by_owner(query, candidate)


def make(actor: Actor, met: Iterable[Met], *, is_late: bool) -> list[Made]:
    """Write a hit for each alert that was met and still stands, once each; returns those that are new.

    Both states are told, but for who waits for the answer. `is_late` is the worker's look, after which
    the record waits for one more: who corrected it meanwhile did not see the hit yet. Called by
    commands alone.
    """
    by_state: dict[str, dict[tuple[UUID, UUID], Met]] = defaultdict(dict)
    for one in met:
        by_state[one.alert_state].setdefault((one.alert_record, one.cause_id), one)
    made: list[tuple[Met, dict[str, Any]]] = []
    for state in sorted(by_state):
        with as_state(actor, state):  # its row is its own, whoever met its alert
            made += _insert(actor, list(by_state[state].values()))
    _answer_for(actor, made)
    if is_late:
        _look_again(actor, [one for one, _ in made if one.cause_kind != CHECK])
    hit_news.made(actor, [row for _, row in made], _showings(made), is_late=is_late)
    return [
        Made(row["id"], row["alert_state"], row["action"], row["strength"], row["due_at"],
             one.is_shown, one.cause_id)
        for one, row in made
    ]  # fmt: skip


def _showings(made: Iterable[tuple[Met, dict[str, Any]]]) -> Iterator[Showing]:
    """Yield what hits show: of the alert that there is one, of the record that met it what was read and when.

    Nothing of what lets its gun pass. What a check shows it says itself, and it is no record.
    """
    for one, row in made:
        if row["is_shown"] and one.cause_kind != CHECK and one.asking_state != one.alert_state:
            yield Showing("hit", one.alert_state, one.alert_record, one.asking_state, HOLDER)
            groups = MET if one.is_named else HOLDER
            yield Showing("hit", one.asking_state, one.cause_id, one.alert_state, groups)


def met_by(actor: Actor, records: Collection[UUID]) -> dict[UUID, list[Made]]:
    """Return the hits of records that the actor just wrote, on alerts that show to his state.

    Of what lets its gun pass there is nothing, of the own state either. Called after commands alone.
    """
    own = select(Hit).where(
        Hit.owner_state == actor.state, Hit.asking_state == actor.state,
        Hit.cause_id.in_(records), Hit.action != "let_pass_and_inform",
    )  # fmt: skip
    made: dict[UUID, list[Made]] = defaultdict(list)
    for row in db.session.scalars(own.order_by(Hit.id)):
        cause = cast(UUID, row.cause_id)
        made[cause].append(
            Made(row.id, row.alert_state, row.action, row.strength, row.due_at, True, cause)
        )
    return made


def _insert(actor: Actor, met: Sequence[Met]) -> list[tuple[Met, dict[str, Any]]]:
    """Write hits on the alerts that stand, which whoever ends one waits for: it ends with its hits."""
    wanted = select(Alert).where(
        Alert.record_id.in_({one.alert_record for one in met}), Alert.status == "active"
    )
    standing = wanted.order_by(Alert.id).with_for_update(read=True)
    fresh = standing.execution_options(populate_existing=True)
    alerts = {alert.record_id: alert for alert in db.session.scalars(fresh)}
    pairs = [
        (one, _row(actor, one, alerts[one.alert_record])) for one in met
        if one.alert_record in alerts and alerts[one.alert_record].of_record != one.cause_id
    ]  # fmt: skip
    if not pairs:
        return []
    table = cast(Table, Hit.__table__)
    once = insert(table).on_conflict_do_nothing().returning(table.c.id)
    made = set(db.session.scalars(once, [_column_values(row) for _, row in pairs]))
    return [(one, row) for one, row in pairs if row["id"] in made]


def _answer_for(actor: Actor, made: Sequence[tuple[Met, dict[str, Any]]]) -> None:
    """Give each other state that met an alert which shows to it a row of its own."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one, row in made:
        if row["is_shown"] and one.asking_state != one.alert_state:
            mine = row | {"owner_state": one.asking_state, "cause_id": one.cause_id,
                          "read_as": one.read_as}  # fmt: skip
            rows[one.asking_state].append(_column_values(mine))
    for state in sorted(rows):
        with as_state(actor, state):  # what it met is its own
            insert_many(Hit, rows[state])


def _look_again(actor: Actor, met: Iterable[Met]) -> None:
    """Let records that met alerts wait once more, to be found by who looks once their hits are written."""
    waiting: dict[str, dict[UUID, None]] = defaultdict(dict)
    for one in met:
        waiting[one.asking_state][one.cause_id] = None
    for state in sorted(waiting):
        with as_state(actor, state):  # what waits is its own
            match_waits.add(state, waiting[state], is_of_crime=True)


def _column_values(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "is_shown"}


def _row(actor: Actor, met: Met, alert: Alert) -> dict[str, Any]:
    now = actor.now()
    return {
        "id": new_id(), "owner_state": met.alert_state, "version": 1,
        "alert_id": alert.id, "alert_state": met.alert_state, "asking_state": met.asking_state,
        "agency": met.agency, "action": alert.action, "priority": alert.priority,
        "cause_kind": met.cause_kind, "cause_id": met.cause_id if met.is_named else None,
        "cause_key": key_of(met.cause_id), "strength": met.evidence.strength,
        "score": float(met.evidence.bits), "status": "open", "met_at": met.at, "made_at": now,
        "due_at": now + DUE[alert.priority], "reminded_at": None, "answered_at": None,
        "answered_by": None, "note": None, "changed_at": now,
        "read_as": met.read_as if met.is_named else None,
        "cause_version": met.version, "cause_status": "standing", "cause_changed_at": None,
        "is_shown": met.is_shown and met.asking_state in alert.concerned
        and alert.action != "let_pass_and_inform",
    }  # fmt: skip
