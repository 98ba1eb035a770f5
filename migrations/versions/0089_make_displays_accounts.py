"""A display on a wall is an account of a post, which a link signs in once; the keys of displays go."""

from alembic import op

revision = "0089_make_displays_accounts"
down_revision = "0088_remove_trace_profiles"

# A key that is a link opens nothing: it is exchanged for a session, once.
CREATE = """
DROP TRIGGER tell_display ON api_key;
DROP FUNCTION salsa_tell_display();
DROP FUNCTION salsa_display(bytea);
DROP FUNCTION salsa_key(bytea);
DELETE FROM api_key WHERE post IS NOT NULL;
ALTER TABLE api_key DROP CONSTRAINT ck_api_key_display, DROP COLUMN post, DROP COLUMN language,
    DROP COLUMN paired_at, DROP COLUMN seen_at,
    ADD COLUMN is_link BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE account ADD COLUMN post TEXT,
    DROP CONSTRAINT ck_account_role,
    ADD CONSTRAINT ck_account_role CHECK (role IN (
        'licensing_officer', 'police_officer', 'forensic_examiner', 'trace_analyst',
        'border_officer', 'supervisor', 'state_administrator', 'auditor', 'secretariat', 'display'
    ));

CREATE FUNCTION salsa_key(wanted bytea)
RETURNS TABLE (key_id uuid, scopes text[], expires_at timestamptz, account_id uuid,
               owner_state char(3), agency text, role text, is_link boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.id, k.scopes, k.expires_at, a.id, a.owner_state, a.agency, a.role, k.is_link
    FROM api_key k JOIN account a ON a.id = k.account_id
    WHERE k.digest = wanted AND k.revoked_at IS NULL AND a.is_active
$$;
REVOKE ALL ON FUNCTION salsa_key(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_key(bytea) TO salsa_service;
"""

DROP = """
DROP FUNCTION salsa_key(bytea);
DELETE FROM api_key USING account WHERE account.id = account_id AND role = 'display';
DELETE FROM account WHERE role = 'display';
ALTER TABLE account DROP COLUMN post,
    DROP CONSTRAINT ck_account_role,
    ADD CONSTRAINT ck_account_role CHECK (role IN (
        'licensing_officer', 'police_officer', 'forensic_examiner', 'trace_analyst',
        'border_officer', 'supervisor', 'state_administrator', 'auditor', 'secretariat'
    ));
ALTER TABLE api_key DROP COLUMN is_link,
    ADD COLUMN post TEXT,
    ADD COLUMN language TEXT,
    ADD COLUMN paired_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN seen_at TIMESTAMP WITH TIME ZONE,
    ADD CONSTRAINT ck_api_key_display CHECK ((post IS NULL) = (language IS NULL));

CREATE FUNCTION salsa_key(wanted bytea)
RETURNS TABLE (key_id uuid, scopes text[], expires_at timestamptz, account_id uuid,
               owner_state char(3), agency text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.id, k.scopes, k.expires_at, a.id, a.owner_state, a.agency, a.role
    FROM api_key k JOIN account a ON a.id = k.account_id
    WHERE k.digest = wanted AND k.revoked_at IS NULL AND a.is_active AND k.post IS NULL
$$;
CREATE FUNCTION salsa_display(wanted bytea)
RETURNS TABLE (key_id uuid, expires_at timestamptz, account_id uuid, owner_state char(3), agency text,
               role text, post text, language text, paired_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.id, k.expires_at, a.id, a.owner_state, a.agency, a.role, k.post, k.language, k.paired_at
    FROM api_key k JOIN account a ON a.id = k.account_id
    WHERE k.digest = wanted AND k.revoked_at IS NULL AND a.is_active AND k.post IS NOT NULL
$$;
REVOKE ALL ON FUNCTION salsa_key(bytea), salsa_display(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_key(bytea), salsa_display(bytea) TO salsa_service;

CREATE FUNCTION salsa_tell_display() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO board_change (state, post) VALUES (NEW.owner_state, NEW.post);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION salsa_tell_display() FROM PUBLIC;
CREATE TRIGGER tell_display AFTER UPDATE OF revoked_at ON api_key
    FOR EACH ROW WHEN (NEW.post IS NOT NULL) EXECUTE FUNCTION salsa_tell_display();
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
