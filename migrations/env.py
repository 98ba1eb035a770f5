"""Run the migrations on the connection of the one transaction that the caller commits."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
context.run_migrations()
