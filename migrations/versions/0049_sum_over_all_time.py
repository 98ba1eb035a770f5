"""How common makes, calibres and types are has no period: a check reads a row a state and value, no more."""

from alembic import op

revision = "0049_sum_over_all_time"
down_revision = "0048_list_rare_matches"

# What the previous code still writes keeps its quarter: readers sum over all periods.
SUM = """
WITH taken AS (
    DELETE FROM rollup WHERE dataset = 'described' RETURNING state, partner, subject, amount
)
INSERT INTO rollup (dataset, state, partner, subject, period, amount)
SELECT 'described', state, partner, subject, '1900-01-01', sum(amount) FROM taken
GROUP BY state, partner, subject
"""
MOVE = "UPDATE rollup_delta SET period = '1900-01-01' WHERE dataset = 'described'"


def upgrade() -> None:
    op.execute(SUM)
    op.execute(MOVE)


def downgrade() -> None:
    pass  # the sums over all periods are what they were
