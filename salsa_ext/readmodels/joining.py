"""The records of seized guns and what joins them, for many guns at once and as the reader may see them.

A round asks once for each kind of thing and for each state whose records it meets, however many
guns there are. Without a purpose it stays among the own state's records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from salsa_ext.db import as_state, db
from salsa_ext.matching.evidence import STRONG
from salsa_ext.matching.joined import Edge
from salsa_ext.models import Match, Record, RecordSetting, Seizure
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import sharing
from salsa_ext.readmodels.arrays import among
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor

SEIZURES: Final = 10_000  # of the own state, the newest
MATCHES: Final = 50_000  # of crime, the newest
ROUNDS: Final = 4  # a seizure, its sale, the receipt, the export
COLUMNS: Final = (
    "id", "version", "owner_state", "event", "occurred_on", "document_kind", "document_id",
    "giver_id", "receiver_id", "counterpart_state", "linked_state", "linked_record", "type", "make",
    "make_text", "serial", "lot", "concerned",
)  # fmt: skip


@dataclass
class Joined:
    """Rows of records by id, what joins them, and the pairs that the reader's state rejected."""

    rows: dict[UUID, Any] = field(default_factory=dict)
    edges: dict[tuple[UUID, UUID], Edge] = field(default_factory=dict)
    rejected: set[tuple[UUID, UUID]] = field(default_factory=set)

    def link(self, one: UUID, other: UUID) -> None:
        """Join two records for certain."""
        self.edges[_pair(one, other)] = Edge(*_pair(one, other))

    def judge(self, row: Any) -> None:
        """Join the two records of a match, unless the reader's state says that they are of two guns."""
        pair = _pair(row.record_id, row.other_record)
        if row.status == "rejected":
            self.rejected.add(pair)
        else:
            self.edges.setdefault(pair, Edge(*pair, row.id, row.status == "confirmed"))


def joined(actor: Actor) -> Joined:
    """Return the records around the newest seizures, and around other states' that concern own guns."""
    require(actor, Permission.LEAD_READ)
    found = Joined()
    front = _seeds(actor, found)
    for _ in range(ROUNDS):
        rows = list(_visible(actor, front))
        if not rows:
            break
        found.rows |= {row.id: row for row in rows}
        trade = ~Match.is_of_crime & _of(row.id for row in rows)  # those of crime are there already
        ways = _links(actor, rows, found) | _matches(actor, found, trade)
        front = {key: state for key, state in ways.items() if key not in found.rows}
    return found


def _pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    return (one, other) if one < other else (other, one)


def _seeds(actor: Actor, found: Joined) -> dict[UUID, str]:
    """Return where to begin, each record with its state."""
    mine = actor.own_state()
    newest = select(Seizure.id).where(Seizure.owner_state == mine).order_by(Seizure.id.desc())
    seizures = db.session.scalars(newest.limit(SEIZURES)).all()
    records = select(Record.id).where(among(Record.document_id, set(seizures)))
    seeds = dict.fromkeys(db.session.scalars(records), mine)
    return seeds | _matches(actor, found, Match.is_of_crime)


def _of(ids: Iterable[UUID]) -> ColumnElement[bool]:
    some = list(ids)
    return or_(among(Match.record_id, some), among(Match.other_record, some))


def _matches(actor: Actor, found: Joined, which: Any) -> dict[UUID, str]:
    """Keep what the own state's matches say, and return the records that they lead to."""
    # of several guns that bear one mark none is strong, and each has to be there to leave it open
    same = Match.reasons.op("@>")(literal([{"code": "serial_same"}], JSONB))
    would_be = and_(same, Match.score >= STRONG)
    joins = or_(Match.strength == "strong", would_be, Match.status != "proposed")
    query = select(
        Match.id, Match.record_id, Match.owner_state, Match.other_record, Match.other_state,
        Match.status,
    ).where(
        Match.owner_state == actor.state, Match.is_standing, Match.other_record.is_not(None),
        joins, which, *(() if actor.purpose else (Match.other_state == actor.state,)),
    )  # fmt: skip
    ways: dict[UUID, str] = {}
    for row in db.session.execute(query.order_by(Match.id.desc()).limit(MATCHES)):
        found.judge(row)
        if row.status != "rejected":
            ways |= {row.record_id: row.owner_state, row.other_record: row.other_state}
    return ways


def _links(actor: Actor, rows: Collection[Any], found: Joined) -> dict[UUID, str]:
    """Return what follows from records for certain, and what they follow."""
    ways: dict[UUID, str] = {}
    places: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        if row.linked_record and row.linked_state:
            found.link(row.id, row.linked_record)
            ways[row.linked_record] = row.linked_state
        for state in {row.owner_state, row.counterpart_state, actor.state} - {None}:
            places[str(state)].add(row.id)
    for state, ids in sorted(_seen(actor, places).items()):
        columns = (Record.id, Record.owner_state, Record.linked_record)
        with as_state(actor, state):
            after = db.session.execute(select(*columns).where(among(Record.linked_record, ids)))
            for row in after.all():
                found.link(row.id, row.linked_record)
                ways[row.id] = row.owner_state
    return ways


def _seen(actor: Actor, places: Mapping[str, set[UUID]]) -> Mapping[str, set[UUID]]:
    """Without a purpose nobody looks beyond his own state."""
    return (
        places if actor.purpose else {key: ids for key, ids in places.items() if key == actor.state}
    )


def _visible(actor: Actor, wanted: Mapping[UUID, str]) -> Iterator[Any]:
    """Yield the rows that the reader may see: of his state, of concern to it, or kept open by others."""
    own = () if actor.purpose else (Record.owner_state == actor.state,)
    left = dict(wanted)
    for row in db.session.execute(_rows(left).where(*own)):
        left.pop(row.id, None)
        if not _is_withdrawn(row):
            yield row
    places: dict[str, set[UUID]] = defaultdict(set)
    for key, state in left.items():
        places[state].add(key)
    places.pop(actor.own_state(), None)
    for state, ids in sorted(_seen(actor, places).items()):
        with as_state(actor, state):
            rows = db.session.execute(_rows(ids)).all()
        shared = sharing.of_rows(actor, rows)
        yield from (row for row in rows if shared[row.id].may("firearm") and not _is_withdrawn(row))


def _rows(ids: Iterable[UUID]) -> Select[Any]:
    columns = (getattr(Record, name) for name in COLUMNS)
    query = current(Record).where(among(Record.id, ids))
    query = query.outerjoin(RecordSetting, and_(RecordSetting.record_id == Record.id))
    return query.with_only_columns(*columns, RecordSetting.visibility, RecordSetting.handling)


def _is_withdrawn(row: Any) -> bool:
    """An arrival that a correction took back follows no export any more."""
    return bool(row.document_kind == "receipt" and row.linked_record is None)
