"""Queries for leads, computed at each read, audited for owners.

From what the reader may see at that moment: a decided match or a record that is no longer open
counts at once. Of a large register a job stores where the leads are (`leads.jobs`); those of a page
are computed again. Parties and shipments are read as the state that recorded
them. Firms are compared across states by name and country; persons only within one state's records
and by what identifies them, since many share a name.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, or_, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import FIELD_GROUPS
from salsa_ext.core.dates import rough_date
from salsa_ext.core.errors import Invalid, Message, NotFound, message
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.locks import select_current
from salsa_ext.database.paging import Page
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure import disclosures, sharing
from salsa_ext.disclosure.sharing import Sharing, party_group
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.firearms.records.event_kinds import SEIZED
from salsa_ext.firearms.records.models import Party, Record, RecordSetting
from salsa_ext.firearms.search.evidence import Reason
from salsa_ext.guns.graph import StatesByRecord, load_graph
from salsa_ext.guns.joint_seizures import find_ids
from salsa_ext.leads import detectors
from salsa_ext.leads.leads import ExportPaper, GunRecord, Lead, LeadParty, SeizedGun, seized_guns
from salsa_ext.leads.models import StoredLead
from salsa_ext.matches.models import Match
from salsa_ext.matches.worths import worth_number
from salsa_ext.reference import name_matching
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.shipments.models import Shipment

MAX_SEIZURES: Final = 100_000  # of the own state, the newest
MAX_MATCHES: Final = 50_000  # of crime, the newest
GUNS_IN_LIST: Final = 10  # guns of each lead; the disclosure of each record is audited
GUNS_IN_LEAD: Final = 500
RECORD_GROUPS: Final = ("firearm", "event")
"""Field groups that a lead shows of each record; it names firms and persons in words."""
LEAD_FILTERS: Final[Mapping[str, Callable[[Lead, Any], bool]]] = {
    "kind": lambda lead, kind: lead.kind == kind,
    "since": lambda lead, since: lead.seizure_days[1] >= since,
    "state": lambda lead, state: state in lead.states,
    "dealer": lambda lead, dealer: any(
        fold_name("name", dealer) in fold_name("name", name) for name in lead.dealers
    ),
}


@dataclass(frozen=True)
class LeadView:
    """A lead with at most `max_guns` of its guns, latest seized first."""

    lead: Lead
    max_guns: int

    @cached_property
    def guns(self) -> Sequence[SeizedGun]:
        """Return the visible guns, latest seized first."""
        guns = sorted(self.lead.guns, key=lambda gun: (gun.seizures[-1].on, gun.seizures[-1].id))
        return guns[::-1][: self.max_guns]

    @property
    def records(self) -> Iterable[GunRecord]:
        """Return the records of the visible guns, and those of the text."""
        records = (record for gun in self.guns for record in gun.records)
        return (*self.lead.source_records, *records)

    @cached_property
    def words(self) -> set[str]:
        """Return the names and numbers in the text."""
        words = (word for reason in self.lead.reasons for word in reason.text.params.values())
        return {word for word in words if isinstance(word, str)}

    def disclosed_groups(self, record: GunRecord) -> set[str]:
        """Return the field groups that the view discloses of a record."""
        paper, parties = record.paper, [record.giver, record.receiver]
        parties += [paper.consignee] if paper else []
        named = {party_group(each.kind) for each in parties if each and each.name in self.words}
        if paper and self.words & {paper.number, paper.permit_number}:
            named.add("document")
        return {*record.visible_groups} - {"firms", "persons"} | named


def list_leads(
    *, actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[LeadView]:
    """Return leads, strongest first, others' records with a purpose, audited; raises Invalid."""
    require(actor, Permission.LEAD_READ)
    if actor.purpose:
        disclosures.require_purpose(actor)
    after = _parse_cursor(cursor) if cursor else None
    given = {name: value for name, value in filters.items() if value is not None}
    page = None if "dealer" in given else _stored_page(actor, given, limit, after)
    if page is None:
        leads = [
            lead
            for lead in find_leads(actor)
            if all(LEAD_FILTERS[name](lead, value) for name, value in given.items())
            and (not after or lead.rank > after)
        ]
        page = _page(leads, leads, limit)
    views = [LeadView(lead, GUNS_IN_LIST) for lead in page.items]
    _audit_disclosures(actor, views)
    return page.with_items(views)


