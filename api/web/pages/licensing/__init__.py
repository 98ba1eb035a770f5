"""Pages of licensing: permits, shipments, receipts, discrepancies, transfers."""
