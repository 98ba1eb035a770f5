"""Hits whose record was withdrawn or corrected since: what it met an alert by may stand no longer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from salsa_ext.db import as_state, db
from salsa_ext.matching.evidence import Evidence
from salsa_ext.matching.pairs import key_of
from salsa_ext.models import Alert, Hit
from salsa_ext.readmodels.hits import GONE
from salsa_ext.readmodels.marks import Held
from salsa_ext.readmodels.records import RecordView, of_versions, told_by
from salsa_ext.readmodels.sides import visibility_of
from salsa_ext.readmodels.together import borne_by
from salsa_ext.services import hit_endings, hit_news, hits, match_pairs
from salsa_ext.values.actor import Actor

Judge = Callable[[Sequence[Hit], Mapping[UUID, Alert]], Mapping[UUID, str]]
"""Returns of hits, under the eyes of their state, what became of their records since."""


def withdrawn(actor: Actor, views: Sequence[RecordView], *, is_late: bool) -> None:
    """End the hits that wait on what did not happen after all, and say so of the others.

    What a later version tells stands: an older look says nothing more. Hits that do not show where they
    were made are left to the worker's look. Called by commands alone.
    """
    versions = {key_of(view.record.id): view.record.version for view in views}

    def judge(rows: Sequence[Hit], _: Mapping[UUID, Alert]) -> Mapping[UUID, str]:
        fresh = [row for row in rows if row.cause_version <= versions[row.cause_key]]
        for row in fresh:
            row.cause_version = versions[row.cause_key]
        return {row.id: "withdrawn" for row in fresh if row.cause_status != "withdrawn"}

    _change(actor, [view.record.id for view in views], judge, is_late=is_late)


def compare(actor: Actor, views: Sequence[RecordView], *, is_late: bool) -> None:
    """Say of the hits of corrected records whether these still meet the alert; one that waits ends if not.

    Of an alert that has ended nobody asks any more. What is corrected back, or came after all, opens a
    hit again that had ended. The rest is as of `withdrawn`.
    """
    corrected = {key_of(view.record.id): view for view in views if view.record.version > 1}

    def judge(rows: Sequence[Hit], alerts: Mapping[UUID, Alert]) -> Mapping[UUID, str]:
        fresh = [row for row in rows if alerts[row.alert_id].status == "active"
                 and row.cause_version < corrected[row.cause_key].record.version]  # fmt: skip
        other = _told_otherwise(actor, fresh, corrected)
        pairs = [(corrected[row.cause_key], alerts[row.alert_id]) for row in other]
        met = dict(zip(other, _met(actor, pairs, is_late=is_late), strict=True))
        became = {}
        for row in fresh:
            view, evidence = corrected[row.cause_key], met.get(row)
            if evidence and _is_kept_from(view, row):
                continue  # it is compared once it is shown again
            row.cause_version = view.record.version
            if row in met:
                became[row.id] = "corrected" if evidence else "corrected_away"
            if evidence:
                row.strength, row.score = str(evidence.strength), float(evidence.bits)
        return became

    _change(actor, [view.record.id for view in corrected.values()], judge, is_late=is_late)


def _is_kept_from(view: RecordView, row: Hit) -> bool:
    """Tell whether a record is silent by now to the alert's state: that it goes on is not told."""
    return visibility_of(view) == "silent" and row.alert_state != view.record.owner_state


def _told_otherwise(
    actor: Actor, rows: Iterable[Hit], corrected: Mapping[UUID, RecordView]
) -> list[Hit]:
    """Return the hits whose record tells something else than when it was compared last.

    A document is corrected as a whole, and most of its guns stay as they were told. One that came after
    all is told anew.
    """
    last = {row: (corrected[row.cause_key].record.id, row.cause_version) for row in rows}
    with as_state(actor, actor.own_state()):  # what its own records told
        before = {
            (view.record.id, view.record.version): told_by(view)
            for view in of_versions(set(last.values()))
        }
    return [
        row for row, key in last.items()
        if row.cause_status == "withdrawn" or before.get(key) != told_by(corrected[row.cause_key])
    ]  # fmt: skip


