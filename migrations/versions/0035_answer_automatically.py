"""Whether a state lets the service answer other states' traces from its open records."""

from alembic import op

revision = "0035_answer_automatically"
down_revision = "0034_add_requests"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE state_setting ADD COLUMN answers_automatically BOOLEAN NOT NULL DEFAULT true"
    )
    op.execute("ALTER TABLE state_setting ALTER COLUMN answers_automatically DROP DEFAULT")


def downgrade() -> None:
    op.execute("ALTER TABLE state_setting DROP COLUMN answers_automatically")
