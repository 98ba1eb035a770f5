"""Create hits: a check or record matches an alert.

A hit is no ground to act: the alert's state confirms it first. The finding state has a row of its
own, unless the alert is hidden from it.
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

from salsa_ext.alerts import notices as alert_notices
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure.disclosures import HOLDER_GROUPS, RecordFinding
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records import queue
from salsa_ext.firearms.records.queries import RecordView, query_for_record, visibility_of
from salsa_ext.firearms.records.values import ALERT, SEIZED, pseudonym
from salsa_ext.firearms.search.evidence import CHECK_EVENT, Evidence, meets_alert
from salsa_ext.firearms.search.search import evidence_for_owner
from salsa_ext.firearms.search.values import Candidate

ANSWER_TIMES: Final[Mapping[str, timedelta]] = {
    "urgent": timedelta(minutes=10),
    "routine": timedelta(hours=1),
}
"""How soon a state answers a hit on its alert, as the hit confirmation of the NCIC has it."""
SHOWN_GROUPS: Final = (*HOLDER_GROUPS, "firearm", "event")
"""What the alert's state is shown of a record that met it: the serial, and what happened when."""


@dataclass(frozen=True)
class AlertMatch:
    """A check or record of `asking_state` matches an alert's record.

    `is_shown` if the alert is visible to that state; `is_named` if the alert's state learns the
    record. `read_as` is the serial that was read, `version` the compared version of the record.
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
class CreatedHit:
    """A new hit, as its finding state stores it."""

    id: UUID
    alert_state: str
    action: str
    strength: str
    due_at: datetime
    is_shown: bool
    cause_id: UUID


def match_check(
    actor: Actor,
    check_id: UUID,
    query: Query,
    candidates: Iterable[Candidate],
    checked_at: datetime,
) -> Iterator[AlertMatch]:
    """Yield the alerts that a check matches.

    Called by commands only.
    """
    for candidate in candidates:
        held = candidate.held
        evidence = _evidence_for_owner(query, candidate)
        if held.event == ALERT and evidence and meets_alert(CHECK_EVENT, evidence):
            yield AlertMatch(
                held.state,
                held.record_id,
                actor.own_state(),
                actor.agency,
                "check",
                check_id,
                checked_at,
                evidence,
                candidate.is_open,
                read_as=query.serial,
            )


def match_records(
    actor: Actor, searched: Iterable[tuple[RecordView, Sequence[Candidate]]]
) -> Iterator[AlertMatch]:
    """Yield the matches between alerts and records.

    Of a record: alerts written before it, or before its correction. Of a new alert: guns seized
    before it and visible to its state. Called by commands only.
    """
    for view, candidates in searched:
        for candidate in candidates:
            if view.record.event == ALERT:
                yield from _match_earlier_seizure(view, candidate)
            elif candidate.held.event == ALERT:
                yield from _match_record(actor, view, candidate)


def _match_record(actor: Actor, view: RecordView, candidate: Candidate) -> Iterator[AlertMatch]:
    record, held, shown = view.record, candidate.held, visibility_of(view)
    is_later = record.version > 1 or record.id > held.record_id
    if not is_later or (shown == "silent" and held.state != record.owner_state):
        return
    evidence = match_evidence(view, candidate)
    if evidence:
        agency = actor.agency if actor.state == record.owner_state else None
        yield AlertMatch(
            held.state,
            held.record_id,
            record.owner_state,
            agency,
            record.document_kind,
            record.id,
            record.recorded_at,
            evidence,
            candidate.is_open,
            shown == "open" or held.state == record.owner_state,
            record.serial or "",
            record.version,
        )


def match_evidence(view: RecordView, candidate: Candidate) -> Evidence | None:
    """Return the evidence that a record matches an alert, or None."""
    evidence = _evidence_for_owner(query_for_record(view), candidate)
    return evidence if meets_alert(view.record.event, evidence) else None


def _match_earlier_seizure(view: RecordView, candidate: Candidate) -> Iterator[AlertMatch]:
    alert, held = view.record, candidate.held
    is_here = candidate.is_open or held.state == alert.owner_state
    is_before = held.event in SEIZED and held.record_id < alert.id
    if is_before and is_here and meets_alert(held.event, candidate.evidence):
        yield AlertMatch(
            alert.owner_state,
            alert.id,
            held.state,
            None,
            "seizure",
            held.record_id,
            alert.recorded_at,
            candidate.evidence,
            visibility_of(view) == "open",
            read_as=held.serial_norm,
            version=held.record_version,
        )


def _evidence_for_owner(query: Query, candidate: Candidate) -> Evidence | None:
    """Return the evidence for an alert as its owner can judge it."""
    return candidate.evidence if candidate.is_open else evidence_for_owner(query, candidate)


def create_hits(
    actor: Actor, matches: Iterable[AlertMatch], *, in_background: bool
) -> list[CreatedHit]:
    """Create a hit for each active alert matched; return the new ones.

    Each match gives one hit, once. Both states are notified, except the one that gets the answer at
    once. `in_background`: called by the worker, after which the records are queued once more, since
    a correction made meanwhile did not see the hit. Called by commands only.
    """
    by_state: dict[str, dict[tuple[UUID, UUID], AlertMatch]] = defaultdict(dict)
    for one in matches:
        by_state[one.alert_state].setdefault((one.alert_record, one.cause_id), one)
    made: list[tuple[AlertMatch, dict[str, Any]]] = []
    for state in sorted(by_state):
        with acting_as(actor, state):  # its row is its own, whoever met its alert
            made += _insert_hits(actor, list(by_state[state].values()))
    _insert_rows_of_finders(actor, made)
    if in_background:
        _queue_again(actor, [one for one, _ in made if one.cause_kind != CHECK_EVENT])
    alert_notices.notify_created(
        actor, [row for _, row in made], _disclosed_fields(made), in_background=in_background
    )
    return [
        CreatedHit(
            row["id"],
            row["alert_state"],
            row["action"],
            row["strength"],
            row["due_at"],
            one.is_shown,
            one.cause_id,
        )
        for one, row in made
    ]


def _disclosed_fields(
    created: Iterable[tuple[AlertMatch, dict[str, Any]]],
) -> Iterator[RecordFinding]:
    """Yield what hits disclose of the alert's record and the finder's record.

    The serial read and the event's time. Nothing for silent alerts, nor for checks.
    """
    for one, row in created:
        if (
            row["is_shown"]
            and one.cause_kind != CHECK_EVENT
            and one.asking_state != one.alert_state
        ):
            yield RecordFinding(
                "hit", one.alert_state, one.alert_record, one.asking_state, HOLDER_GROUPS
            )
            groups = SHOWN_GROUPS if one.is_named else HOLDER_GROUPS
            yield RecordFinding("hit", one.asking_state, one.cause_id, one.alert_state, groups)


def hits_of_new_records(actor: Actor, records: Collection[UUID]) -> dict[UUID, list[CreatedHit]]:
    """Return hits of records that the actor just wrote, by record.

    Leaves out hits on silent alerts, also of the own state. Called after commands only.
    """
    own = select(Hit).where(
        Hit.owner_state == actor.state,
        Hit.finding_state == actor.state,
        Hit.cause_id.in_(records),
        Hit.action != "let_pass_and_inform",
    )
    made: dict[UUID, list[CreatedHit]] = defaultdict(list)
    for row in db.session.scalars(own.order_by(Hit.id)):
        cause = cast(UUID, row.cause_id)
        made[cause].append(
            CreatedHit(row.id, row.alert_state, row.action, row.strength, row.due_at, True, cause)
        )
    return made


def _insert_hits(
    actor: Actor, matches: Sequence[AlertMatch]
) -> list[tuple[AlertMatch, dict[str, Any]]]:
    """Insert hits on active alerts, which are locked against ending."""
    wanted = select(Alert).where(
        Alert.record_id.in_({one.alert_record for one in matches}), Alert.status == "active"
    )
    standing = wanted.order_by(Alert.id).with_for_update(read=True)
    fresh = standing.execution_options(populate_existing=True)
    alerts = {alert.record_id: alert for alert in db.session.scalars(fresh)}
    pairs = [
        (one, _hit_row(actor, one, alerts[one.alert_record]))
        for one in matches
        if one.alert_record in alerts and alerts[one.alert_record].source_record_id != one.cause_id
    ]
    if not pairs:
        return []
    table = cast(Table, Hit.__table__)
    once = insert(table).on_conflict_do_nothing().returning(table.c.id)
    made = set(db.session.scalars(once, [_without_is_shown(row) for _, row in pairs]))
    return [(one, row) for one, row in pairs if row["id"] in made]


def _insert_rows_of_finders(
    actor: Actor, created: Sequence[tuple[AlertMatch, dict[str, Any]]]
) -> None:
    """Insert the rows of finding states that may see the alert."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one, row in created:
        if row["is_shown"] and one.asking_state != one.alert_state:
            mine = row | {
                "owner_state": one.asking_state,
                "cause_id": one.cause_id,
                "read_as": one.read_as,
            }
            rows[one.asking_state].append(_without_is_shown(mine))
    for state in sorted(rows):
        with acting_as(actor, state):  # what it met is its own
            insert_many(Hit, rows[state])


