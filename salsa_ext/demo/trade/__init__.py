"""Trade of the demo region: deals, routes, permits, shipments, licensees."""
