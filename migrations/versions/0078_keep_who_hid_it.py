"""Which state named an agency that is kept from something: one takes back what it named itself, and no more."""

from alembic import op

revision = "0078_keep_who_hid_it"
down_revision = "0077_find_hits_of_records"

CREATE = """
ALTER TABLE hiding ADD COLUMN named_by CHAR(3);
UPDATE hiding SET named_by = coalesce(
    (SELECT asking_state FROM trace_request said WHERE said.owner_state = hiding.owner_state
     AND hiding.subject_id IN (said.id, said.trace_id, said.leg_id) ORDER BY said.id LIMIT 1),
    (SELECT asking_state FROM trace_approval said WHERE said.owner_state = hiding.owner_state
     AND hiding.subject_id IN (said.id, said.trace_id) ORDER BY said.id LIMIT 1),
    owner_state) WHERE NOT is_own AND subject_kind <> 'trace';
UPDATE hiding SET named_by = owner_state WHERE named_by IS NULL;
ALTER TABLE hiding ALTER COLUMN named_by SET NOT NULL, DROP CONSTRAINT pk_hiding,
    ADD CONSTRAINT pk_hiding PRIMARY KEY (subject_id, agency, owner_state, is_own, named_by);
"""

DROP = """
DELETE FROM hiding one USING hiding other
    WHERE one.named_by > other.named_by AND one.is_own = other.is_own AND one.agency = other.agency
    AND one.subject_id = other.subject_id AND one.owner_state = other.owner_state;
ALTER TABLE hiding DROP CONSTRAINT pk_hiding, DROP COLUMN named_by,
    ADD CONSTRAINT pk_hiding PRIMARY KEY (subject_id, agency, owner_state, is_own);
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
