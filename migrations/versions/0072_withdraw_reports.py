"""Reports that were made in error are withdrawn: a version says so."""

from alembic import op

revision = "0072_withdraw_reports"
down_revision = "0071_find_legs"

CREATE = """
ALTER TABLE report ADD COLUMN status TEXT NOT NULL DEFAULT 'standing',
    ADD CONSTRAINT ck_report_status CHECK (status IN ('standing', 'withdrawn'));
"""
DROP = "ALTER TABLE report DROP COLUMN status"


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
