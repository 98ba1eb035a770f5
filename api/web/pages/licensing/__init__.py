"""Pages of licensing: permits, shipments, receipts, discrepancies, transfers."""

from api.web.pages.licensing import discrepancies, home, permits, shipments, transfers

__all__ = ["discrepancies", "home", "permits", "shipments", "transfers"]
