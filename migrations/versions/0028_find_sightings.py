"""Forms of marks that were read in the field, by which a file of lawful guns finds them."""

from alembic import op

revision = "0028_find_sightings"
down_revision = "0027_add_matches"

# They are reckoned by the service, as all forms are, whose upgrade fills in those of older marks
# while this stands here. A table that is to be filled with all forms gets these with them.
ASK = """
DO $$ BEGIN
    IF obj_description('mark_form'::regclass) IS NULL AND EXISTS (
        SELECT FROM mark_key WHERE event IN
            ('recovery', 'surrender', 'loss', 'theft', 'seized', 'found', 'surrendered')
    ) THEN
        COMMENT ON TABLE mark_form IS 'sightings to be filled';
    END IF;
END $$;
"""
# Forms that nobody asks for are found by nobody, and stay.
DROP = """
DO $$ BEGIN
    IF obj_description('mark_form'::regclass) = 'sightings to be filled' THEN
        COMMENT ON TABLE mark_form IS NULL;
    END IF;
END $$;
"""


def upgrade() -> None:
    op.execute(ASK)


def downgrade() -> None:
    op.execute(DROP)
