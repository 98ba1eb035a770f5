"""Load the records of seized guns and the edges between them.

Only what the reader may see. A round has one query for each kind of data and state, for all guns
together. Without a purpose only the own state's records are used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.session import acting_as, db
from salsa_ext.database.version_queries import select_current
from salsa_ext.disclosure import sharing
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.records.models import Record, RecordSetting
from salsa_ext.firearms.search.evidence import STRONG
from salsa_ext.leads.grouping import Edge
from salsa_ext.matches.gun_histories import linked_records
from salsa_ext.matches.models import Match

MAX_SEIZURES: Final = 10_000  # of the own state, the newest
MAX_MATCHES: Final = 50_000  # of crime, the newest
MAX_ROUNDS: Final = 4  # a seizure, its sale, the receipt, the export
RECORD_COLUMNS: Final = tuple(
    "id version owner_state event occurred_on document_kind document_id giver_id receiver_id"
    " counterpart_state linked_state linked_record type make make_text serial lot concerned".split()
)
StatesByRecord = dict[UUID, str]


@dataclass
class RecordGraph:
    """Records by id, their edges, and pairs rejected by the reader's state."""

    rows: dict[UUID, Any] = field(default_factory=dict)
    edges: dict[tuple[UUID, UUID], Edge] = field(default_factory=dict)
    rejected: set[tuple[UUID, UUID]] = field(default_factory=set)

    def add_link(self, record: UUID, other: UUID) -> None:
        """Add a certain edge."""
        pair = (min(record, other), max(record, other))
        self.edges[pair] = Edge(*pair)

    def add_match(self, row: Any) -> None:
        """Add the edge of a match, or its rejected pair."""
        pair = (min(row.record_id, row.other_record), max(row.record_id, row.other_record))
        if row.status == "rejected":
            self.rejected.add(pair)
        else:
            self.edges.setdefault(pair, Edge(*pair, row.id, row.status == "confirmed"))


def load_graph(actor: Actor) -> RecordGraph:
    """Return records around own seizures and matches of crime.

    Starts at the newest own seizures and at the own state's matches with records of crime.
    """
    require(actor, Permission.LEAD_READ)
    graph, own = RecordGraph(), actor.own_state()
    newest = select(Seizure.id).where(Seizure.owner_state == own).order_by(Seizure.id.desc())
    seizures = set(db.session.scalars(newest.limit(MAX_SEIZURES)))
    seized = select(Record.id).where(is_any_of(Record.document_id, seizures))
    front = dict.fromkeys(db.session.scalars(seized), own)
    front |= _add_matches(actor, graph, Match.is_of_crime)
    for _ in range(MAX_ROUNDS):
        rows = {row.id: row for row in _visible_rows(actor, front)}
        if not rows:
            break
        graph.rows |= rows
        # matches of crime are in the graph already
        involved = or_(is_any_of(Match.record_id, rows), is_any_of(Match.other_record, rows))
        front = {}
        for linked, state, record in linked_records(
            actor, rows.values(), own_only=actor.purpose is None
        ):
            graph.add_link(record, linked)
            front[linked] = state
        front |= _add_matches(actor, graph, ~Match.is_of_crime & involved)
        front = {key: state for key, state in front.items() if key not in graph.rows}
    return graph


def _add_matches(actor: Actor, graph: RecordGraph, condition: Any) -> StatesByRecord:
    """Add own matches to the graph; return their records with states."""
    # of several guns that bear one mark none is strong, and each makes the gun ambiguous
    same = Match.reasons.op("@>")(literal([{"code": "serial_same"}], JSONB))
    would_be_strong = and_(same, Match.score >= STRONG)
    columns = (Match.id, Match.record_id, Match.owner_state, Match.other_record)
    query = select(*columns, Match.other_state, Match.status).where(
        Match.owner_state == actor.state,
        Match.is_current,
        Match.other_record.is_not(None),
        or_(Match.strength == "strong", would_be_strong, Match.status != "proposed"),
        condition,
    )
    if not actor.purpose:
        query = query.where(Match.other_state == actor.state)
    states: StatesByRecord = {}
    for row in db.session.execute(query.order_by(Match.id.desc()).limit(MAX_MATCHES)):
        graph.add_match(row)
        if row.status != "rejected":
            states |= {row.record_id: row.owner_state, row.other_record: row.other_state}
    return states


def _visible_rows(actor: Actor, states_by_record: StatesByRecord) -> Iterator[Any]:
    """Yield rows of the own state, concerning it, or open.

    Without receipts that lost their export by a correction.
    """
    query = _records_query(states_by_record)
    if not actor.purpose:
        query = query.where(Record.owner_state == actor.state)
    rows = list(db.session.execute(query))
    known = {row.id for row in rows}
    by_state: dict[str, set[UUID]] = defaultdict(set)
    for record_id, state in states_by_record.items():
        if record_id not in known and state != actor.state:
            by_state[state].add(record_id)
    for state, ids in sorted(by_state.items()) if actor.purpose else ():
        with acting_as(actor, state):
            others = db.session.execute(_records_query(ids)).all()
        shared = sharing.share_rows(actor, others)
        rows += [row for row in others if shared[row.id].may("firearm")]
    yield from (row for row in rows if row.document_kind != "receipt" or row.linked_record)


def _records_query(ids: Iterable[UUID]) -> Select[Any]:
    columns = (getattr(Record, name) for name in RECORD_COLUMNS)
    query = select_current(Record).where(is_any_of(Record.id, ids))
    query = query.outerjoin(RecordSetting, RecordSetting.record_id == Record.id)
    return query.with_only_columns(*columns, RecordSetting.visibility, RecordSetting.handling)
