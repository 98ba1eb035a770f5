"""A way to write a name may mean several codes, each as sure as it is; importers are no makers."""

from alembic import op

revision = "0023_tell_how_sure"
down_revision = "0022_correct_receipts"

# Reference data are loaded anew after each upgrade, so nothing is kept that has to be guessed here.
COLUMNS = """
DELETE FROM alias;
DELETE FROM make;
ALTER TABLE alias ADD COLUMN sureness REAL NOT NULL,
    DROP CONSTRAINT pk_alias, ADD CONSTRAINT pk_alias PRIMARY KEY (kind, folded, code);
ALTER TABLE make ADD COLUMN kind TEXT NOT NULL;
ALTER TABLE calibre ADD COLUMN related TEXT;
"""

BACK = """
DELETE FROM alias;
ALTER TABLE alias DROP CONSTRAINT pk_alias, ADD CONSTRAINT pk_alias PRIMARY KEY (kind, folded),
    DROP COLUMN sureness;
ALTER TABLE make DROP COLUMN kind;
ALTER TABLE calibre DROP COLUMN related;
"""


def upgrade() -> None:
    op.execute(COLUMNS)


def downgrade() -> None:
    op.execute(BACK)