def _page(ranked: Sequence[Lead | StoredLead], leads: Sequence[Lead], limit: int) -> Page[Lead]:
    """Return the first `leads`; the next page follows the last of those `ranked`."""
    last = ranked[limit - 1] if len(ranked) > limit else None
    return Page(leads[:limit], f"{last.score}:{last.id}" if last else None)


def _stored_page(
    actor: Actor, filters: Mapping[str, Any], limit: int, after: tuple[float, UUID] | None
) -> Page[Lead] | None:
    """Return a page of the leads that a job stored; None if there are none of the reader."""
    own = _stored_query(actor)
    if db.session.scalar(own.limit(1)) is None:
        return None
    query = own
    if kind := filters.get("kind"):
        query = query.where(StoredLead.kind == kind)
    if since := filters.get("since"):
        query = query.where(StoredLead.seized_on >= since)
    if state := filters.get("state"):
        query = query.where(StoredLead.states.contains([state]))
    if after:
        score, key = -after[0], after[1]
        is_next = and_(StoredLead.score == score, StoredLead.id > key)
        query = query.where(or_(StoredLead.score < score, is_next))
    ordered = query.order_by(StoredLead.score.desc(), StoredLead.id).limit(limit + 1)
    rows = db.session.scalars(ordered).all()
    return _page(rows, _read_stored(actor, rows[:limit]), limit)


def _stored_query(actor: Actor) -> Select[StoredLead]:
    with_others = actor.purpose is not None
    return select(StoredLead).where(
        StoredLead.owner_state == actor.own_state(), StoredLead.with_others == with_others
    )


def _read_stored(actor: Actor, rows: Sequence[StoredLead]) -> list[Lead]:
    """Return the leads of rows as the reader may see them now, in their order."""
    pairs = (zip(row.record_ids, row.record_states, strict=True) for row in rows)
    seeds = {record: state for each in pairs for record, state in each}
    known = {lead.id: lead for lead in find_leads(actor, seeds)} if seeds else {}
    return [_with_rarity(known[row.id], row.rarity) for row in rows if row.id in known]


def _with_rarity(lead: Lead, numbers: Mapping[str, Any] | None) -> Lead:
    if not numbers:
        return lead
    rarity = Reason("rarity", Message(numbers["text"], numbers["params"]), numbers["bits"])
    reasons = (rarity if reason.code == "rarity" else reason for reason in lead.reasons)
    return replace(lead, reasons=tuple(reasons))


def get_lead(*, actor: Actor, lead_id: UUID) -> LeadView:
    """Return one lead with its guns; audits disclosures. Raises NotFound, Invalid."""
    require(actor, Permission.LEAD_READ)
    if actor.purpose:
        disclosures.require_purpose(actor)
    stored = db.session.scalars(_stored_query(actor).where(StoredLead.id == lead_id)).all()
    leads = _read_stored(actor, stored) if stored else find_leads(actor)
    lead = next((lead for lead in leads if lead.id == lead_id), None)
    if lead is None:
        raise NotFound("lead", lead_id)
    view = LeadView(lead, GUNS_IN_LEAD)
    _audit_disclosures(actor, [view])
    return view


def _parse_cursor(cursor: str) -> tuple[float, UUID]:
    score, _, key = cursor.partition(":")
    try:
        return -float(score), UUID(key)
    except ValueError:
        problem = message("This is not a cursor of this list; begin without one.")
        raise Invalid({"cursor": [problem]}) from None


