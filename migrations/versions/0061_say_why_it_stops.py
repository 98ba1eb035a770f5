"""Why a stage was ticked as held or refused."""

from alembic import op

revision = "0061_say_why_it_stops"
down_revision = "0060_find_own_seizures"


def upgrade() -> None:
    op.execute("ALTER TABLE checkpoint ADD COLUMN reason TEXT")


def downgrade() -> None:
    op.execute("ALTER TABLE checkpoint DROP COLUMN reason")
