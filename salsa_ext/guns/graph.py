"""Load the records of guns, and what joins them, as far as the reader may see.

A round has one query for each kind of data and state, for all records together. What a reader may
not see leads nowhere, and others' silent records change nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, or_, select, text

from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import rough_date
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure import sharing
from salsa_ext.firearms.marks.keys import hash_skeleton, serial_key, skeleton, whole_key
from salsa_ext.firearms.records.event_kinds import ALERT, year_of_manufacture
from salsa_ext.firearms.records.frequencies import shares
from salsa_ext.firearms.records.models import Mark, Record, RecordSetting
from salsa_ext.firearms.search.criteria import with_related_codes
from salsa_ext.firearms.search.evidence import MAX_SURE_SEIZURES, Description, count_unregistered
from salsa_ext.guns.rules import (
    MAX_HOLDERS,
    Gun,
    GunFacts,
    Join,
    RecordPair,
    group_by_gun,
    is_rare,
    join,
)
from salsa_ext.matches.models import Match
from salsa_ext.reference import names

OPEN_VISIBILITIES: Final = FINDER_VISIBILITIES["firearm"]
MAX_RECORDS: Final = 60_000
MAX_MATCHES: Final = 50_000
MAX_ROUNDS: Final = 8
"""Steps from record to record; a seizure, its sale, the receipt and the export are three."""
RECORD_COLUMNS: Final = tuple(
    "id version owner_state event occurred_on occurred_within document_kind document_id giver_id receiver_id"
    " counterpart_state linked_state linked_record type make make_text model calibre year serial marking lot"
    " concerned handed_in is_void".split()
)
StatesByRecord = dict[UUID, str]
MarkKeyAndMake = tuple[int, str]
_HOLDERS_SQL: Final = text(
    "SELECT a.key, a.make, k.record_id, k.state, k.event, k.make IS NOT NULL"
    " FROM unnest(CAST(:keys AS bigint[]), CAST(:makes AS text[])) AS a (key, make)"
    " JOIN (SELECT k.*, row_number() OVER (PARTITION BY k.key, k.make) AS place FROM mark_key AS k"
    " WHERE k.key = ANY(ARRAY(SELECT unnest(CAST(:keys AS bigint[]))))"
    " AND NOT k.is_void AND NOT k.is_superseded"
    " AND k.event <> :alert AND (k.state = :asker OR (:others AND k.visibility = 'open'))) AS k"
    " ON k.key = a.key AND coalesce(k.make, a.make) = a.make AND k.place <= :most"
)


@dataclass
class RecordGraph:
    """Visible records, their certain joins, own matches, and holders of their marks.

    `matches` are the reader's proposed and confirmed ones by pair, `hidden` the confirmed ones
    whose other record is not visible.
    """

    rows: dict[UUID, Any] = field(default_factory=dict)
    serials: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    joins: set[Join] = field(default_factory=set)
    matches: dict[RecordPair, UUID] = field(default_factory=dict)
    rejected: set[RecordPair] = field(default_factory=set)
    hidden: dict[UUID, Match] = field(default_factory=dict)
    holders: dict[MarkKeyAndMake, set[UUID]] = field(default_factory=dict)

    def add_match(self, row: Any) -> None:
        """Add a match of two visible records, as the reader's state judged it."""
        each = join(row.record_id, row.other_record, "match", row.id)
        pair = each.first, each.second
        if row.status == "rejected":
            self.rejected.add(pair)
        else:
            self.matches[pair] = row.id
        if row.status == "confirmed":
            self.joins.add(each)

    def guns(self) -> list[Gun]:
        """Return the records grouped into guns."""
        facts = (self._facts(row) for row in self.rows.values())
        joins = {each for each in self.joins if not self._is_of_lot(each)}
        guns = group_by_gun(facts, joins, self.rejected, shares())
        return [Gun(gun.records, tuple(map(self._with_match, gun.joins))) for gun in guns]

    def _is_of_lot(self, each: Join) -> bool:
        """Return whether two records match by a lot alone, of which there are many pieces."""
        rows = (self.rows.get(each.first), self.rows.get(each.second))
        return each.is_confirmed and all(row and row.lot and not row.serial for row in rows)

    def _facts(self, row: Any) -> GunFacts:
        description = Description(
            "",
            row.make,
            names.calibre_family(row.calibre),
            names.specific_type(row.type),
            year=row.year,
            reported_year=row.occurred_on.year,
            manufactured_year=year_of_manufacture(row.event, row.year, row.occurred_on.year),
        )
        serials = frozenset(
            serial
            for serial in self.serials[row.id]
            if row.id in self.holders.get((_key(serial), row.make), ())
        )
        described, on = (
            with_related_codes(description),
            rough_date(row.occurred_on, row.occurred_within),
        )
        return GunFacts(row.id, row.event, on, described, serials)

    def _with_match(self, each: Join) -> Join:
        pair = each.first, each.second
        return each if each.is_certain else Join(*pair, each.kind, self.matches.get(pair))


