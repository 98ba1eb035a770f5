"""The licit trade: licensees, permits, shipments, receipts, and their discrepancies."""
