"""Re-evaluate hits after their record was corrected or withdrawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from salsa_ext.alerts import hit_answers, hits
from salsa_ext.alerts import notices as alert_notices
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.alerts.queries import VOID_CAUSES
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import acting_as, db
from salsa_ext.firearms.records.queries import (
    RecordView,
    find_versions,
    record_content,
    visibility_of,
)
from salsa_ext.firearms.records.values import pseudonym
from salsa_ext.firearms.search import batch
from salsa_ext.firearms.search.evidence import Evidence
from salsa_ext.firearms.search.index import find_marks_of_records
from salsa_ext.firearms.search.values import MarkHit

Evaluate = Callable[[Sequence[Hit], Mapping[UUID, Alert]], Mapping[UUID, str]]
"""Returns of hits, under the eyes of their state, what became of their records since."""


def end_withdrawn(actor: Actor, views: Sequence[RecordView], *, in_background: bool) -> None:
    """End unanswered hits of withdrawn records; mark the others.

    A search older than the record's last version changes nothing. Hits that are hidden from the
    finding state are left to the worker. Called by commands only.
    """
    versions = {pseudonym(view.record.id): view.record.version for view in views}

    def judge(rows: Sequence[Hit], _: Mapping[UUID, Alert]) -> Mapping[UUID, str]:
        fresh = [row for row in rows if row.cause_version <= versions[row.cause_key]]
        for row in fresh:
            row.cause_version = versions[row.cause_key]
        return {row.id: "withdrawn" for row in fresh if row.cause_status != "withdrawn"}

    _change_hits(actor, [view.record.id for view in views], judge, in_background=in_background)


def reevaluate(actor: Actor, views: Sequence[RecordView], *, in_background: bool) -> None:
    """End or reopen hits of corrected records that match no more, or again.

    An unanswered hit ends if not; one that ended opens again if the correction is undone or the gun
    arrived after all. Hits on ended alerts stay unchanged. Otherwise as `end_withdrawn`.
    """
    corrected = {pseudonym(view.record.id): view for view in views if view.record.version > 1}

    def judge(rows: Sequence[Hit], alerts: Mapping[UUID, Alert]) -> Mapping[UUID, str]:
        fresh = [
            row
            for row in rows
            if alerts[row.alert_id].status == "active"
            and row.cause_version < corrected[row.cause_key].record.version
        ]
        other = _with_changed_record(actor, fresh, corrected)
        pairs = [(corrected[row.cause_key], alerts[row.alert_id]) for row in other]
        met = dict(
            zip(other, _best_evidence(actor, pairs, in_background=in_background), strict=True)
        )
        became = {}
        for row in fresh:
            view, evidence = corrected[row.cause_key], met.get(row)
            if evidence and _is_hidden_from_alert_state(view, row):
                continue  # it is compared once it is shown again
            row.cause_version = view.record.version
            if row in met:
                became[row.id] = "corrected" if evidence else "corrected_away"
            if evidence:
                row.strength, row.score = str(evidence.strength), float(evidence.bits)
        return became

    _change_hits(
        actor, [view.record.id for view in corrected.values()], judge, in_background=in_background
    )


def _is_hidden_from_alert_state(view: RecordView, row: Hit) -> bool:
    """Return whether the record became silent to the alert's state."""
    return visibility_of(view) == "silent" and row.alert_state != view.record.owner_state


def _with_changed_record(
    actor: Actor, rows: Iterable[Hit], corrected: Mapping[UUID, RecordView]
) -> list[Hit]:
    """Return the hits whose record changed since the last comparison.

    A correction concerns the whole document; most of its records keep their content. A restored
    record counts as changed.
    """
    last = {row: (corrected[row.cause_key].record.id, row.cause_version) for row in rows}
    with acting_as(actor, actor.own_state()):  # what its own records told
        before = {
            (view.record.id, view.record.version): record_content(view)
            for view in find_versions(set(last.values()))
        }
    return [
        row
        for row, key in last.items()
        if row.cause_status == "withdrawn"
        or before.get(key) != record_content(corrected[row.cause_key])
    ]


def _best_evidence(
    actor: Actor, pairs: Sequence[tuple[RecordView, Alert]], *, in_background: bool
) -> list[Evidence | None]:
    """Return the strongest evidence that each record matches its alert."""
    held: dict[UUID, list[MarkHit]] = defaultdict(list)
    for one in find_marks_of_records(
        {alert.record_id for _, alert in pairs}, actor.state, in_background=in_background
    ):
        held[one.record_id].append(one)
    return [
        max(
            filter(
                None,
                (
                    hits.match_evidence(view, candidate)
                    for candidate in batch.compare_each(actor, view, [held[alert.record_id]])
                ),
            ),
            key=lambda evidence: evidence.bits,
            default=None,
        )
        for view, alert in pairs
    ]


