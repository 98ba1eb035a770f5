"""Displays on the walls of posts: keys that open one board of one side, and nothing else."""

from alembic import op

revision = "0059_pair_displays"
down_revision = "0058_tell_boards"

# Until it is paired, the digest is that of a code that somebody types on the device; then that of the
# token that the device keeps. A key of a display is no key to anything else: `salsa_key` knows none.
# Where one is revoked its board is told to have changed, so that the device asks at once.
CREATE = """
ALTER TABLE api_key
    ADD COLUMN post TEXT,
    ADD COLUMN language TEXT,
    ADD COLUMN paired_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN seen_at TIMESTAMP WITH TIME ZONE,
    ADD CONSTRAINT ck_api_key_display CHECK ((post IS NULL) = (language IS NULL));

CREATE OR REPLACE FUNCTION salsa_key(wanted bytea)
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
REVOKE ALL ON FUNCTION salsa_display(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_display(bytea) TO salsa_service;

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

DROP = """
DROP TRIGGER tell_display ON api_key;
DROP FUNCTION salsa_tell_display();
DROP FUNCTION salsa_display(bytea);
DELETE FROM api_key WHERE post IS NOT NULL;
CREATE OR REPLACE FUNCTION salsa_key(wanted bytea)
RETURNS TABLE (key_id uuid, scopes text[], expires_at timestamptz, account_id uuid,
               owner_state char(3), agency text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.id, k.scopes, k.expires_at, a.id, a.owner_state, a.agency, a.role
    FROM api_key k JOIN account a ON a.id = k.account_id
    WHERE k.digest = wanted AND k.revoked_at IS NULL AND a.is_active
$$;
ALTER TABLE api_key DROP CONSTRAINT ck_api_key_display, DROP COLUMN post, DROP COLUMN language,
    DROP COLUMN paired_at, DROP COLUMN seen_at;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
