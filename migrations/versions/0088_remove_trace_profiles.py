"""How traces ended by what their description lacked is counted no more: advice is general experience."""

from alembic import op

revision = "0088_remove_trace_profiles"
down_revision = "0087_remove_partner_approval"


def upgrade() -> None:
    op.execute("DELETE FROM rollup_delta WHERE dataset = 'trace_profiles'")
    op.execute("DELETE FROM rollup WHERE dataset = 'trace_profiles'")
    op.execute("ALTER TABLE trace DROP COLUMN profile")


def downgrade() -> None:
    op.execute("ALTER TABLE trace ADD COLUMN profile TEXT")
