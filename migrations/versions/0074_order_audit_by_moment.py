"""The audit in the order of what happened: what was entered late, or imported, has new keys and old moments."""

from alembic import op

revision = "0074_order_audit_by_moment"
down_revision = "0073_find_alerts_of_records"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(
            "DROP INDEX CONCURRENTLY IF EXISTS ix_audit_entry_at_id"
        )  # of a run that was cut short
        op.execute("CREATE INDEX CONCURRENTLY ix_audit_entry_at_id ON audit_entry (at, id)")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_audit_entry_at_id")
