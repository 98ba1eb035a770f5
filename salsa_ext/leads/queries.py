"""Queries for leads, computed at each read, audited for owners.

From what the reader may see at that moment: a decided match or a record that is no longer open
counts at once, and no lead is stored. Parties and shipments are read as the state that recorded
them. Firms are compared across states by name and country; persons only within one state's records
and by what identifies them, since many share a name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from salsa_ext.access.audit import Action, AuditEvent, append_many
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import FIELD_GROUPS
from salsa_ext.core.errors import Invalid, NotFound, message
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.paging import Page
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure import disclosures, sharing
from salsa_ext.disclosure.sharing import Sharing, party_group
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.firearms.records.models import Party
from salsa_ext.leads import detectors, graph, guns
from salsa_ext.leads.guns import ExportPaper, GunRecord, LeadParty, SeizedGun
from salsa_ext.leads.leads import Lead
from salsa_ext.reference import name_matching
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.shipments.models import Shipment

GUNS_IN_LIST: Final = 10  # guns of each lead; what is shown is written down one by one
GUNS_IN_LEAD: Final = 500


@dataclass(frozen=True)
class LeadView:
    """A lead with at most `most` of its guns, latest seized first."""

    lead: Lead
    max_guns: int

    @cached_property
    def guns(self) -> Sequence[SeizedGun]:
        """Return the visible guns, latest seized first."""
        return sorted(self.lead.guns, key=_last_seizure, reverse=True)[: self.max_guns]

    @property
    def records(self) -> Iterable[GunRecord]:
        """Return the records of the visible guns, and those of the text."""
        return (*self.lead.source_records, *(said for gun in self.guns for said in gun.records))

    @cached_property
    def words(self) -> set[str]:
        """Return the names and numbers in the text."""
        said = (word for reason in self.lead.reasons for word in reason.text.params.values())
        return {word for word in said if isinstance(word, str)}

    def disclosed_groups(self, said: GunRecord) -> set[str]:
        """Return the field groups that the view discloses of a record."""
        paper, sides = said.paper, [said.giver, said.receiver]
        sides += [paper.consignee] if paper else []
        named = {party_group(side.kind) for side in sides if side and side.name in self.words}
        if paper and self.words & {paper.number, paper.permit_number}:
            named.add("document")
        return {*said.visible_groups} - {"firms", "persons"} | named


def _last_seizure(gun: SeizedGun) -> tuple[date, UUID]:
    return gun.seizures[-1].on, gun.seizures[-1].id


def list_leads(
    *, actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[LeadView]:
    """Return a page of leads, strongest first; audits disclosures.

    Raises Invalid for a purpose without its case.
    """
    require(actor, Permission.LEAD_READ)
    if actor.purpose:
        disclosures.require_purpose(actor)
    page = page_of_leads(actor, filters, limit, cursor)
    views = [LeadView(lead, GUNS_IN_LIST) for lead in page.items]
    _audit_disclosures(actor, views)
    return page.of(views)


def get_lead(*, actor: Actor, lead_id: UUID) -> LeadView:
    """Return one lead with its guns; audits disclosures.

    Raises NotFound, or Invalid for a purpose without its case.
    """
    require(actor, Permission.LEAD_READ)
    if actor.purpose:
        disclosures.require_purpose(actor)
    view = LeadView(find_lead(actor, lead_id), GUNS_IN_LEAD)
    _audit_disclosures(actor, [view])
    return view


def _audit_disclosures(actor: Actor, views: Iterable[LeadView]) -> None:
    """Audit each visible record of another state, once an answer."""
    shown: dict[UUID, GunRecord] = {}
    groups: dict[UUID, set[str]] = defaultdict(set)
    for view in views:
        for said in view.records:
            if said.state != actor.state:
                shown[said.id] = said
                groups[said.id] |= view.disclosed_groups(said)
    append_many(
        actor,
        [
            AuditEvent(
                Action.RECORD_DISCLOSED,
                "record",
                said.id,
                said.state,
                [said.state],
                {
                    "version": said.version,
                    "handling": said.handling,
                    "groups": sorted(groups[said.id], key=FIELD_GROUPS.index),
                },
            )
            for said in shown.values()
        ],
    )


LEAD_FILTERS: Final[Mapping[str, Callable[[Lead, Any], bool]]] = {
    "kind": lambda lead, kind: lead.kind == kind,
    "since": lambda lead, since: lead.seizure_days[1] >= since,
    "state": lambda lead, state: state in lead.states,
    "dealer": lambda lead, dealer: any(
        fold_name("name", dealer) in fold_name("name", name) for name in lead.dealers
    ),
}

RECORD_GROUPS: Final = ("firearm", "event")
"""What a lead shows of each record; it names firms and persons in words."""


def page_of_leads(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[Lead]:
    """Return a page of leads without audit, strongest first.

    Other states' records count only with a purpose.
    """
    require(actor, Permission.LEAD_READ)
    beyond = _parse_cursor(cursor) if cursor else None
    wanted = [(LEAD_FILTERS[name], value) for name, value in filters.items() if value is not None]
    found = [
        lead
        for lead in find_all(actor)
        if all(fits(lead, value) for fits, value in wanted) and (not beyond or lead.rank > beyond)
    ]
    page = found[:limit]
    more = len(found) > limit
    return Page(page, f"{page[-1].score}:{page[-1].id}" if more else None)


def find_lead(actor: Actor, lead_id: UUID) -> Lead:
    """Return one lead without audit; raises NotFound."""
    require(actor, Permission.LEAD_READ)
    for lead in find_all(actor):
        if lead.id == lead_id:
            return lead
    raise NotFound("lead", lead_id)


def find_all(actor: Actor) -> list[Lead]:
    """Return all leads for the reader, strongest first."""
    require(actor, Permission.LEAD_READ)
    found = graph.load_graph(actor)
    rows = list(found.rows.values())
    papers = load_shipments(actor, rows)
    shared = sharing.share_rows(actor, rows)
    parties = load_parties(actor, _sharing_by_party(rows, papers.values(), shared))
    said = [_gun_record(row, parties, papers.get(row.document_id), shared[row.id]) for row in rows]
    return detectors.detect_leads(guns.group_guns(said, found.edges.values(), found.rejected))


def _parse_cursor(cursor: str) -> tuple[float, UUID]:
    score, _, key = cursor.partition(":")
    try:
        return -float(score), UUID(key)
    except ValueError:
        raise Invalid(
            {"cursor": [message("This is not a cursor of this list; begin without one.")]}
        ) from None


def _sharing_by_party(
    rows: Sequence[Any], shipments: Iterable[ExportShipment], shared: Mapping[UUID, Sharing]
) -> dict[UUID, list[Sharing]]:
    """Return the sharing of each party's records and shipments."""
    named: dict[UUID, list[Sharing]] = defaultdict(list)
    for paper in shipments:
        named[paper.consignee].append(paper.sharing)
    for row in rows:
        for side in {row.giver_id, row.receiver_id} - {None}:
            named[side].append(shared[row.id])
    return named


