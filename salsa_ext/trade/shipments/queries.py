"""Queries on shipments: status, stages, receipts, holds, timeline."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import CHUNK_SIZE, MAX_BODY_ITEMS, chunks
from salsa_ext.core.codes import FIELD_GROUPS
from salsa_ext.core.fields import OWNER, presenter
from salsa_ext.core.rows import from_row
from salsa_ext.database.locks import select_current
from salsa_ext.database.paging import Listing, Page, fetch_page
from salsa_ext.database.session import db, read_row
from salsa_ext.firearms.records.models import Mark, Record
from salsa_ext.firearms.records.queries import (
    PartiesById,
    RecordView,
    documents_with_serial,
    find_parties,
    recorded_party,
    records_of_documents,
)
from salsa_ext.firearms.records.queries import build_views as record_views
from salsa_ext.reference.suggestions import WordRemark
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.licensees import select_permits
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.shipments import fact_queries
from salsa_ext.trade.shipments.fact_queries import ShipmentHistory
from salsa_ext.trade.shipments.facts import ShipmentFacts
from salsa_ext.trade.shipments.holds import NO_HOLD, HoldView, hold_view
from salsa_ext.trade.shipments.models import Checkpoint, Shipment
from salsa_ext.trade.shipments.progress import CAN_BE_OVERDUE, Progress, shipment_progress
from salsa_ext.trade.shipments.values import ShipmentData

OPEN_STATUSES = (*CAN_BE_OVERDUE, "arrived")


@dataclass(frozen=True)
class TimelineEntry:
    """One event of a shipment; a receipt has its time of recording."""

    owner_state: str
    kind: str
    occurred_at: datetime
    reason: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ShipmentView:
    """A shipment with its checkpoints, receipts, holds and incidents.

    `progress` and `status`, which adds overdue, follow from the facts at the time of reading; the
    columns of the row are what lists are filtered by, and follow by the owner's job. `items` and
    `events` are set only for a single shipment; `items` is None if there are too many. `remarks` are
    set only directly after recording, `incidents` listed until the shipment is over, `discrepancies`
    the unresolved ones of a single shipment, for readers with the permission.
    """

    shipment: Shipment
    facts: ShipmentFacts
    progress: Progress
    status: str
    checkpoints: Sequence[Checkpoint]
    receipt: Receipt | None
    return_receipt: Receipt | None
    parties: PartiesById
    items: Sequence[RecordView] | None = ()
    events: Sequence[TimelineEntry] = ()
    remarks: Sequence[WordRemark] | None = None
    hold: HoldView = NO_HOLD
    incidents: Sequence[TradeEvent] = ()
    discrepancies: Sequence[Discrepancy] = ()
    is_own: bool = False

    def present(self) -> dict[str, Any]:
        """Return the declared fields; those of no group for the own state alone."""
        groups = frozenset((*FIELD_GROUPS, OWNER) if self.is_own else FIELD_GROUPS)
        carrier = recorded_party(self.parties, self.shipment.carrier_id)
        return presenter(ShipmentData, groups)(
            from_row(ShipmentData, self.shipment, carrier=carrier)
        )

    @property
    def contradictions(self) -> Sequence[Mapping[str, Any]]:
        """Return the contradictions of the manifest to the permit, by line and field."""
        return self.facts.contradictions

    @property
    def is_unreleased(self) -> bool:
        """Return whether it was neither released nor ticked as passed."""
        return self.progress.status == "planned" or self.hold.is_unreleased

    @property
    def version(self) -> int:
        """Return the version that commands compare."""
        return self.shipment.version


LISTING: Final = Listing(Shipment, "ships_on", ("ships_on", "number"))


def status_expression(now: datetime | ColumnElement[datetime]) -> ColumnElement[str]:
    """Return the status at a time, with overdue."""
    late = and_(Shipment.status.in_(CAN_BE_OVERDUE), Shipment.overdue_at < now)
    return case((late, "overdue"), else_=Shipment.status)


def list_shipments(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[ShipmentView]:
    """Return a page of shipments concerning the own state, newest first."""
    require(actor, Permission.SHIPMENT_READ)
    query = select(Shipment)
    for name, column in (
        ("permit", Shipment.permit_id),
        ("number", Shipment.number),
        ("document", Shipment.document_number),
    ):
        if (value := filters.get(name)) is not None:
            query = query.where(column == value)
    if (licensee := filters.get("licensee")) is not None:
        require(actor, Permission.LICENSEE_READ)
        query = query.where(Shipment.permit_id.in_(select_permits(licensee)))
    if (plate := filters.get("plate")) is not None:
        query = query.where(Shipment.id.in_(select(func.salsa_shipments_by_plate(plate))))
    if (post := filters.get("post")) is not None:
        query = query.where(Shipment.posts.contains([post]))
    if (due := filters.get("due_before")) is not None:
        query = query.where(Shipment.due_at < due)
    if (status := filters.get("status")) is not None:
        query = query.where(status_expression(actor.now()) == status)
    if (external := filters.get("external_id")) is not None:
        query = query.where(Shipment.owner_state == actor.state, Shipment.has_external_id(external))
    if (awaiting := filters.get("awaiting_receipt")) is not None:
        is_awaiting = awaits_receipt(actor.own_state(), actor.now())
        query = query.where(is_awaiting if awaiting else ~is_awaiting)
    if (serial := filters.get("serial")) is not None:
        query = query.where(_has_serial(actor.own_state(), serial))
    page = LISTING.fetch(query, filters, limit, cursor)
    return page.with_items(view_shipments(actor, page.items))


def awaits_receipt(state: str, now: datetime) -> ColumnElement[bool]:
    """Return whether a shipment to a state arrived, or was released and should have."""
    is_late = and_(Shipment.status.in_(("released", "in_transit")), Shipment.due_at < now)
    return and_(Shipment.importing_state == state, or_(Shipment.status == "arrived", is_late))


def _has_serial(state: str, serial: str) -> ColumnElement[bool]:
    """Return whether a serial is on the own manifest, or on the own receipt."""
    documents = documents_with_serial(state, serial)
    received = select(Receipt.shipment_id).where(Receipt.id.in_(documents))
    return or_(Shipment.id.in_(documents), Shipment.id.in_(received))


def list_permit_shipments(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None, permit_id: UUID
) -> Page[ShipmentView]:
    """Return a page of a permit's shipments, newest first; raises NotFound."""
    require(actor, Permission.SHIPMENT_READ)
    read_row(Permit, permit_id)
    return list_shipments(actor, filters | {"permit": permit_id}, limit, cursor)