def _audit_disclosures(actor: Actor, views: Iterable[LeadView]) -> None:
    """Audit each visible record of another state, once an answer."""
    records: dict[UUID, GunRecord] = {}
    groups: dict[UUID, set[str]] = defaultdict(set)
    for view in views:
        for record in view.records:
            if record.state != actor.state:
                records[record.id] = record
                groups[record.id] |= view.disclosed_groups(record)
    events = []
    for record in records.values():
        ordered = sorted(groups[record.id], key=FIELD_GROUPS.index)
        data = {"version": record.version, "handling": record.handling, "groups": ordered}
        events.append(disclosures.disclosure_event(record.id, record.state, data))
    disclosures.append_disclosures(actor, events)


def find_leads(
    actor: Actor, seeds: StatesByRecord | None = None, *, with_others: bool | None = None
) -> list[Lead]:
    """Return leads over records, or all, strongest first; `with_others` for the job."""
    require(actor, Permission.LEAD_READ)
    if with_others is None:
        with_others = actor.purpose is not None
    graph = load_graph(actor, seeds or _find_seeds(actor), with_others=with_others)
    guns = [
        gun for gun in graph.guns() if any(graph.rows[key].event in SEIZED for key in gun.records)
    ]
    rows = [graph.rows[key] for gun in guns for key in gun.records]
    shipments = _load_shipments(actor, rows)
    shared = sharing.share_rows(actor, rows)
    by_party: dict[UUID, list[Sharing]] = defaultdict(list)
    for shipment, paper_sharing in shipments.values():
        by_party[shipment.final_consignee_id].append(paper_sharing)
    for row in rows:
        for party_id in {row.giver_id, row.receiver_id} - {None}:
            by_party[party_id].append(shared[row.id])
    parties = _load_parties(actor, by_party)
    finds = find_ids({row.document_id for row in rows if row.event in SEIZED})
    records = [
        _gun_record(row, parties, shipments.get(row.document_id), shared[row.id], finds)
        for row in rows
    ]
    return detectors.detect_leads(seized_guns(guns, {record.id: record for record in records}))


def _find_seeds(actor: Actor) -> StatesByRecord:
    """Return the records that can make a lead: matched ones, and those of one lot or serial run."""
    own = actor.own_state()
    newest = select(Seizure.id).where(Seizure.owner_state == own).order_by(Seizure.id.desc())
    seizures = set(db.session.scalars(newest.limit(MAX_SEIZURES)))
    few = select_current(Record).join(RecordSetting, RecordSetting.record_id == Record.id)
    current = few.where(is_any_of(Record.document_id, seizures), ~RecordSetting.is_void)
    columns = (Record.id, Record.make, Record.make_text, Record.serial, Record.lot)
    rows = db.session.execute(current.with_only_columns(*columns)).all()
    numbered = [(row.id, _make_of(row), normalise(row.serial)) for row in rows if row.serial]
    seeds = dict.fromkeys(detectors.find_numbered_on(numbered), own)
    seeds |= {row.id: own for row in rows if row.lot}
    pair = (Match.record_id, Match.owner_state, Match.other_record, Match.other_state)
    matches = select(*pair).where(
        Match.owner_state == own,
        Match.worth >= worth_number("crime"),
        Match.is_current,
        Match.status != "rejected",
        Match.other_record.is_not(None),
        or_(Match.strength == "strong", Match.status == "confirmed"),
    )
    for row in db.session.execute(matches.order_by(Match.id.desc()).limit(MAX_MATCHES)):
        seeds |= {row.record_id: row.owner_state, row.other_record: row.other_state}
    return seeds


