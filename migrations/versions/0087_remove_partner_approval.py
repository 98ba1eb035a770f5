"""Approval of a trace by a partner state goes: a second person of the own state approves, or nobody.

Whose setting named a partner wants one of its own; what waited for a partner waits for nobody.
"""

from alembic import op

revision = "0087_remove_partner_approval"
down_revision = "0086_find_reports_of_traces"

# What was approved by a partner stays approved. A downgrade makes the tables and columns anew, empty.
CREATE = """
DELETE FROM hiding WHERE subject_kind = 'approval';
ALTER TABLE hiding DROP CONSTRAINT ck_hiding_subject_kind,
    ADD CONSTRAINT ck_hiding_subject_kind CHECK (subject_kind IN ('trace', 'request'));

UPDATE state_setting SET trace_approval = 'own' WHERE trace_approval = 'partner';
ALTER TABLE state_setting DROP COLUMN trace_approver,
    DROP CONSTRAINT ck_state_setting_trace_approval,
    ADD CONSTRAINT ck_state_setting_trace_approval
        CHECK (trace_approval IN ('none', 'own', 'alone'));

UPDATE trace SET approval_asked_at = NULL, approval_shown = NULL
    WHERE approved_in IS NOT NULL AND approval IS NULL;
UPDATE trace SET approval = 'own' WHERE approval = 'partner';
ALTER TABLE trace DROP COLUMN approval_in, DROP COLUMN approved_in,
    DROP CONSTRAINT ck_trace_approval,
    ADD CONSTRAINT ck_trace_approval CHECK (approval IN ('own', 'alone'));

CREATE OR REPLACE FUNCTION salsa_is_case_kept(asking char(3), number text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM (
            SELECT id FROM trace WHERE owner_state = asking AND case_number = number
            UNION ALL SELECT trace_id FROM trace_request WHERE asking_state = asking
                AND owner_state = current_setting('salsa.state', true)::char(3) AND case_number = number
        ) AS of_case
        WHERE (SELECT count(*) FROM hiding
               WHERE owner_state = current_setting('salsa.state', true)::char(3)
               AND agency = current_setting('salsa.unseen', true) AND subject_id = of_case.id) > 0
    )
$$;
DROP TABLE trace_approval;
"""

DROP = """
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
CREATE INDEX ix_trace_approval_owner_state_case_number ON trace_approval (owner_state, case_number);
CALL salsa_keep_to_owner('trace_approval', 'SELECT, INSERT, UPDATE');
ALTER POLICY owned ON trace_approval
    USING (owner_state = current_setting('salsa.state', true)::char(3)
        AND (coalesce(current_setting('salsa.unseen', true), '') = ''
            OR (SELECT count(*) FROM hiding
                WHERE hiding.owner_state = current_setting('salsa.state', true)::char(3)
                AND hiding.agency = current_setting('salsa.unseen', true)
                AND hiding.subject_id = trace_approval.id) = 0))
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));

CREATE OR REPLACE FUNCTION salsa_is_case_kept(asking char(3), number text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM (
            SELECT id FROM trace WHERE owner_state = asking AND case_number = number
            UNION ALL SELECT trace_id FROM trace_request WHERE asking_state = asking
                AND owner_state = current_setting('salsa.state', true)::char(3) AND case_number = number
            UNION ALL SELECT trace_id FROM trace_approval WHERE asking_state = asking
                AND owner_state = current_setting('salsa.state', true)::char(3) AND case_number = number
        ) AS of_case
        WHERE (SELECT count(*) FROM hiding
               WHERE owner_state = current_setting('salsa.state', true)::char(3)
               AND agency = current_setting('salsa.unseen', true) AND subject_id = of_case.id) > 0
    )
$$;

ALTER TABLE trace ADD COLUMN approval_in UUID, ADD COLUMN approved_in CHAR(3),
    DROP CONSTRAINT ck_trace_approval,
    ADD CONSTRAINT ck_trace_approval CHECK (approval IN ('own', 'partner', 'alone'));
ALTER TABLE state_setting ADD COLUMN trace_approver CHAR(3),
    DROP CONSTRAINT ck_state_setting_trace_approval,
    ADD CONSTRAINT ck_state_setting_trace_approval
        CHECK (trace_approval IN ('none', 'own', 'partner', 'alone'));
ALTER TABLE hiding DROP CONSTRAINT ck_hiding_subject_kind,
    ADD CONSTRAINT ck_hiding_subject_kind CHECK (subject_kind IN ('trace', 'request', 'approval'));
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