def _gun_record(
    row: Any, parties: Mapping[UUID, LeadParty], shipment: ExportShipment | None, shared: Sharing
) -> GunRecord:
    make = row.make or (fold_name("make", row.make_text) if row.make_text else None)
    sides = parties.get(row.giver_id), parties.get(row.receiver_id)
    groups = dict.fromkeys(
        (*RECORD_GROUPS, *(party_group(side.kind) for side in sides if side and side.name))
    )
    return GunRecord(
        id=row.id,
        state=row.owner_state,
        event=row.event,
        on=row.occurred_on,
        document=row.document_id,
        version=row.version,
        counterpart_state=row.counterpart_state,
        type=row.type,
        make=make or None,
        serial=normalise(row.serial) if row.serial else None,
        lot=normalise(row.lot) or None if row.lot else None,
        giver=sides[0],
        receiver=sides[1],
        paper=shipment.as_paper(parties) if shipment else None,
        visible_groups=tuple(shared.given(groups)),
        handling=shared.statement.handling,
    )


PERSON = "individual"


def load_parties(
    actor: Actor, sharing_by_party: Mapping[UUID, Sequence[Sharing]]
) -> dict[UUID, LeadParty]:
    """Return the identifiable parties, each read as its own state.

    `sharing_by_party` holds the records and shipments that name each party; its name is visible if
    the release function allows it for one of them.
    """
    require(actor, Permission.LEAD_READ)
    places: dict[str, set[UUID]] = defaultdict(set)
    for key, shared in sharing_by_party.items():
        places[shared[0].statement.owner].add(key)
    found: dict[UUID, LeadParty] = {}
    for state, ids in sorted(places.items()):
        with acting_as(actor, state):
            parties = db.session.execute(_party_query(ids)).all()
        found |= _identified_parties(parties, sharing_by_party)
    return found