def get_shipment(actor: Actor, shipment_id: UUID) -> ShipmentView:
    """Return a shipment with its items; raises NotFound."""
    require(actor, Permission.SHIPMENT_READ)
    return read_shipment(actor, shipment_id)


def list_items(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None, shipment_id: UUID
) -> Page[RecordView]:
    """Return a page of a shipment's items in manifest order; raises NotFound."""
    require(actor, Permission.SHIPMENT_READ)
    read_row(Shipment, shipment_id)
    query = select_current(Record).where(Record.document_id == shipment_id, ~Record.is_bulk)
    page = fetch_page(query, Record.id, limit, cursor, is_oldest_first=True)
    return page.with_items(record_views(page.items))


def read_shipment(actor: Actor, shipment_id: UUID) -> ShipmentView:
    """Return a visible shipment without a permission check; raises NotFound."""
    shipment = read_row(Shipment, shipment_id)
    return view_shipments(actor, [shipment], with_items=True)[0]


def view_shipments(
    actor: Actor, shipments: Sequence[Shipment], with_items: bool = False
) -> list[ShipmentView]:
    """Return views of shipments, with a fixed number of queries."""
    if not shipments:
        return []
    ids, now = [shipment.id for shipment in shipments], actor.now()
    histories = fact_queries.load_histories(ids)
    grace = fact_queries.grace_periods({shipment.owner_state for shipment in shipments})
    parties = find_parties(shipment.carrier_id for shipment in shipments)
    few = [shipment.id for shipment in shipments if shipment.item_count <= MAX_BODY_ITEMS]
    items = records_of_documents(few) if with_items else {}
    timelines = _timelines(histories) if with_items else {}
    discrepancies = discrepancy_queries.list_unresolved(actor, ids) if with_items else {}
    views = []
    for row in shipments:
        history = histories[row.id]
        facts = fact_queries.shipment_facts(row, history)
        progress = shipment_progress(facts, grace[row.owner_state])
        incidents = [each for each in history.events if each.kind == "incident"]
        view = ShipmentView(
            row,
            facts,
            progress,
            progress.status_at(now),
            history.checkpoints,
            history.receipt,
            history.return_receipt,
            parties,
            [each for each in items.get(row.id, ()) if not each.record.is_bulk]
            if row.item_count <= MAX_BODY_ITEMS
            else None,
            timelines.get(row.id, ()),
            hold=hold_view(facts),
            incidents=() if facts.is_over else sorted(incidents, key=lambda each: each.occurred_at),
            discrepancies=discrepancies.get(row.id, ()),
            is_own=row.owner_state == actor.state,
        )
        views.append(view)
    return views


def get_overview(actor: Actor, shipment_id: UUID) -> ShipmentView:
    """Return a shipment with its events, without its items; raises NotFound."""
    require(actor, Permission.SHIPMENT_READ)
    [view] = view_shipments(actor, [read_row(Shipment, shipment_id)])
    timelines = _timelines(fact_queries.load_histories([shipment_id]))
    return replace(view, events=timelines[shipment_id])


