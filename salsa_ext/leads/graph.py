"""Load the records of seized guns and the edges between them.

Only what the reader may see. A round has one query for each kind of data and state, for all guns
together. Without a purpose only the own state's records are used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.session import acting_as, db
from salsa_ext.database.versions import select_current
from salsa_ext.disclosure import sharing
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.records.models import Record, RecordSetting
from salsa_ext.firearms.search.evidence import STRONG
from salsa_ext.leads.guns import Edge
from salsa_ext.matches.models import Match

MAX_SEIZURES: Final = 10_000  # of the own state, the newest
MAX_MATCHES: Final = 50_000  # of crime, the newest
MAX_ROUNDS: Final = 4  # a seizure, its sale, the receipt, the export
RECORD_COLUMNS: Final = (
    "id",
    "version",
    "owner_state",
    "event",
    "occurred_on",
    "document_kind",
    "document_id",
    "giver_id",
    "receiver_id",
    "counterpart_state",
    "linked_state",
    "linked_record",
    "type",
    "make",
    "make_text",
    "serial",
    "lot",
    "concerned",
)


@dataclass
class RecordGraph:
    """Records by id, their edges, and pairs rejected by the reader's state."""

    rows: dict[UUID, Any] = field(default_factory=dict)
    edges: dict[tuple[UUID, UUID], Edge] = field(default_factory=dict)
    rejected: set[tuple[UUID, UUID]] = field(default_factory=set)

    def link(self, one: UUID, other: UUID) -> None:
        """Add a certain edge."""
        self.edges[_ordered_pair(one, other)] = Edge(*_ordered_pair(one, other))

    def judge(self, row: Any) -> None:
        """Add the edge of a match, or its rejected pair."""
        pair = _ordered_pair(row.record_id, row.other_record)
        if row.status == "rejected":
            self.rejected.add(pair)
        else:
            self.edges.setdefault(pair, Edge(*pair, row.id, row.status == "confirmed"))


def load_graph(actor: Actor) -> RecordGraph:
    """Return records around own seizures and matches of crime.

    Starts at the newest own seizures and at the own state's matches with records of crime.
    """
    require(actor, Permission.LEAD_READ)
    found = RecordGraph()
    front = _start_records(actor, found)
    for _ in range(MAX_ROUNDS):
        rows = list(_visible_rows(actor, front))
        if not rows:
            break
        found.rows |= {row.id: row for row in rows}
        trade = ~Match.is_of_crime & _match_involves(
            row.id for row in rows
        )  # those of crime are there already
        ways = _add_links(actor, rows, found) | _add_matches(actor, found, trade)
        front = {key: state for key, state in ways.items() if key not in found.rows}
    return found


def _ordered_pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    return (one, other) if one < other else (other, one)


def _start_records(actor: Actor, graph: RecordGraph) -> dict[UUID, str]:
    """Return the start records with their states."""
    mine = actor.own_state()
    newest = select(Seizure.id).where(Seizure.owner_state == mine).order_by(Seizure.id.desc())
    seizures = db.session.scalars(newest.limit(MAX_SEIZURES)).all()
    records = select(Record.id).where(is_any_of(Record.document_id, set(seizures)))
    seeds = dict.fromkeys(db.session.scalars(records), mine)
    return seeds | _add_matches(actor, graph, Match.is_of_crime)


def _match_involves(ids: Iterable[UUID]) -> ColumnElement[bool]:
    some = list(ids)
    return or_(is_any_of(Match.record_id, some), is_any_of(Match.other_record, some))


def _add_matches(actor: Actor, graph: RecordGraph, condition: Any) -> dict[UUID, str]:
    """Add own matches to the graph; return their records with states."""
    # of several guns that bear one mark none is strong, and each has to be there to leave it open
    same = Match.reasons.op("@>")(literal([{"code": "serial_same"}], JSONB))
    would_be = and_(same, Match.score >= STRONG)
    joins = or_(Match.strength == "strong", would_be, Match.status != "proposed")
    query = select(
        Match.id,
        Match.record_id,
        Match.owner_state,
        Match.other_record,
        Match.other_state,
        Match.status,
    ).where(
        Match.owner_state == actor.state,
        Match.is_current,
        Match.other_record.is_not(None),
        joins,
        condition,
        *(() if actor.purpose else (Match.other_state == actor.state,)),
    )
    ways: dict[UUID, str] = {}
    for row in db.session.execute(query.order_by(Match.id.desc()).limit(MAX_MATCHES)):
        graph.judge(row)
        if row.status != "rejected":
            ways |= {row.record_id: row.owner_state, row.other_record: row.other_state}
    return ways


def _add_links(actor: Actor, rows: Collection[Any], graph: RecordGraph) -> dict[UUID, str]:
    """Add links from and to records; return the linked ones with states."""
    ways: dict[UUID, str] = {}
    places: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        if row.linked_record and row.linked_state:
            graph.link(row.id, row.linked_record)
            ways[row.linked_record] = row.linked_state
        for state in {row.owner_state, row.counterpart_state, actor.state} - {None}:
            places[str(state)].add(row.id)
    for state, ids in sorted(_readable_states(actor, places).items()):
        columns = (Record.id, Record.owner_state, Record.linked_record)
        with acting_as(actor, state):
            after = db.session.execute(select(*columns).where(is_any_of(Record.linked_record, ids)))
            for row in after.all():
                graph.link(row.id, row.linked_record)
                ways[row.id] = row.owner_state
    return ways


def _readable_states(actor: Actor, places: Mapping[str, set[UUID]]) -> Mapping[str, set[UUID]]:
    """Return only the own state's entry without a purpose."""
    return (
        places if actor.purpose else {key: ids for key, ids in places.items() if key == actor.state}
    )


def _visible_rows(actor: Actor, states_by_record: Mapping[UUID, str]) -> Iterator[Any]:
    """Yield rows of the own state, concerning it, or open."""
    own = () if actor.purpose else (Record.owner_state == actor.state,)
    left = dict(states_by_record)
    for row in db.session.execute(_records_query(left).where(*own)):
        left.pop(row.id, None)
        if not _is_unlinked_receipt(row):
            yield row
    places: dict[str, set[UUID]] = defaultdict(set)
    for key, state in left.items():
        places[state].add(key)
    places.pop(actor.own_state(), None)
    for state, ids in sorted(_readable_states(actor, places).items()):
        with acting_as(actor, state):
            rows = db.session.execute(_records_query(ids)).all()
        shared = sharing.share_rows(actor, rows)
        yield from (
            row for row in rows if shared[row.id].may("firearm") and not _is_unlinked_receipt(row)
        )


def _records_query(ids: Iterable[UUID]) -> Select[Any]:
    columns = (getattr(Record, name) for name in RECORD_COLUMNS)
    query = select_current(Record).where(is_any_of(Record.id, ids))
    query = query.outerjoin(RecordSetting, and_(RecordSetting.record_id == Record.id))
    return query.with_only_columns(*columns, RecordSetting.visibility, RecordSetting.handling)


def _is_unlinked_receipt(row: Any) -> bool:
    """Return whether a corrected receipt lost its export."""
    return bool(row.document_kind == "receipt" and row.linked_record is None)
