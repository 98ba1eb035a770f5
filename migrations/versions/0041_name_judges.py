"""Who judged a match beside the account: the agency in whose name, and the number of its officer."""

from alembic import op

revision = "0041_name_judges"
down_revision = "0040_hide_matches"


def upgrade() -> None:
    op.execute("ALTER TABLE match ADD COLUMN decided_agency TEXT, ADD COLUMN decided_officer UUID")


def downgrade() -> None:
    op.execute("ALTER TABLE match DROP COLUMN decided_agency, DROP COLUMN decided_officer")
