"""Create hits: a check or record matches an alert."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Update, case, inspect, select, update
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import notices
from salsa_ext.alerts import notices as alert_notices
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.alerts.values import SILENT_ACTION, HitAnswerData
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Forbidden, IllegalTransition, message
from salsa_ext.core.ids import derived_id, pseudonym
from salsa_ext.database.locks import check_version, lock
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure.disclosures import HOLDER_GROUPS, RecordFinding
from salsa_ext.firearms.marks.keys import LOT_SIGN
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records.event_kinds import ALERT, SEIZED
from salsa_ext.firearms.records.queries import RecordView, query_for_record, visibility_of
from salsa_ext.firearms.search.evidence import CHECK_EVENT, Evidence, weigh_alert
from salsa_ext.firearms.search.search import evidence_for_owner
from salsa_ext.firearms.search.values import Candidate
from salsa_ext.jobs.changes import append_changes

ANSWER_TIMES: Final[Mapping[str, timedelta]] = {
    "urgent": timedelta(minutes=10),
    "routine": timedelta(hours=1),
}
"""Time to answer a hit, by priority of the alert; as hit confirmation of the NCIC."""
FOUND_RECORD_GROUPS: Final = (*HOLDER_GROUPS, "firearm", "event")
"""Field groups of a found record that the alert's state sees: the serial, and the event."""


@dataclass(frozen=True)
class AlertMatch:
    """A check or record of `finding_state` matches an alert's record.

    `is_shown` if the alert is visible to that state; `is_named` if the alert's state learns the
    record. `serial_read` is the serial that was read, `version` the compared version of the record.
    """

    alert_state: str
    alert_record: UUID
    finding_state: str
    agency: str | None
    cause_kind: str
    cause_id: UUID
    found_at: datetime
    evidence: Evidence
    is_shown: bool
    is_named: bool = True
    serial_read: str | None = None
    version: int = 1


class CreatedHit(NamedTuple):
    """A new hit of the alert's state; `is_shown` if the finding state sees it too."""

    match: AlertMatch
    hit: Hit
    is_shown: bool

    @property
    def is_shared(self) -> bool:
        """Return whether a second state has a row of its own."""
        return self.is_shown and self.hit.has_finder_row


def match_check(
    actor: Actor,
    check_id: UUID,
    query: Query,
    candidates: Iterable[Candidate],
    checked_at: datetime,
) -> Iterator[AlertMatch]:
    """Yield the alerts that a check matches."""
    for candidate in candidates:
        alert = candidate.mark_hit
        if alert.event == ALERT and (
            evidence := weigh_alert(CHECK_EVENT, _evidence_for_owner(query, candidate))
        ):
            yield AlertMatch(
                alert.state,
                alert.record_id,
                actor.own_state(),
                actor.agency,
                CHECK_EVENT,
                check_id,
                checked_at,
                evidence,
                candidate.is_open,
                serial_read=query.serial,
            )


@dataclass(frozen=True)
class AnswerHit:
    """A hit as an answer lists it; the job inserts its row with this id."""

    id: UUID
    alert_state: str
    action: str
    strength: str
    due_at: datetime


def hits_in_answer(matches: Sequence[AlertMatch]) -> dict[UUID, list[AnswerHit]]:
    """Return the hits on alerts visible to the session's state, by check or record."""
    hits: dict[UUID, list[AnswerHit]] = defaultdict(list)
    if not (records := {match.alert_record for match in matches if match.is_shown}):
        return hits  # as after most checks: building the query takes longer than they do otherwise
    query = select(Alert).where(Alert.record_id.in_(records), Alert.status == "active")
    alerts = {row.record_id: row for row in db.session.scalars(query)}
    for match in matches:
        alert = alerts.get(match.alert_record)
        if alert is None or match.cause_id == alert.source_record_id:
            continue
        hits[match.cause_id].append(
            AnswerHit(
                derived_id(match.cause_id, match.alert_record),
                match.alert_state,
                alert.action,
                str(match.evidence.strength),
                match.found_at + ANSWER_TIMES[alert.priority],
            )
        )
    return hits


