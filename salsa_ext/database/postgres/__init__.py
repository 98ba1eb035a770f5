"""The service's own PostgreSQL server, and roles and database of any server."""
