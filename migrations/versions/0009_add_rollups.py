"""Sums for figures; they hold no record, so no state keeps them from another's reader."""

from alembic import op

revision = "0009_add_rollups"
down_revision = "0008_add_inquiries"

CREATE = """
CREATE TABLE rollup (
    dataset TEXT NOT NULL,
    state CHAR(3) NOT NULL,
    partner TEXT NOT NULL,
    subject TEXT NOT NULL,
    period DATE NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT pk_rollup PRIMARY KEY (dataset, state, partner, subject, period)
);
GRANT SELECT, INSERT, UPDATE ON rollup TO salsa_service;

CREATE TABLE rollup_delta (
    id UUID NOT NULL,
    dataset TEXT NOT NULL,
    state CHAR(3) NOT NULL,
    partner TEXT NOT NULL,
    subject TEXT NOT NULL,
    period DATE NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT pk_rollup_delta PRIMARY KEY (id)
);
-- FOR UPDATE SKIP LOCKED wants the right to change some column; nothing changes one.
GRANT SELECT, INSERT, DELETE, UPDATE (id) ON rollup_delta TO salsa_service;
"""

DROP = """
DROP TABLE rollup_delta;
DROP TABLE rollup;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
