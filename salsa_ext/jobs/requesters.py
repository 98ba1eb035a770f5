"""Who made the changes that a job follows."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.models import AuditEntry, Officer
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.database.session import db
from salsa_ext.jobs.changes import Change


def find_requesters(actor: Actor, changes: Iterable[Change]) -> dict[UUID, Actor]:
    """Return who made each change, by its cause, as the audit has it; without permissions.

    For entries of owners, who read which agency searched for their records.
    """
    query = select(AuditEntry, Officer.number).where(
        AuditEntry.owner_state == actor.own_state(),
        AuditEntry.id.in_({change.cause for change in changes}),
    )
    requesters = {}
    for entry, officer in db.session.execute(
        query.outerjoin(Officer, Officer.id == AuditEntry.officer_id)
    ):
        traces = (entry.subject_id,) if entry.subject_kind == "trace" else ()
        purpose = Purpose(entry.purpose, entry.case_number, about=traces) if entry.purpose else None
        requesters[entry.id] = Actor(
            state=actor.state,
            role=entry.role,
            permissions=frozenset(),
            agency=entry.agency,
            account_id=entry.account_id,
            key_id=entry.key_id,
            officer=officer,
            purpose=purpose,
            request_id=entry.request_id,
            cause=entry.id,
            clock=actor.clock,
            vault=actor.vault,
        )
    return requesters