def _met(
    actor: Actor, pairs: Sequence[tuple[RecordView, Alert]], *, is_late: bool
) -> list[Evidence | None]:
    """Return what speaks most for it that each record meets the alert; None where it does not."""
    held: dict[UUID, list[Held]] = defaultdict(list)
    for one in borne_by({alert.record_id for _, alert in pairs}, actor.state, is_late=is_late):
        held[one.record_id].append(one)
    return [
        max(
            filter(None, (
                hits.meets(view, candidate)
                for candidate in match_pairs.compared(actor, view, [held[alert.record_id]])
            )),
            key=lambda evidence: evidence.bits, default=None,
        )
        for view, alert in pairs
    ]  # fmt: skip


def _change(actor: Actor, record_ids: Sequence[UUID], judge: Judge, *, is_late: bool) -> None:
    for state, which in sorted(_by_state(actor, record_ids, is_late=is_late).items()):
        with as_state(actor, state):  # its row is its own, whoever corrects what met its alert
            rows, alerts = _held(state, which)
            became = judge(rows, alerts)
            changed = [row for row in rows if row.id in became]
            before = {row.id: row.status for row in changed}
            for row in changed:
                _become(actor, row, became[row.id])
        shown = _repeat(actor, rows)
        hit_news.cause_changed(actor, changed, before, shown)


def _by_state(
    actor: Actor, record_ids: Sequence[UUID], *, is_late: bool
) -> dict[str, ColumnElement[bool]]:
    """Return which hits of records are looked at, by the state of their alert.

    While somebody waits these are those of which his state has a row, so that the others show by nothing.
    """
    if not record_ids:
        return {}
    if is_late:
        keys = [key_of(one) for one in record_ids]
        found = db.session.scalars(select(func.salsa_hit_owners(keys)))
        return dict.fromkeys(found, Hit.cause_key.in_(keys))
    shown = select(Hit.alert_state, Hit.id).where(
        Hit.owner_state == actor.state, Hit.asking_state == actor.state,
        Hit.cause_id.in_(record_ids), Hit.action != "let_pass_and_inform",
    )  # fmt: skip
    by_state: dict[str, list[UUID]] = defaultdict(list)
    for state, hit_id in db.session.execute(shown):
        by_state[state].append(hit_id)
    return {state: Hit.id.in_(ids) for state, ids in by_state.items()}


def _held(state: str, which: ColumnElement[bool]) -> tuple[Sequence[Hit], dict[UUID, Alert]]:
    """Return the hits that stand, or ended for their record, with their alerts; locked, these first."""
    is_again = and_(Hit.status == "ended", Hit.cause_status.in_(GONE))
    mine = (which, Hit.owner_state == state, Hit.alert_state == state,
            or_(Hit.status.in_(hit_endings.HELD), is_again))  # fmt: skip
    of_them = select(Alert).where(Alert.id.in_(select(Hit.alert_id).where(*mine)))
    locked = of_them.order_by(Alert.id).with_for_update(read=True)
    alerts = {alert.id: alert for alert in _fresh(locked)}
    rows = _fresh(select(Hit).where(*mine).order_by(Hit.id).with_for_update())
    return [row for row in rows if row.alert_id in alerts], alerts


def _fresh(query: Any) -> Sequence[Any]:
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _become(actor: Actor, row: Hit, became: str) -> None:
    now, was_gone = actor.now(), row.cause_status in GONE
    row.cause_status, row.cause_changed_at = became, now
    row.version, row.changed_at = row.version + 1, now
    if became in GONE and row.status in hit_endings.WAITING:
        row.status = "ended"
    elif became not in GONE and was_gone and row.status == "ended":
        row.status, row.due_at, row.reminded_at = "open", now + hits.DUE[row.priority], None


REPEATED: Final = ("status", "version", "changed_at", "due_at", "reminded_at", "strength", "score",
                   "cause_version", "cause_status", "cause_changed_at")  # fmt: skip


def _repeat(actor: Actor, rows: Collection[Hit]) -> set[UUID]:
    """Let the rows of the state whose record it is say the same; returns the hits that show to it."""
    theirs = {row.id: row for row in rows if row.asking_state != row.alert_state}
    shown = {row.id for row in rows if row.asking_state == row.alert_state
             and row.action != "let_pass_and_inform"}  # fmt: skip
    mine = select(Hit).where(Hit.owner_state == actor.state, Hit.id.in_(theirs))
    for row in _fresh(mine.with_for_update()) if theirs else ():
        for name in REPEATED:
            setattr(row, name, getattr(theirs[row.id], name))
        shown.add(row.id)
    db.session.flush()
    return shown
