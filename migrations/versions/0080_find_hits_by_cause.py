"""Hits by the key of what met the alert, which stands in the rows of both states."""

from alembic import op

revision = "0080_find_hits_by_cause"
down_revision = "0079_end_hits_of_what_changed"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(
            "DROP INDEX CONCURRENTLY IF EXISTS ix_hit_cause_key"
        )  # of a run that was cut short
        op.execute("CREATE INDEX CONCURRENTLY ix_hit_cause_key ON hit (cause_key)")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_hit_cause_key")
