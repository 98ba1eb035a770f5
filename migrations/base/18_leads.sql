-- Leads of large registers.

CREATE TABLE lead (
    owner_state CHAR(3) NOT NULL,
    with_others BOOLEAN NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    seized_on DATE NOT NULL,
    states CHAR(3)[] NOT NULL,
    record_ids UUID[] NOT NULL, record_states CHAR(3)[] NOT NULL,
    rarity JSONB,
    CONSTRAINT pk_lead PRIMARY KEY (owner_state, with_others, id)
);
CREATE INDEX ix_lead_rank ON lead (owner_state, with_others, score DESC, id);
CALL salsa_protect_owned('lead', 'SELECT');
GRANT INSERT, DELETE ON lead TO salsa_worker;
