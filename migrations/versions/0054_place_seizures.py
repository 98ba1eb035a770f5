"""The square of the globe in which a seizure was made, so that what lies near a post is found by day."""

from alembic import op

revision = "0054_place_seizures"
down_revision = "0053_say_why_nothing_is_known"

# By latitude and longitude an index finds all that ever happened near a place, by square and day what
# happened there lately. It follows from the coordinates, and nobody may write anything else into it.
CREATE = """
ALTER TABLE seizure ADD COLUMN square INTEGER GENERATED ALWAYS AS
    (floor(latitude * 4)::integer * 10000 + floor(longitude * 4)::integer) STORED;
CREATE INDEX ix_seizure_square_occurred_on ON seizure (square, occurred_on);
CREATE INDEX ix_seizure_post_occurred_on ON seizure (post, occurred_on);
DROP INDEX ix_seizure_latitude_longitude;
"""

DROP = """
CREATE INDEX ix_seizure_latitude_longitude ON seizure (latitude, longitude);
DROP INDEX ix_seizure_post_occurred_on;
ALTER TABLE seizure DROP COLUMN square;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