def match_records(
    actor: Actor, searched: Iterable[tuple[RecordView, Sequence[Candidate]]]
) -> Iterator[AlertMatch]:
    """Yield the matches between alerts and records.

    Of a record: alerts written before it, or before its correction. Of a new alert: guns seized
    before it, and what was recorded at the same moment; visible to its state.
    """
    for view, candidates in searched:
        match = _match_new_alert if view.record.event == ALERT else _match_record
        for candidate in candidates:
            yield from match(actor, view, candidate)


def _match_record(actor: Actor, view: RecordView, candidate: Candidate) -> Iterator[AlertMatch]:
    record, alert = view.record, candidate.mark_hit
    is_own, visibility = alert.state == record.owner_state, visibility_of(view)
    is_later = record.version > 1 or record.id > alert.record_id
    if alert.event != ALERT or not is_later or (visibility == "silent" and not is_own):
        return
    if evidence := match_evidence(view, candidate):
        yield AlertMatch(
            alert.state,
            alert.record_id,
            record.owner_state,
            actor.agency if actor.state == record.owner_state else None,
            record.document_kind,
            record.id,
            record.recorded_at,
            evidence,
            candidate.is_open,
            visibility == "open" or is_own,
            record.serial or "",
            record.version,
        )


def match_evidence(view: RecordView, candidate: Candidate) -> Evidence | None:
    """Return the evidence that a record matches an alert; None for a service gun handed in."""
    if view.record.handed_in:
        return None
    return weigh_alert(view.record.event, _evidence_for_owner(query_for_record(view), candidate))


def _match_new_alert(actor: Actor, view: RecordView, candidate: Candidate) -> Iterator[AlertMatch]:
    alert, seized = view.record, candidate.mark_hit
    is_visible = candidate.is_open or seized.state == alert.owner_state
    is_compared = seized.event in SEIZED or seized.record_id > alert.id
    evidence = weigh_alert(seized.event, candidate.evidence)
    if is_compared and is_visible and evidence:
        yield AlertMatch(
            alert.owner_state,
            alert.id,
            seized.state,
            None,
            "seizure",
            seized.record_id,
            alert.recorded_at,
            evidence,
            visibility_of(view) == "open",
            serial_read=seized.serial_norm.removeprefix(LOT_SIGN),
            version=seized.record_version,
        )


def _evidence_for_owner(query: Query, candidate: Candidate) -> Evidence | None:
    """Return the evidence for an alert as its owner can judge it."""
    return candidate.evidence if candidate.is_open else evidence_for_owner(query, candidate)


def create_hits(actor: Actor, matches: Iterable[AlertMatch], role: str) -> None:
    """Create a hit for each active alert matched; each match gives one hit, once.

    Both states are notified, except the actor's where a person (`role`) found it: the answer lists
    the hit. A record of another state is compared by its own job again, since a correction made
    meanwhile did not see the hit.
    """
    by_state: dict[str, dict[tuple[UUID, UUID], AlertMatch]] = defaultdict(dict)
    for match in matches:
        by_state[match.alert_state].setdefault((match.alert_record, match.cause_id), match)
    created: list[CreatedHit] = []
    for state in sorted(by_state):
        with acting_as(actor, state):  # each state owns its row, also of a gun that another found
            created += _insert_hits(actor, list(by_state[state].values()))
    rows: dict[str, list[Hit]] = defaultdict(list)
    records: dict[str, dict[UUID, None]] = defaultdict(dict)
    for new in created:
        finder, cause_id = new.match.finding_state, new.match.cause_id
        if new.is_shared:
            more = {
                "owner_state": finder,
                "cause_id": cause_id,
                "serial_read": new.match.serial_read,
            }
            rows[finder].append(Hit(**_column_values(new.hit) | more))
        if finder != actor.state:
            records[finder][cause_id] = None
    for state in sorted({*rows, *records}):
        with acting_as(actor, state):
            db.session.add_all(rows[state])
            append_changes(actor, [state], "record", records[state], Action.HIT_MADE)
    is_visible = {new.hit: new.is_shown for new in created}
    alert_notices.notify_created(actor, is_visible, _disclosed_fields(created), role)


