"""Legs by their own id: what an asked state says names the leg and not the trace."""

from alembic import op

revision = "0071_find_legs"
down_revision = "0070_find_by_case"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(
            "DROP INDEX CONCURRENTLY IF EXISTS ix_trace_leg_id"
        )  # of a run that was cut short
        op.execute("CREATE INDEX CONCURRENTLY ix_trace_leg_id ON trace_leg (id)")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_trace_leg_id")
