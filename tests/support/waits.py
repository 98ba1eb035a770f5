"""Who waits for a lock in this database; others on the same server stay out."""

from sqlalchemy import text

WAITS = text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE NOT granted AND datname = current_database()"
)
