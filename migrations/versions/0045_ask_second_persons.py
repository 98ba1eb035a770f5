"""Second persons for traces: what a state wants, who approved, and what a partner state is asked."""

from alembic import op

revision = "0045_ask_second_persons"
down_revision = "0044_count_profiles"

CREATE = """
ALTER TABLE state_setting
    ADD COLUMN trace_approval TEXT NOT NULL DEFAULT 'none',
    ADD COLUMN trace_approver CHAR(3),
    ADD CONSTRAINT ck_state_setting_trace_approval
        CHECK (trace_approval IN ('none', 'own', 'partner', 'alone'));
ALTER TABLE state_setting ALTER COLUMN trace_approval DROP DEFAULT;

ALTER TABLE trace
    ADD COLUMN approval TEXT,
    ADD COLUMN approval_asked_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN approval_in UUID,
    ADD COLUMN approved_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN approved_by UUID,
    ADD COLUMN approved_in CHAR(3),
    ADD CONSTRAINT ck_trace_approval CHECK (approval IN ('own', 'partner', 'alone'));

CREATE TABLE trace_approval (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    asking_state CHAR(3) NOT NULL,
    trace_id UUID NOT NULL,
    status TEXT NOT NULL,
    case_number TEXT NOT NULL,
    asked JSONB NOT NULL,
    envelope_id UUID NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    decided_by UUID,
    reason TEXT,
    CONSTRAINT pk_trace_approval PRIMARY KEY (id),
    CONSTRAINT uq_trace_approval_owner_state_envelope_id UNIQUE (owner_state, envelope_id),
    CONSTRAINT ck_trace_approval_status
        CHECK (status IN ('asked', 'granted', 'declined', 'withdrawn'))
);
CREATE INDEX ix_trace_approval_owner_state_id ON trace_approval (owner_state, id);
CALL salsa_keep_to_owner('trace_approval', 'SELECT, INSERT, UPDATE');
"""

DROP = """
DROP TABLE trace_approval;
ALTER TABLE trace DROP COLUMN approval, DROP COLUMN approval_asked_at, DROP COLUMN approval_in,
    DROP COLUMN approved_at, DROP COLUMN approved_by, DROP COLUMN approved_in;
ALTER TABLE state_setting DROP COLUMN trace_approval, DROP COLUMN trace_approver;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
