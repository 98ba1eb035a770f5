"""What the description of a trace lacked when it was sent, by which the figures count how it ended."""

from alembic import op

revision = "0044_count_profiles"
down_revision = "0043_remind_of_requests"


def upgrade() -> None:
    op.execute("ALTER TABLE trace ADD COLUMN profile TEXT")


def downgrade() -> None:
    op.execute("ALTER TABLE trace DROP COLUMN profile")
