"""Permits that wait too long for their counterpart: a signal, after the time that the state sets.

CIFTA I: a movement is illicit trafficking where any one of the states concerned has not authorised
it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Select, exists, select

from salsa_ext.db import db
from salsa_ext.models import Discrepancy, Permit
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import settings
from salsa_ext.services import families, standings
from salsa_ext.values.actor import Actor

BATCH: Final = 200


def watch(*, actor: Actor) -> int:
    """Raise what the own state's permits have waited for too long; returns how many were looked at.

    Safe to run anywhere, twice and at once: what is raised is raised once.
    """
    require(actor, Permission.PERMIT_RECORD)
    permits = list(db.session.scalars(_overdue(actor)))
    if permits:
        families.lock_all(actor, permits)
        standings.refresh(actor, permits)
    return len(permits)


def _overdue(actor: Actor) -> Select[Permit]:
    patience = settings.of([actor.own_state()])[actor.own_state()]
    wait = timedelta(days=patience.counterpart_days)
    raised = exists().where(
        Discrepancy.subject_id == Permit.id, Discrepancy.kind == "missing_counterpart"
    )
    return (
        select(Permit)
        .where(
            Permit.owner_state == actor.own_state(), Permit.status == "issued",
            Permit.findings.contains([{"code": "awaiting_counterpart"}]),
            Permit.recorded_at < actor.now() - wait, ~raised,
        )
        .order_by(Permit.id)
        .limit(BATCH)
    )  # fmt: skip
