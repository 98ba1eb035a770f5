"""A second person is shown what of a draft changed since he was asked about it."""

from alembic import op

revision = "0067_show_what_changed"
down_revision = "0066_find_own_stops"

# What the draft said when a second person was asked first, or approved it: compared with what it says now.
CREATE = """
ALTER TABLE trace ADD COLUMN approval_shown JSONB;
"""

DROP = """
ALTER TABLE trace DROP COLUMN approval_shown;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
