"""What can go wrong with the service's own PostgreSQL."""

from __future__ import annotations

from salsa_ext.errors import SalsaError


class PostgresUnavailable(SalsaError):
    """The database server cannot be started, reached or prepared; the message says what to do."""

    code = "postgres_unavailable"
