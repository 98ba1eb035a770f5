"""Who is told when records say something else: who got them in an answer, and own traces that show them.

Read with the eyes of the state whose records they are, before anything is locked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import String, Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from salsa_ext.audit import Action, traces_in
from salsa_ext.db import db
from salsa_ext.models import AuditEntry, TraceLeg
from salsa_ext.readmodels.arrays import among

_SHIPPED: Final = text(
    "SELECT record.id FROM record JOIN audit_entry told ON told.subject_id = record.id::text"
    " WHERE record.document_id = ANY(:shipments) AND record.owner_state = :state"
    " AND told.owner_state = :state AND told.action = 'record:disclosed'"
    " UNION SELECT record.id FROM record JOIN trace_leg leg ON leg.owner_state = :state"
    " AND leg.state = :state JOIN LATERAL jsonb_array_elements(leg.events) AS shown (said)"
    " ON shown.said ->> 'record' = record.id::text"
    " WHERE record.document_id = ANY(:shipments) AND record.owner_state = :state"
).bindparams(bindparam("shipments", type_=ARRAY(Uuid)))
"""Of the guns of shipments those of which anything was said: mostly none."""
_SHOWN: Final = text(
    "EXISTS (SELECT FROM jsonb_array_elements(trace_leg.events) AS event"
    " WHERE event ->> 'record' = ANY(:records))"
)
_GIVEN: Final = text(
    "SELECT request.id, request.asking_state, event ->> 'record' AS record,"
    " bool_or(NOT coalesce((said.data ->> 'is_automatic')::boolean, false)) AS by_person"
    " FROM trace_request request JOIN trace_message said"
    " ON said.owner_state = request.owner_state AND said.subject_id = request.id"
    " AND said.kind = 'answer' AND said.sender = request.owner_state"
    " JOIN LATERAL jsonb_array_elements(said.data -> 'events') AS event"
    " ON event ->> 'record' = ANY(:records)"
    " WHERE request.owner_state = :state AND request.trace_id = ANY(:traces)"
    " AND NOT EXISTS (SELECT FROM trace_message nothing WHERE nothing.owner_state = said.owner_state"
    " AND nothing.subject_id = said.subject_id AND nothing.kind = 'no_record' AND nothing.id > said.id)"
    " GROUP BY request.id, request.asking_state, event ->> 'record' ORDER BY request.id"
).bindparams(
    bindparam("records", type_=ARRAY(String)), bindparam("traces", type_=ARRAY(Uuid))
)  # fmt: skip
"""What requests were answered with, whatever became of them since: it may have been in part.

Who says after a part that there is no record takes it back.
"""


@dataclass
class Given:
    """What one request was answered with: by a person, which is told whole, and by the service."""

    asking_state: str
    by_person: set[UUID] = field(default_factory=set)
    by_service: set[UUID] = field(default_factory=set)


@dataclass(frozen=True)
class Audience:
    """Whom a state tells of `records`: by request, and its own `traces`, which asked `others`."""

    state: str
    records: frozenset[UUID]
    given: dict[UUID, Given]
    traces: list[UUID]
    others: set[str]

    @property
    def pairs(self) -> set[tuple[str, str]]:
        """Return the pairs of states that are locked before anything is told."""
        asking = {given.asking_state for given in self.given.values()}
        return {(self.state, other) for other in asking | self.others}


def of(state: str, records: Iterable[UUID], shipments: Collection[UUID]) -> Audience:
    """Return who is told of records of a state, and of the guns of its shipments."""
    found = frozenset(records) | _shipped(state, shipments)
    if not found:
        return Audience(state, found, {}, [], set())
    traces = _showing(state, found)
    return Audience(state, found, _given(state, found), traces, _asked(state, traces))


def _shipped(state: str, shipments: Collection[UUID]) -> set[UUID]:
    if not shipments:
        return set()
    of_state = {"state": state, "shipments": list(shipments)}
    return {*db.session.scalars(_SHIPPED, of_state)}


def _given(state: str, records: Collection[UUID]) -> dict[UUID, Given]:
    """Return what of records was given in answers, by request, in order."""
    keys = [str(key) for key in records]
    found: dict[UUID, Given] = {}
    if traces := _disclosed_for(state, keys):
        of_state = {"state": state, "records": keys, "traces": list(traces)}
        for request, asking, record, by_person in db.session.execute(_GIVEN, of_state):
            given = found.setdefault(request, Given(asking))
            (given.by_person if by_person else given.by_service).add(UUID(record))
    return found


def _disclosed_for(state: str, keys: Collection[str]) -> set[UUID]:
    """Return the traces for which anything of records was given, be it looked up, as the own audit has it."""
    query = select(AuditEntry.data).where(
        AuditEntry.action == Action.RECORD_DISCLOSED, AuditEntry.owner_state == state,
        AuditEntry.subject_id.in_(keys), AuditEntry.data.has_key("about"),
    )  # fmt: skip
    return {UUID(trace) for data in db.session.scalars(query) for trace in traces_in(data)}


def _showing(state: str, records: Collection[UUID]) -> list[UUID]:
    """Return the own traces whose own leg shows some of the records, in order."""
    keys = bindparam("records", [str(key) for key in records], type_=ARRAY(String))
    mine = (TraceLeg.owner_state == state, TraceLeg.state == state, _SHOWN.bindparams(keys))
    return list(db.session.scalars(select(TraceLeg.trace_id).where(*mine).order_by("trace_id")))


def _asked(state: str, traces: Collection[UUID]) -> set[str]:
    """Return the states that may say something to own traces."""
    if not traces:
        return set()
    mine = (among(TraceLeg.trace_id, traces), TraceLeg.channel == "salsa", TraceLeg.state != state)
    return {*db.session.scalars(select(TraceLeg.state).where(*mine).distinct())}
