"""Row-level security and append-only tables: the procedures that later migrations call."""

from alembic import op

revision = "0001_add_house_rules"
down_revision = None

CREATE = """
-- Row-level security reads one setting and holds no subquery. A row is seen by the states that it
-- concerns and written by its owner alone; unset, the setting matches no row.
CREATE PROCEDURE salsa_protect(protected regclass, granted text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('CREATE POLICY seen ON %s FOR SELECT TO salsa_service '
        'USING (current_setting(''salsa.state'', true)::char(3) = ANY(concerned))', protected);
    EXECUTE format('CREATE POLICY written ON %s FOR INSERT TO salsa_service '
        'WITH CHECK (owner_state = current_setting(''salsa.state'', true)::char(3))', protected);
    EXECUTE format('CREATE POLICY changed ON %s FOR UPDATE TO salsa_service '
        'USING (owner_state = current_setting(''salsa.state'', true)::char(3))', protected);
    EXECUTE format('GRANT %s ON %s TO salsa_service', granted, protected);
END $$;

CREATE PROCEDURE salsa_keep_to_owner(protected regclass, granted text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('CREATE POLICY owned ON %s FOR ALL TO salsa_service '
        'USING (owner_state = current_setting(''salsa.state'', true)::char(3))', protected);
    EXECUTE format('GRANT %s ON %s TO salsa_service', granted, protected);
END $$;

CREATE FUNCTION salsa_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- For tables that stay on one server; distributed ones rely on the missing grants.
CREATE PROCEDURE salsa_append_only(fixed regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s '
        'FOR EACH ROW EXECUTE FUNCTION salsa_refuse_change()', fixed);
    EXECUTE format('CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION salsa_refuse_change()', fixed);
END $$;
"""

DROP = """
DROP PROCEDURE salsa_append_only(regclass);
DROP FUNCTION salsa_refuse_change();
DROP PROCEDURE salsa_keep_to_owner(regclass, text);
DROP PROCEDURE salsa_protect(regclass, text);
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
