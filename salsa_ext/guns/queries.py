"""Guns as their reader may see them: records, marks, findings, open matches."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from uuid import UUID

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import REPORT_KINDS, SEIZURE_KINDS, TRANSFER_KINDS
from salsa_ext.core.errors import CodeLabel, Message, message
from salsa_ext.disclosure import disclosures, sharing
from salsa_ext.disclosure.disclosures import Disclosure
from salsa_ext.firearms.records.event_kinds import ALERT, SEIZED, Event
from salsa_ext.firearms.records.queries import find_records
from salsa_ext.guns.graph import RecordGraph, load_graph, reader_of, reading_as
from salsa_ext.guns.joint_seizures import find_ids
from salsa_ext.guns.possession import (
    custody_conflicts,
    event_date,
    find_contradictions,
    first_sales,
    in_order,
)
from salsa_ext.guns.rules import Gun
from salsa_ext.matches import queries as match_queries
from salsa_ext.matches.queries import MatchView

MAX_RECORDS_OF_GUN: Final = 500
MOVEMENTS: Final = {
    ("export", True): message("{state} exported it to {partner} on {on}."),
    ("export", False): message("{state} exported it on {on}."),
    ("consignment", True): message(
        "{partner} shipped it to {state} on {on}, by the papers that {state} holds."
    ),
    ("import", True): message("{state} imported it from {partner} on {on}."),
    ("import", False): message("{state} imported it on {on}."),
}
"""Sentences for a movement, by whether the other state is known."""
SOLD_AGAIN: Final = message("Its serial was sold new more than once")
OTHER_EVENT: Final = message("{state} recorded on {on}: {event}.")
EVENT_LABELS: Final = (
    dict.fromkeys(TRANSFER_KINDS, "transfer_kind")
    | dict.fromkeys(REPORT_KINDS, "report_kind")
    | dict.fromkeys(SEIZURE_KINDS, "seizure_kind")
    | {ALERT: "object", "consignment": "transfer_kind"}
)
"""Kind of label that names an event."""


def own_guns(actor: Actor, record_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return the first record of each record's gun, by the own state's records alone."""
    require(actor, Permission.RECORD_READ)
    seeds = dict.fromkeys(record_ids, actor.own_state())
    graph = load_graph(actor, seeds, with_others=False)
    return {key: gun.records[0] for gun in graph.guns() for key in gun.records}


@dataclass(frozen=True)
class GunRecordView:
    """One record of a gun; it is reached from `joined_to`, None for the first."""

    disclosed: Disclosure
    find_id: UUID
    joined_by: str = "start"
    joined_to: UUID | None = None
    match_id: UUID | None = None

    @property
    def as_event(self) -> Event:
        """Return the record as an event of a life."""
        view = self.disclosed.view
        record, parties = view.record, view.parties
        is_shown = self.disclosed.sharing.may("parties")
        giver, receiver = (
            {"kind": parties[key].kind} if key in parties and is_shown else None
            for key in (record.giver_id, record.receiver_id)
        )
        return {
            "record": str(record.id),
            "event": record.event,
            "state": record.owner_state,
            "occurred_on": record.occurred_on.isoformat(),
            "counterpart_state": record.counterpart_state,
            "giver": giver,
            "receiver": receiver,
            "stolen_from": "shipment",
            "handed_in": record.handed_in,
            "find": self.find_id,
        }

    @property
    def sentence(self) -> Message:
        """Return what happened, in one sentence."""
        record = self.disclosed.view.record
        on, partner = record.occurred_on.isoformat(), record.counterpart_state
        params = {"state": record.owner_state, "partner": partner, "on": on}
        if text := MOVEMENTS.get((record.event, partner is not None)):
            return Message(text.text, params)
        event = CodeLabel(EVENT_LABELS[record.event], record.event)
        return Message(OTHER_EVENT.text, params | {"event": event})


@dataclass(frozen=True)
class GunMark:
    """A mark of a gun, and the records that read it."""

    kind: str
    text: str
    records: Sequence[UUID]


@dataclass(frozen=True)
class GunFinding:
    """What does not fit of a record, in words: a wrong record, another gun, or a crime."""

    record: UUID
    text: Message


