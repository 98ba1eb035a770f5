"""Matches that somebody judged, or that a correction took away, are listed without passing all the others."""

from alembic import op

revision = "0048_list_rare_matches"
down_revision = "0047_find_traces_of_seizures"

INDEXES = {
    "ix_match_judged": "match (owner_state, id) WHERE status <> 'proposed'",
    "ix_match_gone": "match (owner_state, id) WHERE NOT is_standing",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, rows in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # of a run that was cut short
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {rows}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