def shipment_version(actor: Actor, shipment_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound."""
    return read_row(Shipment, shipment_id).version


def _timelines(histories: Mapping[UUID, ShipmentHistory]) -> dict[UUID, list[TimelineEntry]]:
    """Return events, checkpoints and receipt versions in time order, by shipment."""
    timelines: dict[UUID, list[TimelineEntry]] = {}
    for shipment_id, history in histories.items():
        timelines[shipment_id] = [
            TimelineEntry(each.owner_state, each.kind, each.effective_at, each.reason, each.data)
            for each in history.events
        ] + [
            TimelineEntry(
                tick.owner_state,
                "checkpoint",
                tick.effective_at,
                tick.reason,
                {name: getattr(tick, name) for name in ("stage", "outcome", "post", "seals")},
            )
            for tick in history.checkpoints
        ]
    for row in _receipt_versions(histories):
        data = {
            "on": row.received_on.isoformat(),
            "items": row.item_count,
            "missing": row.missing,
            "unexpected": row.unexpected,
            "miskeyed": row.miskeyed,
            "version": row.version,
        }
        kind = "came_back" if row.is_return else "received"
        if row.version > 1:
            kind = "receipt_corrected"
        entry = TimelineEntry(row.owner_state, kind, row.recorded_at, row.reason, data)
        timelines[row.shipment_id].append(entry)
    for entries in timelines.values():
        entries.sort(key=lambda entry: entry.occurred_at)
    return timelines


def _receipt_versions(ids: Iterable[UUID]) -> Iterable[Any]:
    """Return all receipt versions of shipments, with counts instead of lists."""
    names = "shipment_id is_return owner_state version received_on item_count recorded_at"
    columns = [getattr(Receipt, name) for name in (*names.split(), "reason")]
    columns += [
        func.jsonb_array_length(getattr(Receipt, name)).label(name)
        for name in ("missing", "miskeyed")
    ]
    query = select(*columns, func.cardinality(Receipt.unexpected).label("unexpected"))
    query = query.where(Receipt.shipment_id.in_(list(ids)))
    return db.session.execute(query.order_by(Receipt.recorded_at, Receipt.version))


MAX_ITEMS: Final = MAX_BODY_ITEMS
ITEM_COLUMNS: Final = (
    "line category type type_text make make_text model calibre calibre_text country_of_manufacture"
    " year serial importer_mark part_kind quantity unit lot headstamp hs_code antique"
).split()


@dataclass(frozen=True)
class PackedItem:
    """An item with a serial as the paper lists it."""

    row: Mapping[str, Any]
    marks: Sequence[str]


class PackedItems(Collection[PackedItem]):
    """The items of a shipment in order, but for missing ones, read again in batches."""

    def __init__(self, shipment: Shipment, missing: Collection[Mapping[str, Any]] = ()) -> None:
        self._shipment_id, self._count = shipment.id, shipment.item_count - len(missing)
        self._missing = Counter((item["line"], item["serial"]) for item in missing)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[PackedItem]:
        columns = [getattr(Record, name) for name in ITEM_COLUMNS]
        items = select_current(Record).where(
            Record.document_id == self._shipment_id, ~Record.is_bulk
        )
        query = items.with_only_columns(Record.id, *columns).order_by(Record.line, Record.id)
        rows = db.session.execute(query.execution_options(yield_per=CHUNK_SIZE)).mappings()
        missing = self._missing.copy()
        for chunk in chunks(row for row in map(dict, rows) if not _remove(row, missing)):
            marks = _marks_by_record([row["id"] for row in chunk])
            yield from (PackedItem(row, marks[row.pop("id")]) for row in chunk)

    def __contains__(self, item: object) -> bool:
        return any(each == item for each in self)


def packed_items(
    shipment: Shipment, missing: Collection[Mapping[str, Any]] = ()
) -> Collection[PackedItem]:
    """Return a shipment's items but for missing ones: a list, or lazy if too many."""
    items = PackedItems(shipment, missing)
    return items if len(items) > MAX_ITEMS else list(items)


def _remove(row: Mapping[str, Any], missing: Counter[tuple[int | None, str | None]]) -> bool:
    """Remove a row from the missing items; return whether it was one."""
    key = row["line"], row["serial"]
    missing[key] -= 1
    return missing[key] >= 0


def _marks_by_record(record_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    marks: dict[UUID, list[str]] = defaultdict(list)
    of_record = (Record.id == Mark.record_id) & (Record.version == Mark.record_version)
    query = select_current(Record).join(Mark, of_record).where(Record.id.in_(record_ids))
    query = query.where(Mark.kind != "manufacture").order_by(Mark.id)
    for record_id, text in db.session.execute(query.with_only_columns(Mark.record_id, Mark.text)):
        marks[record_id].append(text)
    return marks
