"""The service's own PostgreSQL server, and the roles and database inside any server."""

from __future__ import annotations

from salsa_ext.postgres.errors import PostgresUnavailable
from salsa_ext.postgres.provision import provision
from salsa_ext.postgres.server import EmbeddedServer
from salsa_ext.postgres.statuses import Status

__all__ = ["EmbeddedServer", "PostgresUnavailable", "Status", "provision"]
