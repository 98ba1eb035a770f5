"""The log of changes: what commands wrote, in the order of their commits.

A command writes its change with its audit entry (`access.audit`), without a number. Numbering moves
all changes that are visible to the log. A number given after the commit leaves no gap that a slow
transaction fills later, so a reader who continues after a number misses nothing; and ids follow the
order of insertion, so versions of an object stay in order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import AuditEntry, Officer
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db, execute_raw, wake_after_commit
from salsa_ext.jobs.models import ChangeNew

NUMBERING_BATCH: Final = 2000
_IS_WAITING: Final = "SELECT 1 FROM change_new LIMIT 1"
_LOCK: Final = "SELECT last FROM change_counter FOR UPDATE SKIP LOCKED"
# No job runs for a state that does not participate, though a shipment to it may concern it.
# RETURNING of an INSERT would need a policy of SELECT on the changes of all states.
_NUMBER: Final = """
WITH moved AS (
    DELETE FROM change_new WHERE id = ANY (ARRAY(SELECT id FROM change_new ORDER BY id LIMIT %s))
    RETURNING *
), numbered AS (
    SELECT counter.last + row_number() OVER (ORDER BY moved.id, of_state.position) AS number,
        of_state.state, moved.kind, moved.object, moved.action, moved.cause, moved.at
    FROM change_counter AS counter, moved,
        unnest(moved.states) WITH ORDINALITY AS of_state (state, position)
        JOIN state ON state.code = of_state.state AND state.is_participant
), logged AS (
    INSERT INTO change (number, state, kind, object, action, cause, at) SELECT * FROM numbered
), headed AS (
    INSERT INTO change_head SELECT state, kind, max(number) FROM numbered GROUP BY state, kind
    ON CONFLICT (state, kind) DO UPDATE SET number = excluded.number
)
UPDATE change_counter SET last = greatest(last, (SELECT max(number) FROM numbered)) RETURNING last
"""
# Each kind by itself reads no more than the batch from the index, however long the log is.
_READ: Final = """
SELECT c.number, c.state, c.kind, c.object, c.action, c.cause, c.at, e.purpose, e.case_number
FROM unnest(%s) AS of_kind (kind), LATERAL (
    SELECT * FROM change WHERE state = %s AND kind = of_kind.kind AND number > %s
    ORDER BY number LIMIT %s
) AS c LEFT JOIN audit_entry AS e ON e.id = c.cause
ORDER BY c.number LIMIT %s
"""


@dataclass(frozen=True)
class Change:
    """One change of a state's log.

    `cause` is the id of its audit entry, whose subject is `object` of this `kind`, and whose purpose
    is `purpose` with its `case_number`.
    """

    number: int
    state: str
    kind: str
    object: str
    action: Action
    cause: UUID
    at: datetime
    purpose: str | None = None
    case_number: str | None = None

    @property
    def object_id(self) -> UUID:
        """Return the id of the object; raises ValueError for a post, which has a code."""
        return UUID(self.object)

    def follow_as(self, actor: Actor) -> Actor:
        """Return the actor of what follows from this change: its cause, purpose and case."""
        purpose = Purpose(self.purpose, self.case_number) if self.purpose else None
        return replace(actor, cause=self.cause, purpose=purpose)


def number_changes() -> int:
    """Number up to a batch of committed changes; return how many.

    In a transaction of the worker's role. Many may call it at once: one numbers, others get 0. The
    lock is a statement of its own, so that the next one reads what was committed before it.
    """
    if not execute_raw(_IS_WAITING).rowcount:
        return 0
    locked = execute_raw(_LOCK).fetchone()
    if locked is None:
        return 0
    numbered = execute_raw(_NUMBER, (NUMBERING_BATCH,)).fetchone()
    return int(numbered[0]) - int(locked[0])


def read_changes(state: str, kinds: Sequence[str], after: int, limit: int) -> list[Change]:
    """Return the next changes of the acting state after a number, in order."""
    rows = execute_raw(_READ, ([*kinds], state, after, limit, limit))
    return [_change(row) for row in rows]


def _change(values: Sequence[Any]) -> Change:
    number, state, kind, subject, action, *others = values
    return Change(number, state, kind, subject, Action(action), *others)


def append_changes(
    actor: Actor, states: Sequence[str], kind: str, objects: Iterable[UUID], action: Action
) -> None:
    """Append changes that a job causes, without entries; the acting state is first of `states`."""
    row: dict[str, Any] = {"states": [*states], "kind": kind, "action": str(action)}
    row |= {"cause": actor.cause, "at": actor.now()}
    insert_many(ChangeNew, [row | {"object": str(object_id)} for object_id in objects])
    wake_after_commit()


_WAITING: Final = "SELECT object FROM salsa_waiting_changes(%s, %s, %s)"


def find_waiting(job: str, kind: str, objects: Sequence[UUID]) -> set[UUID]:
    """Return the objects with changes of the acting state that a job has not followed yet."""
    if not objects:
        return set()
    rows = execute_raw(_WAITING, (job, kind, [*map(str, objects)]))
    return {UUID(object_id) for (object_id,) in rows}


def find_requesters(actor: Actor, changes: Iterable[Change]) -> dict[UUID, Actor]:
    """Return who made each change, by its cause, as the audit has it; without permissions."""
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
