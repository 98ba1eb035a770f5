"""Settings of a state: reference data that each state writes for itself and all may read."""

from alembic import op

revision = "0014_add_settings"
down_revision = "0013_mend_documents"

CREATE = """
CREATE TABLE state_setting (
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    counterpart_days INTEGER NOT NULL,
    overdue_hours INTEGER NOT NULL,
    electronic_copies_with CHAR(3)[] NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_state_setting PRIMARY KEY (owner_state),
    CONSTRAINT ck_state_setting_counterpart_days CHECK (counterpart_days BETWEEN 1 AND 366),
    CONSTRAINT ck_state_setting_overdue_hours CHECK (overdue_hours BETWEEN 0 AND 720)
);
GRANT SELECT, INSERT, UPDATE ON state_setting TO salsa_service;

ALTER TABLE state_setting ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON state_setting FOR SELECT TO salsa_service USING (true);
CREATE POLICY written ON state_setting FOR INSERT TO salsa_service
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
CREATE POLICY changed ON state_setting FOR UPDATE TO salsa_service
    USING (owner_state = current_setting('salsa.state', true)::char(3));
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute("DROP TABLE state_setting")
