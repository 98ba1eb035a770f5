"""The forms of marks under which near ones meet; `salsa db forms` fills in those of older marks."""

from alembic import op

revision = "0022_keep_forms"
down_revision = "0021_tell_decisions"

# No primary key: two who keep the same mark at once write its forms twice, and wait for nobody. A
# form twice is found once. The index holds all that is read, and the table is never read itself.
CREATE = """
CREATE TABLE mark_form (
    key BIGINT NOT NULL,
    target BIGINT NOT NULL,
    make SMALLINT NOT NULL
);
CREATE INDEX ix_mark_form_key ON mark_form (key) INCLUDE (target, make);
GRANT SELECT, INSERT ON mark_form TO salsa_service;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute("DROP TABLE mark_form")
