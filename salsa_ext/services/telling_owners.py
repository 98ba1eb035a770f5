"""Owners of `silent` records are told who asked: later, so that an answer tells nothing by its time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.exc import OperationalError

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import as_state, db
from salsa_ext.models import AuditEntry, Check, OwnerWait, Record, Trace
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import afterwards
from salsa_ext.readmodels.alerted import is_unseen
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.records import of_documents
from salsa_ext.readmodels.sides import visibility_of
from salsa_ext.services import advice, askers, candidates, hits, matches, readings
from salsa_ext.services.checks import MOST as MOST_SHOWN
from salsa_ext.services.checks import tell_owners
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.inquiries import Query

log = logging.getLogger("salsa.worker")
MOST: Final = 20
"""Questions of one transaction, which keeps them locked: some tenths of a second each."""
PATIENCE: Final = timedelta(days=1)
"""How long a question is tried again for which the database had no time."""
LEFT: Final = {"check": Action.CHECK_LEFT_UNTOLD, "seizure": Action.SEIZURE_LEFT_UNTOLD,
               "trace": Action.TRACE_LEFT_UNTOLD}  # fmt: skip


def run(*, actor: Actor, most: int = MOST, failed: set[UUID] | None = None) -> int:
    """Tell of up to `most` checks that the actor's state made, and as many other questions of it.

    Returns how many are settled, the oldest first. Safe to run anywhere, twice, at once: what
    another run holds is passed over. One that fails keeps no other back: it is tried again, or the
    audit says that it was left untold. `failed` are those to pass over, and takes those of this run.
    """
    require(actor, Permission.CHECK_MAKE)
    failed = set() if failed is None else failed
    return _run_checks(actor, most, failed) + _run_others(actor, most, failed)


def _run_checks(actor: Actor, most: int, failed: set[UUID]) -> int:
    untold = select(Check).where(Check.owner_state == actor.own_state(), ~Check.is_told)
    return _settle_oldest(untold, Check.id, most, failed, partial(_settle_checks, actor))


def _settle_checks(actor: Actor, checks: Sequence[Check]) -> list[Check]:
    made_by = askers.of(actor, "check", [check.id for check in checks])

    def tell(check: Check) -> None:
        _tell_of_check(actor, made_by[str(check.id)], check)

    return [check for check in checks if _settle_check(actor, check, tell)]


def _settle_check(actor: Actor, check: Check, tell: Callable[[Check], None]) -> bool:
    is_settled = _settle(actor, "check", check.id, check.at, lambda: tell(check))
    check.is_told = is_settled
    return is_settled


def _run_others(actor: Actor, most: int, failed: set[UUID]) -> int:
    waiting = select(OwnerWait).where(OwnerWait.owner_state == actor.own_state())
    return _settle_oldest(waiting, OwnerWait.id, most, failed, partial(_settle_others, actor))


def _settle_others(actor: Actor, rows: Sequence[OwnerWait]) -> list[OwnerWait]:
    settled = [
        row for row in rows
        if _settle(actor, row.kind, row.cause_id, row.at, lambda: _tell_of(actor, row))  # noqa: B023 - called at once
    ]  # fmt: skip
    for row in settled:
        db.session.delete(row)
    return settled


def _settle_oldest(
    waiting: Select[Any], key: Any, most: int, failed: set[UUID],
    settle: Callable[[Sequence[Any]], Sequence[Any]],
) -> int:  # fmt: skip
    """Settle the oldest rows, and where none of them can be those behind them; returns how many."""
    while True:
        left = waiting.where(key.not_in(failed)).order_by(key).limit(most)
        rows = db.session.scalars(left.with_for_update(skip_locked=True)).all()
        settled = settle(rows)
        failed.update(row.id for row in rows if row not in settled)
        if settled or not rows:
            return len(settled)


def _settle(actor: Actor, kind: str, cause: UUID, at: datetime, tell: Callable[[], None]) -> bool:
    """Tell of one question; returns whether it is settled, be it that nobody could be told."""
    try:
        with db.session.begin_nested():
            tell()
    except Exception as error:  # a rule or a field that changed since, or too much to search
        name = type(error).__name__
        log.exception(f"{kind} not told", extra={kind: str(cause), "error": name})
        if isinstance(error, OperationalError) and actor.now() - at < PATIENCE:
            return False
        append(actor, Act(LEFT[kind], kind, cause, data={"error": name}))
    return True


def _tell_of_check(actor: Actor, asker: Actor, check: Check) -> None:
    """Tell the owners whose records the check hits and who were not told at once.

    Their records may have become `silent` since, or no longer be so: then one that is only near is
    told as well, though another record settled the check and left out what was near and shown. It
    is hidden from the asker: its answer did not show them.
    """
    query = readings.all_of(Query(**{**check.query, "marks": ()}))
    hidden, shown, left_out = afterwards.hits(query, actor)
    unseen = [hit for hit in shown if is_unseen(hit.held)]
    changed = _changed_since(
        actor, check.at, [hit for hit in shown if hit.held.record_id in left_out]
    )
    found = [*hidden, *unseen] + [
        hit for hit in advice.shown(shown, MOST_SHOWN)
        if hit.held.record_id not in left_out - changed and hit not in unseen
    ]  # fmt: skip
    asker = asker.for_purpose(Purpose(check.purpose, check.case_number, check.incident))
    tell_owners(asker, "check", check.id, _untold(actor, check.id, found), {}, hidden=True)
    met = hits.of_check(asker, check.id, query, [*hidden, *unseen], check.at)
    hits.make(asker, met, is_late=True)


def _changed_since(actor: Actor, at: datetime, found: Sequence[Candidate]) -> set[UUID]:
    """Return the records of which a version was written since a question: they may have been `silent`."""
    changed: set[UUID] = set()
    for state in sorted({hit.held.state for hit in found} - {actor.own_state()}):
        ids = [hit.held.record_id for hit in found if hit.held.state == state]
        with as_state(actor, state):
            later = select(Record.id).where(Record.id.in_(ids), Record.recorded_at > at)
            changed.update(db.session.scalars(later.where(Record.version > 1)))
    return changed


def _tell_of(actor: Actor, row: OwnerWait) -> None:
    """Tell the owners whose records a seizure or a trace hits, as it now stands, in the same way."""
    asker = askers.of(actor, row.kind, [row.cause_id])[str(row.cause_id)]
    found_by = {"seizure": _of_seizure, "trace": _of_trace}[row.kind]
    for found in found_by(actor, row.cause_id):
        untold = _untold(actor, row.cause_id, found)
        tell_owners(asker, row.kind, row.cause_id, untold, {}, hidden=True)


def _of_seizure(actor: Actor, seizure_id: UUID) -> Iterator[Sequence[Candidate]]:
    """Yield what each item hits; a silent seizure tells nobody."""
    items = of_documents([seizure_id])[seizure_id]
    own = {item.record.id for item in items}
    for item in items:
        if visibility_of(item) != "silent":
            yield matches.searched(actor, item, own)


def _of_trace(actor: Actor, trace_id: UUID) -> Iterator[Sequence[Candidate]]:
    with as_state(replace(actor, agency=None), actor.own_state()):  # it may be kept from who asked
        trace = db.session.get_one(Trace, trace_id)
    own = [trace.record_id] if trace.record_id else []
    yield candidates.of(actor, trace.firearm, own, found_on=trace.found_on)


def _untold(actor: Actor, cause: UUID, found: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that no entry of their owner's audit names for this question."""
    entries = select(AuditEntry.data).where(
        AuditEntry.subject_id == str(cause), AuditEntry.action == str(Action.RECORD_MATCHED)
    )
    named: set[str] = set()
    for state in sorted({hit.held.state for hit in found} - {actor.own_state()}):
        with as_state(actor, state):  # what is not open is hidden from the asker
            named.update(*(data["records"] for data in db.session.scalars(entries)))
    return [hit for hit in found if str(hit.held.record_id) not in named]