def load_graph(
    actor: Actor, seeds: StatesByRecord, *, with_others: bool, most: int = MAX_RECORDS
) -> RecordGraph:
    """Return the records of the `seeds`' guns, unaudited; `with_others` needs a purpose."""
    graph, front = RecordGraph(), dict(seeds)
    for _ in range(MAX_ROUNDS):
        rows = [
            row
            for row in _visible_rows(actor, front, with_others=with_others)
            if row.id in seeds or not (row.is_void or _is_unlinked_receipt(row))
        ]
        if not rows or len(graph.rows) >= most:
            break
        graph.rows |= {row.id: row for row in rows}
        front = _find_links(actor, graph, rows, with_others=with_others)
        front |= _find_matches(actor, graph, rows, with_others=with_others)
        front |= _find_holders(actor, graph, rows, with_others=with_others)
        front = {key: state for key, state in front.items() if key not in graph.rows}
    return graph


def _is_unlinked_receipt(row: Any) -> bool:
    return row.document_kind == "receipt" and row.linked_record is None


def _visible_rows(actor: Actor, states: StatesByRecord, *, with_others: bool) -> list[Any]:
    """Return rows of the own state; also concerning it, or open, with others."""
    query = _records_query(states)
    if not with_others:
        query = query.where(Record.owner_state == actor.state)
    rows = list(db.session.execute(query))
    known = {row.id for row in rows}
    by_state: dict[str, set[UUID]] = defaultdict(set)
    for record_id, state in states.items():
        if record_id not in known and state != actor.state:
            by_state[state].add(record_id)
    for state, ids in sorted(by_state.items()) if with_others else ():
        with acting_as(actor, state):
            others = db.session.execute(_records_query(ids)).all()
        if actor.purpose:
            shared = sharing.share_rows(actor, others)
            rows += [row for row in others if shared[row.id].may("firearm")]
        else:  # that there is something to read for a purpose
            rows += [row for row in others if row.visibility in (None, *OPEN_VISIBILITIES)]
    return rows


def _records_query(ids: Iterable[UUID]) -> Select[Any]:
    columns = (getattr(Record, name) for name in RECORD_COLUMNS)
    query = select_current(Record).where(is_any_of(Record.id, ids))
    query = query.outerjoin(RecordSetting, RecordSetting.record_id == Record.id)
    return query.with_only_columns(*columns, RecordSetting.visibility, RecordSetting.handling)


def reading_as(actor: Actor, state: str) -> AbstractContextManager[None]:
    """Read as another state; as the own one under the restrictions of the agency."""
    return nullcontext() if state == actor.state else acting_as(actor, state)


def reader_of(actor: Actor, row: Any) -> str:
    """Return the state as which a row is read: the own one, if it concerns it."""
    is_concerned = actor.state is not None and actor.state in row.concerned
    return str(actor.state if is_concerned else row.owner_state)


