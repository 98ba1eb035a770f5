"""Pages of licensing: permits, shipments, receipts, discrepancies, transfers."""

from api.web.pages.licensing import discrepancies, home, licensees, permits, shipments, transfers

__all__ = ["discrepancies", "home", "licensees", "permits", "shipments", "transfers"]
