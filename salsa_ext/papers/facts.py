"""Facts on a permit's or shipment's paper: language-neutral and signed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.access.paper_tokens import Claims, facts_digest
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core import text
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Article, Message, RuleBroken, message
from salsa_ext.database.session import db
from salsa_ext.firearms.records.models import Party
from salsa_ext.firearms.records.queries import PartiesById
from salsa_ext.reference.models import Post
from salsa_ext.reference.state_settings import accept_electronic_copies
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.permits.models import Permit, PermitLine
from salsa_ext.trade.permits.queries import PermitView
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.queries import ITEM_COLUMNS, PackedItem


def sequence_number(shipment: Shipment) -> int:
    """Return the ordinal of the shipment under its certificate."""
    earlier = select(func.count()).where(
        Shipment.permit_id == shipment.permit_id, Shipment.id <= shipment.id
    )
    return db.session.scalar(earlier) or 1


def transit_last_days(permits: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], date]:
    """Return last days of visible transit authorizations by (state, number)."""
    keys = [(permit["state"], permit["number"]) for permit in permits]
    query = select(Permit).where(
        Permit.kind == "in_transit", Permit.number.in_([number for _, number in keys])
    )
    rows = db.session.scalars(query) if keys else ()
    days = {(row.owner_state, row.number): row.last_day for row in rows}
    return {key: days[key] for key in keys if key in days}


def post_names(codes: Iterable[str]) -> dict[str, str]:
    """Return the names of border posts by code."""
    query = select(Post.code, Post.name).where(Post.code.in_(list(codes)))
    return dict(db.session.execute(query).all())


ANNUAL_REPORT: Final = "annual_report"
VALID_STATUSES: Final = {
    ANNUAL_REPORT: frozenset({"signed"}),
    "permit": frozenset({"issued", "exhausted"}),
    "shipment": frozenset(
        {
            "planned",
            "released",
            "in_transit",
            "arrived",
            "received",
            "received_short",
            "received_over",
            "overdue",
            "held",
        }
    ),
}
"""Statuses in which a paper is good; an exhausted certificate still goes with the last goods."""

OF_SHIPMENTS: Final = ("attachment", "delivery_verification")
"""Papers of a shipment: what is sent, or what came in from a state that licenses on paper."""
PARTY_COLUMNS: Final = (
    "kind",
    "country",
    "name",
    "address",
    "contact",
    "identification",
    "licence",
)
PERMIT_COLUMNS: Final = (
    "kind",
    "number",
    "document_kind",
    "issued_on",
    "expires_on",
    "latest_import_on",
    "agency",
    "regime",
    "exporting_state",
    "importing_state",
    "transit_states",
    "source",
    "end_use",
    "conditions",
    "import_permit_number",
    "export_permit_number",
    "transit_permits",
    "replaces",
    "plan",
)
SHIPMENT_COLUMNS: Final = (
    "number",
    "permit_number",
    "exporting_state",
    "importing_state",
    "ships_on",
    "mode",
    "port_of_exit",
    "port_of_entry",
    "route",
    "expected",
    "seals",
    "document_kind",
    "document_number",
    "plates",
    "container",
    "export_licence",
)
CLAIM_NAMES: Final = (
    *("state", "kind", "number", "issued_on", "valid_through", "version"),
    *("exporting_state", "importing_state", "quantities"),
)
"""What a token says as the paper does."""
PARTY_ROLES: Final = ("exporter", "importer", "final_consignee", "broker", "signatory", "carrier")


NO_COPIES: Final = message(
    "{state} and your state have not agreed on electronic copies; ask its authority for a"
    " certified copy (Model Regulations 8.4)."
)


@dataclass(frozen=True)
class PaperFacts:
    """Content of a paper; the digest of `face` is signed. `face` includes `parties` and `lines`."""

    state: str
    kind: str
    number: str
    issued_on: date
    valid_through: date
    version: int
    exporting_state: str
    importing_state: str
    quantities: Mapping[str, str]
    face: Mapping[str, Any]
    status: str
    is_erased: bool = False

    @property
    def is_valid(self) -> bool:
        """Return whether the paper is valid today."""
        kind = "shipment" if self.kind in OF_SHIPMENTS else "permit"
        return self.status in VALID_STATUSES[self.kind if self.kind == ANNUAL_REPORT else kind]

    def to_claims(self, at: datetime) -> Claims:
        """Return the token's claims, signed at a time."""
        values = {name: getattr(self, name) for name in CLAIM_NAMES}
        return Claims(**values, digest=facts_digest(self.face), signed_at=at)

    def matches(self, claims: Claims) -> bool:
        """Return whether the token's paper equals what is recorded."""
        now = self.to_claims(claims.signed_at)
        if not self.is_erased:
            return now.digest == claims.digest
        compared = (
            "issued_on",
            "valid_through",
            "exporting_state",
            "importing_state",
            "quantities",
        )
        return all(getattr(now, name) == getattr(claims, name) for name in compared)


def require_copy_agreement(actor: Actor, owner_state: str) -> None:
    """Raise RuleBroken without an agreement on electronic copies (Model Regulations 8.4)."""
    if not _has_copy_agreement(actor, owner_state):
        raise RuleBroken(Article.COPIES, Message(NO_COPIES.text, {"state": owner_state}))


def may_have_copy(actor: Actor, owner_state: str) -> bool:
    """Return whether the actor's state may have electronic copies of a state's documents."""
    require(actor, Permission.PERMIT_READ)
    return _has_copy_agreement(actor, owner_state)


