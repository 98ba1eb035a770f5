"""The marks of given records, and those of a key and a make, are found by an index each."""

from alembic import op

revision = "0050_find_marks_of_records"
down_revision = "0049_sum_over_all_time"

# Matches are shown and judged anew by the records that stand in them, and of a crowd of one number
# those of the asked make are read without the rest. Keys are spread by key, so what asks by record
# asks everywhere, of few records.
INDEXES = {"ix_mark_key_record_id": "record_id", "ix_mark_key_key_make": "key, make"}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # of a run that was cut short
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON mark_key ({columns})")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
