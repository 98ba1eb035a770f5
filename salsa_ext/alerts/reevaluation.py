"""Re-evaluate hits after their record was corrected or withdrawn."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from salsa_ext.alerts import hits
from salsa_ext.alerts import notices as alert_notices
from salsa_ext.alerts.hits import UNANSWERED, UNANSWERED_OR_CONFIRMED
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.alerts.queries import VOID_CAUSES
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.ids import pseudonym
from salsa_ext.database.session import acting_as, db
from salsa_ext.firearms.records.queries import (
    RecordView,
    find_versions,
    record_content,
    visibility_of,
)
from salsa_ext.firearms.search import batch
from salsa_ext.firearms.search.evidence import Evidence
from salsa_ext.firearms.search.mark_lookup import find_marks_of_records

Evaluate = Callable[[Sequence[Hit], Mapping[UUID, Alert]], Mapping[UUID, str]]
"""Returns the new cause statuses of hits, by id; called as the alert's state."""
COPIED_COLUMNS: Final = tuple(
    "status version changed_at due_at reminded_at strength score cause_version"
    " cause_status cause_changed_at".split()
)


def end_withdrawn(actor: Actor, views: Sequence[RecordView]) -> None:
    """End unanswered hits of withdrawn records; mark the others."""
    versions = {pseudonym(view.record.id): view.record.version for view in views}

    def evaluate(rows: Sequence[Hit], _: Mapping[UUID, Alert]) -> Mapping[UUID, str]:
        current = [row for row in rows if row.cause_version <= versions[row.cause_key]]
        for row in current:
            row.cause_version = versions[row.cause_key]
        return {row.id: "withdrawn" for row in current if row.cause_status != "withdrawn"}

    _change_hits(actor, [view.record.id for view in views], evaluate)


def reevaluate(actor: Actor, views: Sequence[RecordView]) -> None:
    """End or reopen hits of corrected records that match no more, or again.

    An unanswered hit ends if not; one that ended opens again if the correction is undone or the gun
    arrived after all. Hits on ended alerts stay unchanged. Otherwise as `end_withdrawn`.
    """
    corrected = {pseudonym(view.record.id): view for view in views if view.record.version > 1}

    def evaluate(rows: Sequence[Hit], alerts: Mapping[UUID, Alert]) -> Mapping[UUID, str]:
        older = [
            row
            for row in rows
            if alerts[row.alert_id].status == "active"
            and row.cause_version < corrected[row.cause_key].record.version
        ]
        changed = _with_changed_record(actor, older, corrected)
        pairs = [(corrected[row.cause_key], alerts[row.alert_id]) for row in changed]
        best = _best_evidence(actor, pairs)
        evidence_by_hit = dict(zip(changed, best, strict=True))
        statuses = {}
        for row in older:
            view, evidence = corrected[row.cause_key], evidence_by_hit.get(row)
            is_own = row.alert_state == view.record.owner_state
            if evidence and visibility_of(view) == "silent" and not is_own:
                continue  # it is compared once it is shown again
            row.cause_version = view.record.version
            if row in evidence_by_hit:
                statuses[row.id] = "corrected" if evidence else "corrected_away"
            if evidence:
                row.strength, row.score = str(evidence.strength), float(evidence.bits)
        return statuses

    records = [view.record.id for view in corrected.values()]
    _change_hits(actor, records, evaluate)


def _with_changed_record(
    actor: Actor, rows: Iterable[Hit], corrected: Mapping[UUID, RecordView]
) -> list[Hit]:
    """Return the hits whose record changed since the last comparison."""
    versions = {row: (corrected[row.cause_key].record.id, row.cause_version) for row in rows}
    with acting_as(actor, actor.own_state()):
        contents = {
            (view.record.id, view.record.version): record_content(view)
            for view in find_versions(set(versions.values()))
        }
    return [
        row
        for row, version in versions.items()
        if row.cause_status == "withdrawn"
        or contents.get(version) != record_content(corrected[row.cause_key])
    ]


def _best_evidence(
    actor: Actor, pairs: Sequence[tuple[RecordView, Alert]]
) -> list[Evidence | None]:
    """Return the strongest evidence that each record matches its alert."""
    records = {alert.record_id for _, alert in pairs}
    mark_hits = find_marks_of_records(records, actor.state, with_silent=True)
    marks = group_by(mark_hits, lambda mark: mark.record_id)
    best = []
    for view, alert in pairs:
        candidates = batch.compare_each(actor, view, [marks[alert.record_id]])
        evidence = [hits.match_evidence(view, candidate) for candidate in candidates]
        best.append(max(filter(None, evidence), key=lambda each: each.bits, default=None))
    return best


def _change_hits(actor: Actor, record_ids: Sequence[UUID], evaluate: Evaluate) -> None:
    keys = [pseudonym(record_id) for record_id in record_ids]
    states = db.session.scalars(select(func.salsa_hit_alert_states(keys))) if keys else ()
    for state in sorted(states):
        with acting_as(
            actor, state
        ):  # each state owns its row, also when another corrects the record
            rows, alerts = _lock_hits(state, Hit.cause_key.in_(keys))
            statuses = evaluate(rows, alerts)
            changed = [row for row in rows if row.id in statuses]
            before = {row.id: row.status for row in changed}
            for row in changed:
                _set_cause_status(actor, row, statuses[row.id])
        copies = {row.id: row for row in rows if row.has_finder_row}
        visible = {row.id for row in rows if not row.has_finder_row and not row.is_silent}
        own = select(Hit).where(Hit.owner_state == actor.state, Hit.id.in_(copies))
        for row in _reload(own.with_for_update()) if copies else ():
            for name in COPIED_COLUMNS:
                setattr(row, name, getattr(copies[row.id], name))
            visible.add(row.id)
        db.session.flush()
        alert_notices.notify_cause_changed(actor, changed, before, visible)


def _lock_hits(
    state: str, condition: ColumnElement[bool]
) -> tuple[Sequence[Hit], dict[UUID, Alert]]:
    """Return the current hits and their alerts, locked, alerts first."""
    ended_by_record = and_(Hit.status == "ended", Hit.cause_status.in_(VOID_CAUSES))
    own = (
        condition,
        Hit.owner_state == state,
        Hit.alert_state == state,
        or_(Hit.status.in_(UNANSWERED_OR_CONFIRMED), ended_by_record),
    )
    query = select(Alert).where(Alert.id.in_(select(Hit.alert_id).where(*own)))
    locked = query.order_by(Alert.id).with_for_update(read=True)
    alerts = {alert.id: alert for alert in _reload(locked)}
    rows = _reload(select(Hit).where(*own).order_by(Hit.id).with_for_update())
    return [row for row in rows if row.alert_id in alerts], alerts


def _reload(query: Any) -> Sequence[Any]:
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _set_cause_status(actor: Actor, row: Hit, cause_status: str) -> None:
    now, was_void, is_void = (
        actor.now(),
        row.cause_status in VOID_CAUSES,
        cause_status in VOID_CAUSES,
    )
    row.cause_status, row.cause_changed_at = cause_status, now
    row.version, row.changed_at = row.version + 1, now
    if is_void and row.status in UNANSWERED:
        row.status = "ended"
    elif was_void and not is_void and row.status == "ended":
        row.status, row.due_at = "open", now + hits.ANSWER_TIMES[row.priority]
        row.reminded_at = None
