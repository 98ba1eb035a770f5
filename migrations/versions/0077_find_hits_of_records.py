"""Hits by what met the alert: the page of a record shows them, and no other of its state is read for it."""

from alembic import op

revision = "0077_find_hits_of_records"
down_revision = "0076_keep_what_was_declined"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(
            "DROP INDEX CONCURRENTLY IF EXISTS ix_hit_cause_id"
        )  # of a run that was cut short
        op.execute("CREATE INDEX CONCURRENTLY ix_hit_cause_id ON hit (cause_id)")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_hit_cause_id")
