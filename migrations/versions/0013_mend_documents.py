"""Numbers that stand for one document at a time; settings and figures put right; licences erasable.

The indexes are made with the constraints that they replace, in one transaction: that takes the same
lock, and at no moment a list by number goes without.
"""

from alembic import op

revision = "0013_mend_documents"
down_revision = "0012_add_lookups"

NUMBERS = """
CREATE TABLE standing_number (
    owner_state CHAR(3) NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    id UUID NOT NULL,
    CONSTRAINT pk_standing_number PRIMARY KEY (owner_state, kind, number),
    CONSTRAINT ck_standing_number_kind CHECK (kind IN ('transfer', 'report', 'seizure'))
);
CALL salsa_keep_to_owner('standing_number', 'SELECT, INSERT, DELETE');
"""

# Of two documents that came to share a number, the first keeps it.
NUMBERS_OF = """
INSERT INTO standing_number (owner_state, kind, number, id)
SELECT DISTINCT ON (owner_state, number) owner_state, '{table}', number, id FROM {table} AS stands
WHERE number IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM {table} AS later WHERE later.id = stands.id AND later.version > stands.version)
ORDER BY owner_state, number, id;
ALTER TABLE {table} DROP CONSTRAINT IF EXISTS uq_{table}_owner_state_number_version;
CREATE INDEX IF NOT EXISTS ix_{table}_owner_state_number ON {table} (owner_state, number);
"""

# A number that was given up and taken anew breaks the constraint; the index then stays instead.
BACK = """
DO $$ BEGIN
    ALTER TABLE {table} ADD CONSTRAINT uq_{table}_owner_state_number_version
        UNIQUE (owner_state, number, version);
    DROP INDEX ix_{table}_owner_state_number;
EXCEPTION WHEN unique_violation THEN
    NULL;
END $$;
"""

# A licence leads to a person through the register that issued it. To erase it is the one change
# of a transfer, and its owner's.
LICENCE = """
DROP TRIGGER append_only ON transfer;
CREATE TRIGGER append_only BEFORE DELETE ON transfer
    FOR EACH ROW EXECUTE FUNCTION salsa_refuse_change();
CREATE TRIGGER append_only_but_licence BEFORE UPDATE ON transfer
    FOR EACH ROW WHEN (OLD.licence IS NULL OR NEW.licence IS NOT NULL
        OR to_jsonb(NEW) - 'licence' <> to_jsonb(OLD) - 'licence')
    EXECUTE FUNCTION salsa_refuse_change();
GRANT UPDATE (licence) ON transfer TO salsa_service;
"""

LICENCE_BACK = """
REVOKE UPDATE (licence) ON transfer FROM salsa_service;
DROP TRIGGER append_only_but_licence ON transfer;
DROP TRIGGER append_only ON transfer;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON transfer
    FOR EACH ROW EXECUTE FUNCTION salsa_refuse_change();
"""

# A state that a correction added sees the settings of what it sees.
SETTINGS = """
UPDATE record_setting AS setting SET concerned = stands.concerned FROM record AS stands
WHERE stands.id = setting.record_id AND stands.concerned <> setting.concerned AND NOT EXISTS (
    SELECT 1 FROM record AS later WHERE later.id = stands.id AND later.version > stands.version);
"""

# Silent seizures leave the figures that they were counted in; the previous code counts them.
SILENT = """
INSERT INTO rollup_delta (id, dataset, state, partner, subject, period, amount)
SELECT gen_random_uuid(), 'seizures', stands.owner_state, '', coalesce(stands.type, 'unknown'),
    date_trunc('quarter', stands.occurred_on)::date, {sign}sum(trunc(stands.quantity))
FROM record AS stands JOIN record_setting AS setting ON setting.record_id = stands.id
WHERE stands.document_kind = 'seizure' AND stands.category = 'firearm'
    AND setting.visibility = 'silent' AND NOT EXISTS (
    SELECT 1 FROM record AS later WHERE later.id = stands.id AND later.version > stands.version)
GROUP BY 3, 5, 6;
"""


def upgrade() -> None:
    op.execute(NUMBERS)
    for table in ("transfer", "report", "seizure"):
        op.execute(NUMBERS_OF.format(table=table))
    for mended in (LICENCE, SETTINGS, SILENT.format(sign="-")):
        op.execute(mended)


def downgrade() -> None:
    """Settings stay: a state that sees a record may see what was decided about it."""
    for taken_back in (SILENT.format(sign="+"), LICENCE_BACK):
        op.execute(taken_back)
    for table in ("transfer", "report", "seizure"):
        op.execute(BACK.format(table=table))
    op.execute("DROP TABLE standing_number")