def _insert_hits(actor: Actor, matches: Sequence[AlertMatch]) -> list[CreatedHit]:
    """Insert hits on active alerts, which are locked against ending."""
    query = select(Alert).where(
        Alert.record_id.in_({match.alert_record for match in matches}), Alert.status == "active"
    )
    locked = query.order_by(Alert.id).with_for_update(read=True)
    rows = db.session.scalars(locked.execution_options(populate_existing=True))
    alerts = {alert.record_id: alert for alert in rows}
    new = [
        _new_hit(actor, match, alert)
        for match in matches
        if (alert := alerts.get(match.alert_record)) and alert.source_record_id != match.cause_id
    ]
    if not new:
        return []
    once = insert(Hit).on_conflict_do_nothing().returning(Hit.id)
    ids = set(db.session.scalars(once, [_column_values(each.hit) for each in new]))
    return [each for each in new if each.hit.id in ids]


def _new_hit(actor: Actor, match: AlertMatch, alert: Alert) -> CreatedHit:
    now = actor.now()
    hit = Hit(
        id=derived_id(match.cause_id, match.alert_record),
        owner_state=match.alert_state,
        version=1,
        alert_id=alert.id,
        alert_state=match.alert_state,
        finding_state=match.finding_state,
        agency=match.agency,
        action=alert.action,
        priority=alert.priority,
        cause_kind=match.cause_kind,
        cause_id=match.cause_id if match.is_named else None,
        cause_key=pseudonym(match.cause_id),
        strength=match.evidence.strength,
        score=float(match.evidence.bits),
        status="open",
        found_at=match.found_at,
        created_at=now,
        due_at=match.found_at + ANSWER_TIMES[alert.priority],
        changed_at=now,
        serial_read=match.serial_read if match.is_named else None,
        cause_version=match.version,
        cause_status="standing",
    )
    is_visible = match.finding_state in alert.concerned and alert.action != SILENT_ACTION
    return CreatedHit(match, hit, match.is_shown and is_visible)


def _column_values(hit: Hit) -> dict[str, Any]:
    return {column.key: getattr(hit, column.key) for column in inspect(Hit).column_attrs}


def _disclosed_fields(created: Iterable[CreatedHit]) -> Iterator[RecordFinding]:
    """Yield what hits disclose of the alert's record and the finder's record."""
    for match in (new.match for new in created if new.is_shared):
        if match.cause_kind != CHECK_EVENT:
            owner, finder = match.alert_state, match.finding_state
            yield RecordFinding("hit", owner, match.alert_record, finder, HOLDER_GROUPS)
            groups = FOUND_RECORD_GROUPS if match.is_named else HOLDER_GROUPS
            yield RecordFinding("hit", finder, match.cause_id, owner, groups)


UNANSWERED: Final = ("open", "extended")
UNANSWERED_OR_CONFIRMED: Final = (*UNANSWERED, "confirmed")
"""Statuses of hits for which someone may hold a gun, or wait."""
ANSWERS: Final = {
    "confirmed": ("confirm", Action.HIT_CONFIRMED),
    "denied": ("deny", Action.HIT_DENIED),
    "extended": ("extend", Action.HIT_EXTENDED),
}
NO_ANSWER_AWAITED: Final = message(
    "Nobody waits for this answer: those who found the gun know nothing of the hit. Confirm or deny it when "
    "you know."
)


def confirm(
    *, actor: Actor, hit_id: UUID, expected_version: int | None, data: HitAnswerData
) -> None:
    """Confirm the alert for this gun; raises NotFound, Forbidden, StaleVersion, IllegalTransition."""
    require(actor, Permission.HIT_DECIDE)
    _answer_hit(actor, hit_id, expected_version, "confirmed", data)


