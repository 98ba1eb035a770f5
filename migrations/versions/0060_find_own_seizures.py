"""What a state itself seized near a place lately, without what others seized there or it seized elsewhere."""

from alembic import op

revision = "0060_find_own_seizures"
down_revision = "0059_pair_displays"

# By place and day alone so many rows are left that the planner reads all that ever concerned the state
# besides, to tell them apart. Of others, a state sees what they made with it: few, and in an index of
# their own.
MADE = {
    "ix_seizure_owner_square": "(owner_state, square, occurred_on)",
    "ix_seizure_owner_post": "(owner_state, post, occurred_on)",
    "ix_seizure_joint_square": "(square, occurred_on) WHERE cardinality(concerned) > 1",
    "ix_seizure_joint_post": "(post, occurred_on) WHERE cardinality(concerned) > 1",
}
FORMER = {
    "ix_seizure_square_occurred_on": "(square, occurred_on)",
    "ix_seizure_post_occurred_on": "(post, occurred_on)",
}


def upgrade() -> None:
    _exchange(FORMER, MADE)


def downgrade() -> None:
    _exchange(MADE, FORMER)


def _exchange(old: dict[str, str], new: dict[str, str]) -> None:
    with op.get_context().autocommit_block():
        for name, columns in new.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # of a run that was cut short
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON seizure {columns}")
        for name in old:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
