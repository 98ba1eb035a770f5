"""Matches with pointers are all of crime: else they would tell what happened to the other gun."""

from alembic import op

revision = "0039_tell_no_event_of_pointers"
down_revision = "0038_leave_silent_owners"


def upgrade() -> None:
    op.execute("UPDATE match SET is_of_crime = true WHERE other_record IS NULL AND NOT is_of_crime")


def downgrade() -> None:
    """What the states may not know is told by nothing that is kept: it stays as it is."""
