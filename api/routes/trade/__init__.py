"""Routes of permits, licensees, shipments and discrepancies."""