def _change_hits(
    actor: Actor, record_ids: Sequence[UUID], evaluate: Evaluate, *, in_background: bool
) -> None:
    for state, which in sorted(
        _conditions_by_state(actor, record_ids, in_background=in_background).items()
    ):
        with acting_as(actor, state):  # its row is its own, whoever corrects what met its alert
            rows, alerts = _lock_hits(state, which)
            became = evaluate(rows, alerts)
            changed = [row for row in rows if row.id in became]
            before = {row.id: row.status for row in changed}
            for row in changed:
                _set_cause_status(actor, row, became[row.id])
        shown = _update_rows_of_finder(actor, rows)
        alert_notices.notify_cause_changed(actor, changed, before, shown)


def _conditions_by_state(
    actor: Actor, record_ids: Sequence[UUID], *, in_background: bool
) -> dict[str, ColumnElement[bool]]:
    """Return conditions for the hits of records, by the alert's state.

    In a request only hits that the own state has a row of, so that the time taken reveals no
    others.
    """
    if not record_ids:
        return {}
    if in_background:
        keys = [pseudonym(one) for one in record_ids]
        found = db.session.scalars(select(func.salsa_hit_alert_states(keys)))
        return dict.fromkeys(found, Hit.cause_key.in_(keys))
    shown = select(Hit.alert_state, Hit.id).where(
        Hit.owner_state == actor.state,
        Hit.asking_state == actor.state,
        Hit.cause_id.in_(record_ids),
        Hit.action != "let_pass_and_inform",
    )
    by_state: dict[str, list[UUID]] = defaultdict(list)
    for state, hit_id in db.session.execute(shown):
        by_state[state].append(hit_id)
    return {state: Hit.id.in_(ids) for state, ids in by_state.items()}


def _lock_hits(
    state: str, condition: ColumnElement[bool]
) -> tuple[Sequence[Hit], dict[UUID, Alert]]:
    """Return the current hits and their alerts, locked, alerts first.

    Includes hits that ended because of their record.
    """
    is_again = and_(Hit.status == "ended", Hit.cause_status.in_(VOID_CAUSES))
    mine = (
        condition,
        Hit.owner_state == state,
        Hit.alert_state == state,
        or_(Hit.status.in_(hit_answers.UNANSWERED_OR_CONFIRMED), is_again),
    )
    of_them = select(Alert).where(Alert.id.in_(select(Hit.alert_id).where(*mine)))
    locked = of_them.order_by(Alert.id).with_for_update(read=True)
    alerts = {alert.id: alert for alert in _reload(locked)}
    rows = _reload(select(Hit).where(*mine).order_by(Hit.id).with_for_update())
    return [row for row in rows if row.alert_id in alerts], alerts


def _reload(query: Any) -> Sequence[Any]:
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _set_cause_status(actor: Actor, row: Hit, cause_status: str) -> None:
    now, was_gone = actor.now(), row.cause_status in VOID_CAUSES
    row.cause_status, row.cause_changed_at = cause_status, now
    row.version, row.changed_at = row.version + 1, now
    if cause_status in VOID_CAUSES and row.status in hit_answers.UNANSWERED:
        row.status = "ended"
    elif cause_status not in VOID_CAUSES and was_gone and row.status == "ended":
        row.status, row.due_at, row.reminded_at = (
            "open",
            now + hits.ANSWER_TIMES[row.priority],
            None,
        )


COPIED_COLUMNS: Final = (
    "status",
    "version",
    "changed_at",
    "due_at",
    "reminded_at",
    "strength",
    "score",
    "cause_version",
    "cause_status",
    "cause_changed_at",
)


def _update_rows_of_finder(actor: Actor, rows: Collection[Hit]) -> set[UUID]:
    """Copy changes to the finding state's rows; return hits shown to it."""
    theirs = {row.id: row for row in rows if row.asking_state != row.alert_state}
    shown = {
        row.id
        for row in rows
        if row.asking_state == row.alert_state and row.action != "let_pass_and_inform"
    }
    mine = select(Hit).where(Hit.owner_state == actor.state, Hit.id.in_(theirs))
    for row in _reload(mine.with_for_update()) if theirs else ():
        for name in COPIED_COLUMNS:
            setattr(row, name, getattr(theirs[row.id], name))
        shown.add(row.id)
    db.session.flush()
    return shown
