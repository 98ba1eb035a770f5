"""Marks that look alike share a key, and each writing of them is found by its own digits."""

from alembic import op

revision = "0052_keep_each_writing"
down_revision = "0051_bound_the_search"

# Forms were kept once for a key and a make, by the digits of the first writing alone: those of GBS12345
# beside 68512345 were not. They are reckoned by the service, whose upgrade fills them in while this
# stands here. A table that is to be filled with all forms gets these with them.
ASK = """
DO $$
DECLARE said text := obj_description('mark_form'::regclass);
BEGIN
    IF said IS NULL AND EXISTS (SELECT FROM mark_key) THEN
        COMMENT ON TABLE mark_form IS 'writings to be filled';
    ELSIF said LIKE '_% to be filled' THEN
        EXECUTE format('COMMENT ON TABLE mark_form IS %L',
            replace(said, ' to be filled', ' and writings to be filled'));
    END IF;
END $$;
"""
DROP = """
DO $$
DECLARE said text := obj_description('mark_form'::regclass);
BEGIN
    IF said = 'writings to be filled' THEN
        COMMENT ON TABLE mark_form IS NULL;
    ELSIF said LIKE '% and writings to be filled' THEN
        EXECUTE format('COMMENT ON TABLE mark_form IS %L',
            replace(said, ' and writings to be filled', ' to be filled'));
    END IF;
END $$;
"""


def upgrade() -> None:
    op.execute(ASK)


def downgrade() -> None:
    op.execute(DROP)
