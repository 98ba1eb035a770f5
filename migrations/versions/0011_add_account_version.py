"""A version of each account, which If-Match names when it is closed."""

from alembic import op

revision = "0011_add_account_version"
down_revision = "0010_add_running"

# The default stays: the code of the previous version opens accounts without one.
CREATE = """
ALTER TABLE account ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
"""

DROP = """
ALTER TABLE account DROP COLUMN version;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
