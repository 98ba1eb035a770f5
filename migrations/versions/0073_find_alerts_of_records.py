"""The alerts that were entered from a record are found by it."""

from alembic import op

revision = "0073_find_alerts_of_records"
down_revision = "0072_withdraw_reports"

NAME = "ix_alert_of_record"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")  # of a run that was cut short
        op.execute(
            f"CREATE INDEX CONCURRENTLY {NAME} ON alert (of_record) WHERE of_record IS NOT NULL"
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