@dataclass(frozen=True)
class GunView:
    """A gun as its reader may see it: records in order of events, and matches open on them.

    `hidden_matches` are confirmed matches with records hidden from the reader: the states to
    contact.
    """

    record: UUID
    records: Sequence[GunRecordView]
    matches: Sequence[MatchView]
    hidden_matches: Sequence[MatchView]

    @property
    def version(self) -> int:
        """Return a number for the ETag, which has a digest of the answer too."""
        return len(self.records)

    @cached_property
    def findings(self) -> Sequence[GunFinding]:
        """Return what of its lawful life does not fit together, in order."""
        events = in_order(
            each.as_event for each in self.records if not each.disclosed.view.is_withdrawn
        )
        findings = [
            GunFinding(UUID(each.event["record"]), each.why) for each in find_contradictions(events)
        ]
        seized = [event for event in events if event["event"] in SEIZED and not event["handed_in"]]
        if seized:
            last = seized[-1]
            same = {event["record"] for event in seized if event["find"] == last["find"]}
            conflicts = custody_conflicts(events, event_date(last), last["state"], same)
            findings += [GunFinding(UUID(each.event["record"]), each.why) for each in conflicts]
        sales = first_sales(events)
        return findings + [GunFinding(UUID(sale["record"]), SOLD_AGAIN) for sale in sales[1:]]

    @property
    def marks(self) -> Sequence[GunMark]:
        """Return its marks as far as the reader may see them, those that most records read first."""
        records: dict[tuple[str, str], list[UUID]] = defaultdict(list)
        for each in self.records:
            view = each.disclosed.view
            if each.disclosed.sharing.may("firearm"):
                marks = dict.fromkeys((mark.kind, mark.text) for mark in view.marks)
                for mark in marks:
                    records[mark].append(view.record.id)
        ordered = sorted(records, key=lambda mark: (-len(records[mark]), mark))
        return [GunMark(*mark, records[mark]) for mark in ordered]


def get_gun(*, actor: Actor, record_id: UUID, with_others: bool = True) -> GunView:
    """Return the gun of a record; of an own one also by the own state's records alone.

    Reading other states' records needs a purpose and a case, and is audited for their owners.
    Raises NotFound, or Invalid without a purpose.
    """
    require(actor, Permission.RECORD_READ)
    first = disclosures.load_record(actor, record_id)
    seeds = {record_id: first.view.record.owner_state}
    graph = load_graph(actor, seeds, with_others=with_others, most=MAX_RECORDS_OF_GUN)
    [gun] = [gun for gun in graph.guns() if record_id in gun.records] or [Gun((record_id,))]
    disclosed = _disclose(actor, graph, gun, first)
    paths, ids = gun.paths_from(record_id), {*gun.records}
    documents = {key: each.view.record.document_id for key, each in disclosed.items()}
    finds = find_ids({*documents.values()})
    records = []
    for key in (key for key in gun.records if key in disclosed):
        path = paths.get(key)
        joined = (path.kind, path.other(key), path.match_id) if path else ()
        find = finds.get(documents[key], documents[key])
        records.append(GunRecordView(disclosed[key], find, *joined))
    hidden = [row for row in graph.hidden.values() if row.record_id in ids]
    own = [key for key, each in disclosed.items() if each.is_own]
    return GunView(
        record_id,
        records,
        _open_matches(actor, own),
        match_queries.build_match_views(actor, hidden),
    )


def _disclose(
    actor: Actor, graph: RecordGraph, gun: Gun, first: Disclosure
) -> Mapping[UUID, Disclosure]:
    """Return the records of a gun as the reader may see them; audited for their owners."""
    by_state: dict[str, set[UUID]] = defaultdict(set)
    for key in {*gun.records} - {first.view.record.id}:
        row = graph.rows[key]
        by_state[reader_of(actor, row)].add(key)
    views = []
    for state, ids in sorted(by_state.items()):
        with reading_as(actor, state):
            views += find_records(ids)
    shared = sharing.share_records(actor, views)
    records = [first, *(Disclosure(view, shared[view.record.id]) for view in views)]
    if any(not each.is_own for each in records):
        disclosures.require_purpose(actor)
        disclosures.audit_disclosures(actor, records)
    return {each.view.record.id: each for each in records}


def _open_matches(actor: Actor, own: Sequence[UUID]) -> list[MatchView]:
    """Return the matches of own records that nobody judged yet."""
    if Permission.MATCH_READ not in actor.permissions or not own:
        return []
    by_record = match_queries.matches_of_records(actor, own)
    views = {view.match.id: view for views in by_record.values() for view in views}
    return [view for view in views.values() if view.match.status == "proposed"]
