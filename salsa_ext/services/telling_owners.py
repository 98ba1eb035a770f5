"""Owners of `silent` records are told who asked: later, so that an answer tells nothing by its time."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import as_state, db
from salsa_ext.models import AuditEntry, Check, Officer
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.search import search
from salsa_ext.services import readings
from salsa_ext.services.checks import tell_owners
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.inquiries import Query

log = logging.getLogger("salsa.worker")
MOST: Final = 200
PATIENCE: Final = timedelta(days=1)
"""How long a check is tried again for which the database had no time."""


def run(*, actor: Actor, most: int = MOST) -> int:
    """Tell of up to `most` checks that the actor's state made, the oldest first; returns how many.

    Safe to run anywhere, twice, at once: checks that another run holds are passed over. One that
    fails keeps no other back: it is tried again, or the audit says that it was left untold.
    """
    require(actor, Permission.CHECK_MAKE)
    untold = select(Check).where(Check.owner_state == actor.own_state(), ~Check.is_told)
    rows = db.session.scalars(
        untold.order_by(Check.id).limit(most).with_for_update(skip_locked=True)
    )
    checks = rows.all()
    askers = _askers(actor, checks)
    return sum(_settle(actor, check, askers) for check in checks)


def _settle(actor: Actor, check: Check, askers: Mapping[str, Actor]) -> bool:
    """Tell of one check; returns whether it is settled, be it that nobody could be told."""
    try:
        with db.session.begin_nested():
            _tell(actor, askers[str(check.id)], check)
            check.is_told = True
    except Exception as error:  # a rule or a field that changed since, or too much to search
        name = type(error).__name__
        log.exception("check not told", extra={"check": str(check.id), "error": name})
        if isinstance(error, OperationalError) and actor.now() - check.at < PATIENCE:
            return False
        append(actor, Act(Action.CHECK_LEFT_UNTOLD, "check", check.id, data={"error": name}))
        check.is_told = True
    return True


def _tell(actor: Actor, asker: Actor, check: Check) -> None:
    """Tell the owners whose records the check hits and who were not told at once.

    Their records may have become `silent` since, or no longer be so. It is hidden from the asker:
    its answer did not show them.
    """
    query = readings.all_of(Query(**{**check.query, "marks": ()}))
    found = search(query, actor, settles=False, silent=True) + search(query, actor, silent=False)
    tell_owners(asker, "check", check.id, _untold(actor, check, found), hidden=True)


def _untold(actor: Actor, check: Check, found: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that no entry of their owner's audit names for this check."""
    entries = select(AuditEntry.data).where(
        AuditEntry.subject_id == str(check.id), AuditEntry.action == str(Action.RECORD_MATCHED)
    )
    named: set[str] = set()
    for state in sorted({hit.held.state for hit in found} - {actor.own_state()}):
        with as_state(actor, state):  # what is not open is hidden from the asker
            named.update(*(data["records"] for data in db.session.scalars(entries)))
    return [hit for hit in found if str(hit.held.record_id) not in named]


def _askers(actor: Actor, checks: Sequence[Check]) -> dict[str, Actor]:
    """Return who made each check, as the audit has it."""
    made = select(AuditEntry, Officer.number).outerjoin(
        Officer, Officer.id == AuditEntry.officer_id
    )
    wanted = (AuditEntry.action == str(Action.CHECK_MADE),
              AuditEntry.subject_id.in_([str(check.id) for check in checks]))  # fmt: skip
    purposes = {
        str(check.id): Purpose(check.purpose, check.case_number, check.incident) for check in checks
    }
    return {
        entry.subject_id: Actor(
            state=actor.state, role=entry.role, permissions=frozenset(),
            account_id=entry.account_id, key_id=entry.key_id, officer=number,
            purpose=purposes[entry.subject_id], request_id=entry.request_id, clock=actor.clock,
        )
        for entry, number in db.session.execute(made.where(*wanted))
    }  # fmt: skip
