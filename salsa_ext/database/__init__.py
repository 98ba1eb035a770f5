"""Sessions, locks, bulk writes and row-level security on PostgreSQL, and its processes."""