def deny(*, actor: Actor, hit_id: UUID, expected_version: int | None, data: HitAnswerData) -> None:
    """Deny a hit: another gun, or the alert is out of date; raises as `confirm`."""
    require(actor, Permission.HIT_DECIDE)
    _answer_hit(actor, hit_id, expected_version, "denied", data)


def extend(
    *, actor: Actor, hit_id: UUID, expected_version: int | None, data: HitAnswerData
) -> None:
    """Extend the time for the answer by `hours` from now.

    Raises as `confirm`, and Conflict if the finding state does not know of the hit.
    """
    require(actor, Permission.HIT_DECIDE)
    _answer_hit(actor, hit_id, expected_version, "extended", data)


def _answer_hit(
    actor: Actor, hit_id: UUID, expected_version: int | None, status: str, data: HitAnswerData
) -> None:
    hit = lock(Hit, (hit_id, actor.own_state()))
    if hit.alert_state != actor.state:
        state = hit.alert_state
        problem = message("The alert is of {state}: its authorities answer this hit.", state=state)
        raise Forbidden(problem)
    check_version(hit.version, expected_version)
    verb, action = ANSWERS[status]
    if hit.status not in UNANSWERED:
        raise IllegalTransition("hit", hit.status, verb)
    answer: dict[str, Any] = {"answered_at": actor.now(), "answered_by": actor.account_id}
    if status == "extended":
        if not alert_queries.load_hit(actor, hit_id).is_shown_to_finder:
            raise Conflict(NO_ANSWER_AWAITED)
        answer = {"due_at": actor.now() + timedelta(hours=data.hours), "reminded_at": None}
    is_shown = change_hit(actor, hit, status=status, note=data.note, **answer)
    notices.notify_answered(actor, hit, action, is_shown=is_shown)


def change_hit(actor: Actor, hit: Hit, **values: Any) -> bool:
    """Change both rows of a hit; return whether the finder sees it."""
    values |= {"version": hit.version + 1, "changed_at": actor.now()}
    for name, value in values.items():
        setattr(hit, name, value)
    db.session.flush()
    if not hit.has_finder_row:
        return not hit.is_silent
    values.pop("answered_by", None)  # an account of the alert's state
    row = update(Hit).where(Hit.id == hit.id, Hit.owner_state == hit.finding_state)
    return bool(_update_as(actor, hit.finding_state, row.values(values)))


def end_hits(actor: Actor, alert: Alert) -> None:
    """End or expire the unanswered hits of an ended alert."""
    query = select(Hit).where(
        Hit.owner_state == actor.state,
        Hit.alert_id == alert.id,
        Hit.status.in_(UNANSWERED_OR_CONFIRMED),
    )
    hits = db.session.scalars(query.order_by(Hit.id).with_for_update()).all()
    status = "expired" if alert.status == "expired" else "ended"
    by_finder: dict[str, list[UUID]] = defaultdict(list)
    for hit in hits:
        hit.status = hit.status if hit.status == "confirmed" else status
        hit.version, hit.changed_at = hit.version + 1, actor.now()
        if hit.has_finder_row:
            by_finder[hit.finding_state].append(hit.id)
    db.session.flush()
    visible = {hit.id for hit in hits if not hit.has_finder_row and not hit.is_silent}
    for state in sorted(by_finder):
        rows = update(Hit).where(Hit.id.in_(by_finder[state]), Hit.owner_state == state)
        changed = rows.values(
            status=case((Hit.status == "confirmed", Hit.status), else_=status),
            version=Hit.version + 1,
            changed_at=actor.now(),
        )
        visible |= _update_as(actor, state, changed)
    notices.notify_ended(actor, hits, alert.status, visible)


def _update_as(actor: Actor, state: str, changed: Update) -> set[UUID]:
    """Change the finding state's rows as that state; return their ids."""
    changed = changed.execution_options(synchronize_session=False)
    with acting_as(actor, state):
        return set(db.session.scalars(changed.returning(Hit.id)))
