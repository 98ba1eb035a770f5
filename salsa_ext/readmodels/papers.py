"""What stands on the face of a paper, as facts: the same for every language, and what is signed.

Amounts drawn, statuses and ticks are no part of it: they change while the paper stays right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.articles import Article
from salsa_ext.db import db
from salsa_ext.errors import RuleBroken, say
from salsa_ext.models import Party, Permit, PermitLine, Shipment
from salsa_ext.readmodels import amendments
from salsa_ext.readmodels.packing import ITEM, Item, quantities_of
from salsa_ext.readmodels.parties import Parties
from salsa_ext.readmodels.permits import PermitView
from salsa_ext.readmodels.settings import have_agreed
from salsa_ext.values.actor import Actor
from salsa_ext.values.tokens import Claims, digest

STANDING: Final = {
    "permit": frozenset({"issued", "exhausted"}),
    "shipment": frozenset({
        "planned", "released", "in_transit", "arrived", "received", "received_short",
        "received_over", "overdue", "held",
    }),
}  # fmt: skip
"""Statuses in which a paper is good; an exhausted certificate still goes with the last goods."""

PARTY: Final = ("kind", "country", "name", "address", "contact", "identification", "licence")
PERMIT: Final = (
    "kind", "number", "document_kind", "issued_on", "expires_on", "latest_import_on", "agency",
    "regime", "exporting_state", "importing_state", "transit_states", "source", "end_use",
    "conditions", "import_permit_number", "export_permit_number", "transit_permits", "replaces",
    "plan",
)  # fmt: skip
SHIPMENT: Final = (
    "number", "permit_number", "exporting_state", "importing_state", "ships_on", "mode",
    "port_of_exit", "port_of_entry", "route", "expected", "seals", "document_kind",
    "document_number", "plates", "container",
)  # fmt: skip
SIDES: Final = ("exporter", "importer", "final_consignee", "broker", "signatory", "carrier")


@dataclass(frozen=True)
class Facts:
    """What a paper says; `parties` and `lines` are parts of `face`, whose digest is signed."""

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
    def is_standing(self) -> bool:
        """Tell whether the paper is good today."""
        return self.status in STANDING["shipment" if self.kind == "attachment" else "permit"]

    def claims(self, at: datetime) -> Claims:
        """Return what the token says of the paper, signed at a moment."""
        same = ("state", "kind", "number", "issued_on", "valid_through", "version",
                "exporting_state", "importing_state", "quantities")  # fmt: skip
        told = {name: getattr(self, name) for name in same}
        return Claims(**told, digest=digest(self.face), signed_at=at)

    def is_on(self, claims: Claims) -> bool:
        """Tell whether the token's paper says what is recorded now.

        Where a party's name was erased since, the digest cannot be made again: then what the
        token itself says decides.
        """
        now = self.claims(claims.signed_at)
        if not self.is_erased:
            return now.digest == claims.digest
        told = ("issued_on", "valid_through", "exporting_state", "importing_state", "quantities")
        return all(getattr(now, name) == getattr(claims, name) for name in told)


def may_copy(actor: Actor, owner: str) -> None:
    """Raise RuleBroken unless the actor's state may have an electronic copy of an owner's paper.

    Model Regulations 8.4: copies go electronically where the states concerned agreed, each by its
    own settings.
    """
    if actor.state != owner and not have_agreed(actor.state or "", owner):
        raise RuleBroken(
            Article.COPIES,
            say("{state} and your state have not agreed on electronic copies; ask its authority for a"
                " certified copy (Model Regulations 8.4).", state=owner),
        )  # fmt: skip


def permit_facts(actor: Actor, view: PermitView) -> Facts:
    """Return what the paper of a permit says; of its amendments too, where there were any."""
    permit = view.permit
    amended, carriers = amendments.of_permit(actor, view)
    lines = [_described(vars_of(line)) for line in view.lines]
    face = {name: getattr(permit, name) for name in PERMIT} | {
        "state": permit.owner_state, "parties": _sides(permit, view.parties), "lines": lines,
    } | ({"amendments": amended} if amended else {})  # fmt: skip
    return Facts(
        state=permit.owner_state, kind=permit.kind, number=permit.number,
        issued_on=permit.issued_on, valid_through=permit.last_day, version=permit.version,
        exporting_state=permit.exporting_state, importing_state=permit.importing_state,
        quantities=totals(view.lines), face=face, status=view.status,
        is_erased=_is_erased(view.parties | carriers),
    )  # fmt: skip


def shipment_facts(
    shipment: Shipment, status: str, permit: Permit, parties: Parties, items: Collection[Item]
) -> Facts:
    """Return what the paper of a shipment says: the export attachment (Model Regulations 2.2.2)."""
    lines = _lines_of(shipment.permit_id)
    bulk = [_bulk(entry) for entry in shipment.bulk]
    face = {name: getattr(shipment, name) for name in SHIPMENT} | {
        "state": shipment.owner_state, "agency": permit.agency, "bulk": bulk,
        "parties": _sides(permit, parties) | _sides(shipment, parties),
        "items": _Listed(items),
        "transit_permits": permit.transit_permits,
        "import_permit_number": permit.import_permit_number,
    }  # fmt: skip
    return Facts(
        state=shipment.owner_state, kind="attachment", number=shipment.number,
        issued_on=shipment.recorded_at.date(), valid_through=permit.last_day,
        version=shipment.version, exporting_state=shipment.exporting_state,
        importing_state=shipment.importing_state,
        quantities=_shipped(shipment, lines), face=face, status=status,
        is_erased=_is_erased(parties),
    )  # fmt: skip


def totals(lines: Iterable[Any]) -> dict[str, str]:
    """Return the quantity of each category, apart by unit, as text without trailing zeros."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[f"{line.category}:{line.unit}" if line.unit else line.category] += line.quantity
    return {name: amount(sums[name]) for name in sorted(sums)}


