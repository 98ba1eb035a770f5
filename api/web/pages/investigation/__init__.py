"""Pages of police and analysts: seizures, reports, checks, matches, alerts, leads."""
