"""Reports of traces among a state's acts, so that a printed one is found by its hash alone."""

from alembic import op

revision = "0086_find_reports_of_traces"
down_revision = "0085_find_what_waits"

DROP = "DROP INDEX CONCURRENTLY IF EXISTS ix_audit_entry_reported"
CREATE = """
CREATE INDEX CONCURRENTLY ix_audit_entry_reported ON audit_entry (owner_state)
WHERE action = 'trace:reported'
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(DROP)  # of a run that was cut short
        op.execute(CREATE)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(DROP)