def amount(value: Any) -> str:
    """Return an amount as text without trailing zeros or exponent."""
    return f"{Decimal(str(value)).normalize():f}"


def vars_of(row: Any) -> dict[str, Any]:
    """Return the columns of a line that describe goods."""
    return {name: getattr(row, name) for name in ITEM}


def _shipped(shipment: Shipment, lines: Mapping[int, PermitLine]) -> dict[str, str]:
    sums: dict[str, Decimal] = defaultdict(Decimal, quantities_of(shipment.id))
    for entry in shipment.bulk:
        line = lines.get(entry["line"])
        category, unit = (line.category, line.unit) if line else ("other", None)
        sums[f"{category}:{unit}" if unit else category] += Decimal(str(entry["quantity"]))
    return {name: amount(sums[name]) for name in sorted(sums)}


def _lines_of(permit_id: UUID) -> dict[int, PermitLine]:
    found = db.session.scalars(select(PermitLine).where(PermitLine.permit_id == permit_id))
    return {line.line: line for line in found}


def _described(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ITEM} | {"quantity": amount(row["quantity"])}


class _Listed:
    """Items as the paper says them, made each time that they are read."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = items

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (_described(item.row) | {"marks": list(item.marks)} for item in self._items)


def _bulk(entry: Mapping[str, Any]) -> dict[str, Any]:
    return dict(entry) | {"quantity": amount(entry["quantity"])}


def _sides(row: Any, parties: Parties) -> dict[str, Any]:
    named = {side: getattr(row, f"{side}_id", None) for side in SIDES}
    return {side: _party(parties.get(key)) for side, key in named.items() if key}


def _party(party: Party | None) -> dict[str, Any]:
    return {name: getattr(party, name) for name in PARTY} if party else {}


def _is_erased(parties: Parties) -> bool:
    return any(party.erased_at for party in parties.values())
