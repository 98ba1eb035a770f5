"""Traces of a case, and those asked for and to be approved in it: what is looked up in it is about them."""

from alembic import op

revision = "0070_find_by_case"
down_revision = "0069_hide_by_what_it_is_about"

TABLES = ("trace", "trace_request", "trace_approval")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for table in TABLES:
            name = f"ix_{table}_owner_state_case_number"
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # of a run that was cut short
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} (owner_state, case_number)")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for table in TABLES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS ix_{table}_owner_state_case_number")
