"""Declared fields that the pages of a document do not place by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from salsa_ext.core.fields import Member, members
from salsa_ext.documents.values import ReportData, SeizureData, TransferData
from salsa_ext.trade.permits.values import PermitData
from salsa_ext.trade.receipts.values import ReceiptData
from salsa_ext.trade.shipments.values import ShipmentData

PLACED: Final[Mapping[str, tuple[type, str]]] = {
    "seizure": (
        SeizureData,
        "occurred_on occurred_at time_zone number kind agency legal_grounds crime_context post"
        " setting concealment transport visibility handling",
    ),
    "report": (
        ReportData,
        "occurred_on occurred_at time_zone number kind stolen_from visibility handling"
        " confirm_second",
    ),
    "transfer": (
        TransferData,
        "occurred_on occurred_at time_zone number kind licence counterpart_state based_on"
        " visibility handling",
    ),
    "permit": (
        PermitData,
        "kind number document_kind issued_on expires_on latest_import_on regime exporting_state"
        " importing_state source end_use conditions replaces refusal confirm_unregistered",
    ),
    "shipment": (ShipmentData, "number ships_on mode port_of_exit port_of_entry export_licence"),
    "receipt": (
        ReceiptData,
        "received_on all confirm_nothing_matches reason delivery_verification",
    ),
}
"""The documents, with the fields that their pages place, or leave out on purpose."""


def other_fields(name: str) -> list[Member]:
    """Return the other fields of a document; its form and its page list them."""
    cls, placed = PLACED[name]
    return [
        member
        for member in members(cls)
        if member.key not in placed.split() and not (member.is_nested or member.is_many)
    ]
