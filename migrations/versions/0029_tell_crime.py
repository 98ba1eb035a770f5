"""Which matches are of crime: one of the two guns was read in the field, or is missed."""

from alembic import op

revision = "0029_tell_crime"
down_revision = "0028_find_sightings"

COLUMN = "ALTER TABLE match ADD COLUMN is_of_crime BOOLEAN NOT NULL DEFAULT true"
# Where a state has no id of the other record, better a lawful pair is looked at than that one of
# crime is passed over.
TRADE = """
UPDATE match AS m SET is_of_crime = false
WHERE m.other_record IS NOT NULL
    AND EXISTS (SELECT FROM record AS r WHERE r.id = m.other_record)
    AND NOT EXISTS (
        SELECT FROM record AS r WHERE r.id IN (m.record_id, m.other_record) AND r.event IN
            ('recovery', 'surrender', 'loss', 'theft', 'seized', 'found', 'surrendered')
    );
ALTER TABLE match ALTER COLUMN is_of_crime DROP DEFAULT;
"""
INDEX = "CREATE INDEX ix_match_of_crime ON match (owner_state, id) WHERE is_of_crime"
DROP = "ALTER TABLE match DROP COLUMN is_of_crime"  # and its index


def upgrade() -> None:
    for statement in (COLUMN, TRADE, INDEX):
        op.execute(statement)


def downgrade() -> None:
    op.execute(DROP)
