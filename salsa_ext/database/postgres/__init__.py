"""The service's own PostgreSQL server, and roles and database of any server."""

from __future__ import annotations

__all__ = ["EmbeddedServer", "PostgresUnavailable", "ServerStatus", "provision_database"]
