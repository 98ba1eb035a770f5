"""The licensing desk: permits, shipments and transfers for a state without a system of its own."""

from api.web.desk import (
    changes,
    discrepancies,
    finding,
    issuing,
    movements,
    papers,
    permits,
    shipments,
    shipping,
    transfers,
)
from api.web.desk.blueprint import blueprint

__all__ = [
    "blueprint", "changes", "discrepancies", "finding", "issuing", "movements", "papers", "permits",
    "shipments", "shipping", "transfers",
]  # fmt: skip