def _party_query(ids: Iterable[UUID]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Party.id,
        Party.owner_state,
        Party.kind,
        Party.country,
        Party.name,
        Party.address,
        Party.identification,
    )
    return select(*columns).where(is_any_of(Party.id, ids))


def _identified_parties(
    parties: Iterable[Any], sharing_by_party: Mapping[UUID, Sequence[Sharing]]
) -> dict[UUID, LeadParty]:
    return {
        party.id: LeadParty(
            key,
            party.kind,
            str(party.id),
            party.owner_state,
            party.name if _may_be_named(party, sharing_by_party[party.id]) else None,
        )
        for party in parties
        if (key := _party_key(party))
    }


def _may_be_named(party: Any, shared: Iterable[Sharing]) -> bool:
    group = party_group(party.kind)
    return any(one.may(group) for one in shared)


def _party_key(party: Any) -> str | None:
    """Return a key equal for the same party; never leaves the service."""
    if party.kind != PERSON:
        return f"{party.country}:{name_matching.name_key(party.name).hex()}" if party.name else None
    if party.identification:
        said = f"{party.country} {party.identification}"
    elif party.name and party.address:
        said = f"{party.name} {party.address}"
    else:
        return None
    return f"{party.owner_state}:{name_matching.name_key(said).hex()}"


@dataclass(frozen=True)
class ExportShipment:
    """A shipment with its permit and the reader's sharing.

    Numbers are visible only if the sharing allows the document.
    """

    shipment: UUID
    permit: UUID
    state: str
    consignee: UUID
    number: str
    permit_number: str
    sharing: Sharing

    def as_paper(self, parties: Mapping[UUID, LeadParty]) -> ExportPaper:
        """Return it with its consignee, if that party is identifiable."""
        told = self.sharing.may("document")
        return ExportPaper(
            self.shipment,
            self.permit,
            self.state,
            self.number if told else None,
            self.permit_number if told else None,
            parties.get(self.consignee),
        )


def load_shipments(actor: Actor, rows: Iterable[Any]) -> dict[UUID, ExportShipment]:
    """Return the shipments of export records by id.

    Each is read as the state that owns it.
    """
    require(actor, Permission.LEAD_READ)
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        if row.document_kind == "shipment":
            wanted[row.owner_state].add(row.document_id)
    found: dict[UUID, ExportShipment] = {}
    for state, ids in sorted(wanted.items()):
        with acting_as(actor, state):
            shipments = db.session.execute(_shipment_query(ids)).all()
        shared = sharing.share_trade_papers(actor, shipments)
        found |= {row.id: _export_shipment(row, shared[row.id]) for row in shipments}
    return found


def _shipment_query(ids: Iterable[UUID]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Shipment.id,
        Shipment.owner_state,
        Shipment.concerned,
        Shipment.number,
        Shipment.permit_id,
        Shipment.permit_number,
        Permit.final_consignee_id,
    )
    query = select(*columns).join(Permit, Permit.id == Shipment.permit_id)
    return query.where(is_any_of(Shipment.id, ids))


def _export_shipment(row: Any, shared: Sharing) -> ExportShipment:
    return ExportShipment(
        row.id,
        row.permit_id,
        row.owner_state,
        row.final_consignee_id,
        row.number,
        row.permit_number,
        shared,
    )
