"""Calls across a border post: one side asks the other to call, and the other says when it did."""

from alembic import op

revision = "0062_call_across_posts"
down_revision = "0061_say_why_it_stops"

# The asking state owns the call and the called one its answer; both see both. At which posts an
# agency stands is said by its state: a notification may then be for the officers of these alone.
CREATE = """
ALTER TABLE agency ADD COLUMN posts TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE notification ADD COLUMN agencies TEXT[];

CREATE TABLE post_call (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    post TEXT NOT NULL,
    agency TEXT,
    shipment_id UUID,
    shipment_number TEXT,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_post_call PRIMARY KEY (id)
);
CREATE INDEX ix_post_call_post_asked_at ON post_call (post, asked_at);
CREATE TABLE post_call_answer (
    call_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    agency TEXT,
    answered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_post_call_answer PRIMARY KEY (call_id)
);
CALL salsa_protect('post_call', 'SELECT, INSERT');
CALL salsa_append_only('post_call');
CALL salsa_protect('post_call_answer', 'SELECT, INSERT');
CALL salsa_append_only('post_call_answer');
"""

DROP = """
DROP TABLE post_call_answer;
DROP TABLE post_call;
ALTER TABLE notification DROP COLUMN agencies;
ALTER TABLE agency DROP COLUMN posts;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
