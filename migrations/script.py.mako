"""${message}.

Rules: one concern; SQL frozen here, nothing imported from the project; forward only, works beside
the previous code and on a filled database; a new index on a table that is in use is made
CONCURRENTLY in an autocommit block; a new constraint is NOT VALID first and validated later.
Protect each table of records with salsa_protect, seal each append-only one with
salsa_append_only, and grant the service's role no more than it needs.
"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

CHANGE = """
"""


def upgrade() -> None:
    op.execute(CHANGE)