def _queue_again(actor: Actor, matches: Iterable[AlertMatch]) -> None:
    """Queue the matched records for one more search.

    It finds the hits that were just written.
    """
    waiting: dict[str, dict[UUID, None]] = defaultdict(dict)
    for one in matches:
        waiting[one.asking_state][one.cause_id] = None
    for state in sorted(waiting):
        with acting_as(actor, state):  # what waits is its own
            queue.queue_matching(state, waiting[state], is_of_crime=True)


def _without_is_shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "is_shown"}


def _hit_row(actor: Actor, alert_match: AlertMatch, alert: Alert) -> dict[str, Any]:
    now = actor.now()
    return {
        "id": new_id(),
        "owner_state": alert_match.alert_state,
        "version": 1,
        "alert_id": alert.id,
        "alert_state": alert_match.alert_state,
        "asking_state": alert_match.asking_state,
        "agency": alert_match.agency,
        "action": alert.action,
        "priority": alert.priority,
        "cause_kind": alert_match.cause_kind,
        "cause_id": alert_match.cause_id if alert_match.is_named else None,
        "cause_key": pseudonym(alert_match.cause_id),
        "strength": alert_match.evidence.strength,
        "score": float(alert_match.evidence.bits),
        "status": "open",
        "met_at": alert_match.at,
        "made_at": now,
        "due_at": now + ANSWER_TIMES[alert.priority],
        "reminded_at": None,
        "answered_at": None,
        "answered_by": None,
        "note": None,
        "changed_at": now,
        "read_as": alert_match.read_as if alert_match.is_named else None,
        "cause_version": alert_match.version,
        "cause_status": "standing",
        "cause_changed_at": None,
        "is_shown": alert_match.is_shown
        and alert_match.asking_state in alert.concerned
        and alert.action != "let_pass_and_inform",
    }
