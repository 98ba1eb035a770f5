"""A seizure whose place was corrected away is told to the boards that it leaves."""

from alembic import op

revision = "0070_tell_left_boards"
down_revision = "0060_find_own_seizures"

# A version without a place shows on no board, but the one before it may have. Which board that was does not
# matter: a seizure with a place is told to all posts of the states that may see it.
FORMER = """ OR told.version > 1 AND EXISTS (
    SELECT FROM seizure former WHERE former.id = told.id AND former.version = told.version - 1
    AND (former.latitude IS NOT NULL OR former.post IS NOT NULL))"""
TELL = """
CREATE OR REPLACE FUNCTION salsa_tell_boards_of_seizure() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO board_change (state, post)
        SELECT DISTINCT side.state, post.code FROM moved told CROSS JOIN post
        CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)
        WHERE side.state = ANY (told.concerned)
        AND (told.latitude IS NOT NULL OR told.post IS NOT NULL{former});
    RETURN NULL;
END $$;
"""


def upgrade() -> None:
    op.execute(TELL.format(former=FORMER))


def downgrade() -> None:
    op.execute(TELL.format(former=""))
