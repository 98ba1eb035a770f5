"""Pages of the licensing desk: permits, shipments, receipts, transfers."""

from api.web.pages.licensing import (
    discrepancies,
    home,
    papers,
    permit_actions,
    permits,
    receipts,
    shipment_actions,
    shipments,
    transfers,
)

__all__ = [
    "discrepancies",
    "home",
    "papers",
    "permit_actions",
    "permits",
    "receipts",
    "shipment_actions",
    "shipments",
    "transfers",
]