def _load_shipments(actor: Actor, rows: Iterable[Any]) -> dict[UUID, tuple[Any, Sharing]]:
    """Return the shipments of export records by id, with the reader's sharing."""
    by_state: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        if row.document_kind == "shipment":
            by_state[row.owner_state].add(row.document_id)
    columns = (Shipment.id, Shipment.owner_state, Shipment.concerned, Shipment.number)
    papers = (Shipment.permit_id, Shipment.permit_number, Permit.final_consignee_id)
    query = select(*columns, *papers).join(Permit, Permit.id == Shipment.permit_id)
    shipments: dict[UUID, tuple[Any, Sharing]] = {}
    for state, ids in sorted(by_state.items()):
        with acting_as(actor, state):
            departures = db.session.execute(query.where(is_any_of(Shipment.id, ids))).all()
        shared = sharing.share_trade_papers(actor, departures)
        shipments |= {row.id: (row, shared[row.id]) for row in departures}
    return shipments


def _load_parties(
    actor: Actor, sharing_by_party: Mapping[UUID, Sequence[Sharing]]
) -> dict[UUID, LeadParty]:
    """Return identifiable parties, read as their state; `sharing_by_party` releases names."""
    by_state: dict[str, set[UUID]] = defaultdict(set)
    for party_id, shared in sharing_by_party.items():
        by_state[shared[0].statement.owner].add(party_id)
    names = ("id", "owner_state", "kind", "country", "name", "address", "identification")
    query = select(*(getattr(Party, name) for name in names))
    parties: dict[UUID, LeadParty] = {}
    for state, ids in sorted(by_state.items()):
        with acting_as(actor, state):
            rows = db.session.execute(query.where(is_any_of(Party.id, ids))).all()
        for row in rows:
            if key := _party_key(row):
                group = party_group(row.kind)
                is_named = any(each.may(group) for each in sharing_by_party[row.id])
                name = row.name if is_named else None
                parties[row.id] = LeadParty(key, row.kind, str(row.id), row.owner_state, name)
    return parties


def _party_key(party: Any) -> str | None:
    """Return a key equal for the same party; never leaves the service."""
    if party.kind != "individual":
        return f"{party.country}:{name_matching.name_key(party.name).hex()}" if party.name else None
    if party.identification:
        text = f"{party.country} {party.identification}"
    elif party.name and party.address:
        text = f"{party.name} {party.address}"
    else:
        return None
    return f"{party.owner_state}:{name_matching.name_key(text).hex()}"


def _make_of(row: Any) -> str | None:
    return row.make or (fold_name("make", row.make_text) if row.make_text else None) or None


def _gun_record(
    row: Any,
    parties: Mapping[UUID, LeadParty],
    shipment: tuple[Any, Sharing] | None,
    shared: Sharing,
    finds: Mapping[UUID, UUID],
) -> GunRecord:
    giver, receiver = parties.get(row.giver_id), parties.get(row.receiver_id)
    named = (party_group(each.kind) for each in (giver, receiver) if each and each.name)
    paper = None
    if shipment:
        goods, paper_sharing = shipment
        is_shown = paper_sharing.may("document")
        paper = ExportPaper(
            goods.id,
            goods.permit_id,
            goods.owner_state,
            goods.number if is_shown else None,
            goods.permit_number if is_shown else None,
            parties.get(goods.final_consignee_id),
        )
    return GunRecord(
        id=row.id,
        state=row.owner_state,
        event=row.event,
        on=rough_date(row.occurred_on, row.occurred_within),
        document=row.document_id,
        find=finds.get(row.document_id, row.document_id),
        version=row.version,
        counterpart_state=row.counterpart_state,
        type=row.type,
        make=_make_of(row),
        model=row.model,
        serial=normalise(row.serial) if row.serial else None,
        lot=normalise(row.lot) or None if row.lot else None,
        giver=giver,
        receiver=receiver,
        handed_in=row.handed_in,
        paper=paper,
        visible_groups=tuple(shared.given(dict.fromkeys((*RECORD_GROUPS, *named)))),
        handling=shared.statement.handling,
    )
