"""Schemas of permits, licensees, shipments, receipts and discrepancies."""
