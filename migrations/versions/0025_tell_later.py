"""Owners of `silent` records are told of a check later, so that no answer takes longer for them."""

from alembic import op

revision = "0025_tell_later"
down_revision = "0024_keep_forms"

# Who asked before this was told of at once.
CREATE = """
ALTER TABLE mark_check ADD COLUMN is_told BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE mark_check ALTER COLUMN is_told DROP DEFAULT;
CREATE INDEX ix_mark_check_untold ON mark_check (owner_state, id) WHERE NOT is_told;
GRANT UPDATE (is_told) ON mark_check TO salsa_service;
"""

DROP = """
REVOKE UPDATE (is_told) ON mark_check FROM salsa_service;
ALTER TABLE mark_check DROP COLUMN is_told;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
