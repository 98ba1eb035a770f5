"""Owners of `silent` records are told who asked: later, so that an answer tells nothing by its time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from salsa_ext.audit import Action
from salsa_ext.db import db
from salsa_ext.models import AuditEntry, Check, Officer
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.search import search
from salsa_ext.services import readings
from salsa_ext.services.checks import tell_owners
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.inquiries import Query

MOST: Final = 200


def run(*, actor: Actor, most: int = MOST) -> int:
    """Tell of up to `most` checks that the actor's state made, the oldest first; returns how many.

    Safe to run anywhere, twice, at once: checks that another run holds are passed over.
    """
    require(actor, Permission.CHECK_MAKE)
    untold = select(Check).where(Check.owner_state == actor.own_state(), ~Check.is_told)
    rows = db.session.scalars(
        untold.order_by(Check.id).limit(most).with_for_update(skip_locked=True)
    )
    checks = rows.all()
    askers = _askers(actor, checks)
    for check in checks:
        query = readings.all_of(Query(**{**check.query, "marks": ()}))
        found = search(query, actor, settles=False, silent=True)
        tell_owners(askers[str(check.id)], "check", check.id, found)
        check.is_told = True
    return len(checks)


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
