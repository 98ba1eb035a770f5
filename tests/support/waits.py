"""Who waits for a lock in this database; others on the same server stay out.

`pg_stat_activity` would tell the database too, but a transaction reads it once.
"""

from sqlalchemy import text

WAITS = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN"
    " (SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database"
    " WHERE datname = current_database())"
)