def _has_copy_agreement(actor: Actor, owner_state: str) -> bool:
    is_own = actor.state == owner_state
    return is_own or accept_electronic_copies(actor.state or "", owner_state)


def permit_facts(actor: Actor, view: PermitView) -> PaperFacts:
    """Return the facts on a permit's paper, with its amendments."""
    permit = view.permit
    amended, carriers = permit_queries.list_amendments(actor, view)
    lines = [_describe_line(line_values(line)) for line in view.lines]
    face = (
        {name: getattr(permit, name) for name in PERMIT_COLUMNS}
        | {
            "state": permit.owner_state,
            "parties": _parties_by_role(permit, view.parties),
            "lines": lines,
        }
        | ({"amendments": amended} if amended else {})
    )
    return PaperFacts(
        state=permit.owner_state,
        kind=permit.kind,
        number=permit.number,
        issued_on=permit.issued_on,
        valid_through=permit.last_day,
        version=permit.version,
        exporting_state=permit.exporting_state,
        importing_state=permit.importing_state,
        quantities=sum_quantities(view.lines),
        face=face,
        status=view.status,
        is_erased=_is_erased(view.parties | carriers),
    )


def shipment_facts(
    shipment: Shipment,
    status: str,
    permit: Permit,
    parties: PartiesById,
    items: Collection[PackedItem],
    receipt: Receipt | None = None,
) -> PaperFacts:
    """Return the facts on a shipment's paper, or the delivery verification of an inbound one."""
    lines = _permit_lines(shipment.permit_id)
    has_other_bulk = shipment.is_inbound and receipt is not None and receipt.differences
    goods = receipt.bulk if receipt is not None and has_other_bulk else shipment.bulk
    bulk = [_describe_bulk(entry) for entry in goods]
    face = {name: getattr(shipment, name) for name in SHIPMENT_COLUMNS} | {
        "state": shipment.owner_state,
        "agency": permit.agency,
        "bulk": bulk,
        "parties": _parties_by_role(permit, parties) | _parties_by_role(shipment, parties),
        "items": _DescribedItems(items),
        "transit_permits": permit.transit_permits,
        "import_permit_number": permit.import_permit_number,
    }
    if shipment.is_inbound:
        numbers = {"permit_number": shipment.export_licence, "import_permit_number": permit.number}
        face |= numbers | {"received": _received_values(receipt)}
    recorded_on = shipment.recorded_at.date()  # later than it goes where it is entered afterwards
    return PaperFacts(
        state=shipment.owner_state,
        kind="delivery_verification" if shipment.is_inbound else "attachment",
        number=shipment.number,
        issued_on=recorded_on if shipment.is_inbound else min(recorded_on, shipment.ships_on),
        valid_through=permit.last_day,
        version=shipment.version,
        exporting_state=shipment.exporting_state,
        importing_state=shipment.importing_state,
        quantities=_shipment_quantities(items, bulk, lines),
        face=face,
        status=status,
        is_erased=_is_erased(parties),
    )


def _received_values(receipt: Receipt | None) -> dict[str, Any] | None:
    names = "received_on item_count missing unexpected miskeyed bulk differences".split()
    return {name: getattr(receipt, name) for name in names} if receipt else None


def sum_quantities(lines: Iterable[Any]) -> dict[str, str]:
    """Return quantities by category and unit, as text."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[f"{line.category}:{line.unit}" if line.unit else line.category] += line.quantity
    return {name: text.format_quantity(sums[name]) for name in sorted(sums)}


def line_values(row: Any) -> dict[str, Any]:
    """Return the columns of a line that describe goods."""
    return {name: getattr(row, name) for name in ITEM_COLUMNS}


def _shipment_quantities(
    items: Iterable[PackedItem], bulk: Iterable[Mapping[str, Any]], lines: Mapping[int, PermitLine]
) -> dict[str, str]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for item in items:
        sums[item.row["category"]] += item.row["quantity"]
    for entry in bulk:
        line = lines.get(entry["line"])
        category, unit = (line.category, line.unit) if line else ("other", None)
        sums[f"{category}:{unit}" if unit else category] += Decimal(str(entry["quantity"]))
    return {name: text.format_quantity(sums[name]) for name in sorted(sums)}


def _permit_lines(permit_id: UUID) -> dict[int, PermitLine]:
    lines = db.session.scalars(select(PermitLine).where(PermitLine.permit_id == permit_id))
    return {line.line: line for line in lines}


def _describe_line(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ITEM_COLUMNS} | {
        "quantity": text.format_quantity(row["quantity"])
    }


class _DescribedItems:
    """Described items, computed at each iteration."""

    def __init__(self, items: Iterable[PackedItem]) -> None:
        self._items = items

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (_describe_line(item.row) | {"marks": list(item.marks)} for item in self._items)


def _describe_bulk(entry: Mapping[str, Any]) -> dict[str, Any]:
    return dict(entry) | {"quantity": text.format_quantity(entry["quantity"])}


def _parties_by_role(row: Any, parties: PartiesById) -> dict[str, Any]:
    named = {role: getattr(row, f"{role}_id", None) for role in PARTY_ROLES}
    return {role: _party_values(parties.get(key)) for role, key in named.items() if key}


def _party_values(party: Party | None) -> dict[str, Any]:
    return {name: getattr(party, name) for name in PARTY_COLUMNS} if party else {}


def _is_erased(parties: PartiesById) -> bool:
    return any(party.erased_at for party in parties.values())