def _find_links(
    actor: Actor, graph: RecordGraph, rows: Sequence[Any], *, with_others: bool
) -> StatesByRecord:
    """Add the certain links from and to records; return the other records."""
    by_state: dict[str, set[UUID]] = defaultdict(set)
    links = [
        (row.linked_record, row.linked_state, row.id)
        for row in rows
        if row.linked_record and row.linked_state
    ]
    for row in rows:
        for state in {row.owner_state, row.counterpart_state, actor.state} - {None}:
            if with_others or state == actor.state:
                by_state[state].add(row.id)
    columns = (Record.id, Record.owner_state, Record.linked_record)
    for state, ids in sorted(by_state.items()):
        query = select(*columns).where(is_any_of(Record.linked_record, ids))
        with reading_as(actor, state):
            links += db.session.execute(query).all()
    graph.joins |= {join(record, linked, "link") for linked, _, record in links}
    return {linked: state for linked, state, _ in links}


def _find_matches(
    actor: Actor, graph: RecordGraph, rows: Sequence[Any], *, with_others: bool
) -> StatesByRecord:
    """Add own matches of records; return the records of confirmed ones."""
    ids = [row.id for row in rows]
    query = select(Match).where(
        Match.owner_state == actor.state,
        Match.is_current,
        or_(is_any_of(Match.record_id, ids), is_any_of(Match.other_record, ids)),
        or_(Match.strength == "strong", Match.status != "proposed"),
    )
    if not with_others:
        query = query.where(Match.other_state == actor.state)
    states: StatesByRecord = {}
    for row in db.session.scalars(query.order_by(Match.id.desc()).limit(MAX_MATCHES)):
        if row.other_record is not None:
            graph.add_match(row)
            if row.status == "confirmed":
                states |= {row.record_id: row.owner_state, row.other_record: row.other_state}
        elif row.status == "confirmed":
            graph.hidden[row.id] = row
    return states


def _find_holders(
    actor: Actor, graph: RecordGraph, rows: Sequence[Any], *, with_others: bool
) -> StatesByRecord:
    """Add the records that bear the rare serials of some; return them."""
    _read_serials(actor, graph, rows)
    rare = {
        (_key(serial), row.make)
        for row in rows
        if row.make
        for serial in graph.serials[row.id]
        if is_rare(row.make, shares(), serial)
    }
    marks = sorted(rare - graph.holders.keys())
    if not marks:
        return {}
    graph.holders |= {mark: set() for mark in marks}
    arguments = {
        "keys": [key for key, _ in marks],
        "makes": [make for _, make in marks],
        "alert": ALERT,
        "asker": actor.state,
        "others": with_others,
        "most": MAX_HOLDERS + 1,
    }
    states: dict[MarkKeyAndMake, StatesByRecord] = defaultdict(dict)
    events: dict[MarkKeyAndMake, dict[UUID, str]] = defaultdict(dict)
    for key, make, record_id, state, event, has_make in db.session.execute(_HOLDERS_SQL, arguments):
        events[key, make][record_id] = event
        if has_make:
            states[key, make][record_id] = state
    near: StatesByRecord = {}
    for mark, by_record in states.items():
        # a known crowd is of many guns, and so may be what only seizures bear
        seizures = count_unregistered(events[mark].values())
        if len(by_record) <= MAX_HOLDERS and seizures <= MAX_SURE_SEIZURES:
            graph.holders[mark] = {*by_record}
            near |= by_record
    return near


def _read_serials(actor: Actor, graph: RecordGraph, rows: Sequence[Any]) -> None:
    """Add the whole serials of records: the recorded ones, and those read on the gun."""
    known = {(row.id, row.version): row for row in rows}
    by_state: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        by_state[reader_of(actor, row)].add(row.id)
        if key := serial_key(row.serial or "", row.marking):
            graph.serials[row.id].add(key.norm)
    columns = (Mark.record_id, Mark.record_version, Mark.text)
    for state, ids in sorted(by_state.items()):
        query = select(*columns).where(is_any_of(Mark.record_id, ids), Mark.kind == "manufacture")
        with reading_as(actor, state):
            marks = db.session.execute(query).all()
        for mark in marks:
            row = known.get((mark.record_id, mark.record_version))
            if row and mark.text != row.serial and (key := whole_key(mark.text)):
                graph.serials[row.id].add(key.norm)


def _key(serial: str) -> int:
    return hash_skeleton(skeleton(serial))
