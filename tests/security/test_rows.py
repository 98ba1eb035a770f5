"""What the service's role sees and may write, table by table, whatever the code above it asks."""

import psycopg2
import pytest

from salsa_ext.database.session import Base

TABLES = sorted(Base.metadata.tables.values(), key=lambda table: table.name)
CONCERNING = [table.name for table in TABLES if "concerned" in table.columns]
KEPT = """
    account api_key consent discrepancy_assignment document_number hit idempotency_key inbox
    inbox_pair inbox_progress match match_job officer outbox outbox_pair outbox_progress
    owner_notice_job signing_secret trace_message trace_request trace_restriction
""".split()
APPEND_ONLY = """
    attachment_part audit_entry call_answer call_request checkpoint import_run inbox mark
    notification notification_read outbox receipt record report seizure trace_message
    trade_event transfer
""".split()
SEALED = """
    attachment_part audit_entry call_answer call_request checkpoint inbox notification
    notification_read outbox receipt report seizure trace_message trade_event transfer
""".split()
CHANGES = (
    "UPDATE {table} SET owner_state = owner_state",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
)


def test_every_table_of_a_state_is_looked_at():
    owned = {table.name for table in TABLES if "owner_state" in table.columns}
    known = {"agency", "contact", "signing_key", "state_setting"}  # which all may know
    assert owned - {*CONCERNING, *KEPT} == known


@pytest.mark.parametrize("table", CONCERNING + KEPT)
def test_a_table_has_rows_to_be_hidden(as_role, table):
    owner = as_role("owner")
    owner.execute(f"SELECT count(*) FROM {table}")
    assert owner.fetchone()[0] > 0


@pytest.mark.parametrize("table", CONCERNING + KEPT)
def test_no_row_is_seen_where_no_state_is_set(as_role, table):
    service = as_role("service")
    service.execute(f"SELECT count(*) FROM {table}")
    assert service.fetchone()[0] == 0


@pytest.mark.parametrize("table", CONCERNING + KEPT)
@pytest.mark.parametrize("state", ["URY", "---", "", "   ", "{BRA}", "%"])
def test_no_row_is_seen_by_a_state_that_none_concerns(as_role, table, state):
    service = as_role("service")
    service.execute("SELECT set_config('salsa.state', %s, true)", (state,))
    service.execute(f"SELECT count(*) FROM {table} WHERE owner_state IN ('BRA', 'PRY')")
    assert service.fetchone()[0] == 0


@pytest.mark.parametrize("table", CONCERNING)
def test_a_state_sees_only_what_concerns_it(as_role, table):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'PRY'")
    service.execute(f"SELECT count(*) FROM {table} WHERE NOT 'PRY' = ANY(concerned)")
    assert service.fetchone()[0] == 0


@pytest.mark.parametrize("table", KEPT)
def test_a_state_sees_only_its_own_of_what_is_kept_to_the_owner(as_role, table):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'PRY'")
    service.execute(f"SELECT DISTINCT owner_state FROM {table}")
    assert service.fetchall() == [("PRY",)]


@pytest.mark.parametrize("table", CONCERNING + KEPT)
def test_a_row_of_another_owner_is_not_inserted(as_role, table):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'BRA'")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security"):
        service.execute(f"INSERT INTO {table} (owner_state) VALUES ('PRY')")


@pytest.mark.parametrize(
    "table", ["licensee", "party", "permit", "shipment", "record_setting", "trace"]
)
def test_a_row_of_another_owner_is_not_updated(as_role, table):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'PRY'")
    service.execute(f"UPDATE {table} SET concerned = concerned WHERE owner_state = 'BRA'")
    assert service.rowcount == 0


def test_settings_are_read_by_all_and_changed_by_their_state_alone(as_role):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'PRY'")
    service.execute("SELECT owner_state FROM state_setting")
    assert service.fetchall() == [("BRA",)]
    service.execute("UPDATE state_setting SET overdue_hours = 1")
    assert service.rowcount == 0
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security"):
        service.execute("INSERT INTO state_setting VALUES ('URY', 1, 30, 24, '{}', now())")


@pytest.mark.parametrize("table", ["licensee", "party", "permit", "trace"])
def test_a_row_is_not_given_away(as_role, table):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'BRA'")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security"):
        service.execute(f"UPDATE {table} SET owner_state = 'PRY'")


def test_a_public_key_is_read_before_any_state_is_known(as_role):
    service = as_role("service")
    service.execute("SELECT DISTINCT owner_state FROM signing_key ORDER BY 1")
    assert service.fetchall() == [("BRA",), ("PRY",)]


def test_a_state_neither_adds_nor_ends_a_public_key_of_another(as_role):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'PRY'")
    service.execute("UPDATE signing_key SET retired_at = now() WHERE owner_state = 'BRA'")
    assert service.rowcount == 0
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security"):
        service.execute("INSERT INTO signing_key (owner_state) VALUES ('BRA')")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE signing_key SET public_key = public_key",
        "DELETE FROM signing_key",
        "UPDATE signing_secret SET sealed = sealed",
    ],
)
def test_a_key_is_not_exchanged_for_another(as_role, change):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'PRY'")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="permission denied"):
        service.execute(change)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE outbox_progress SET recipient = recipient",
        "UPDATE outbox_progress SET sequence = 1",
        "DELETE FROM outbox_progress",
        "UPDATE outbox_pair SET recipient = recipient",
        "DELETE FROM outbox_pair",
        "UPDATE inbox_progress SET sender = sender",
        "UPDATE inbox_progress SET sequence = 1",
        "DELETE FROM inbox_progress",
        "UPDATE inbox_pair SET sender = sender",
        "DELETE FROM inbox_pair",
    ],
)
def test_how_far_an_envelope_came_is_all_that_is_changed(as_role, change):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'PRY'")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="permission denied"):
        service.execute(change)


@pytest.mark.parametrize(
    "column", ["stored_sha256", "subject_id", "handling", "concerned", "title"]
)
def test_an_attachment_is_neither_exchanged_nor_moved(as_role, column):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'BRA'")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="permission denied"):
        service.execute(f"UPDATE attachment SET {column} = {column}")


@pytest.mark.parametrize("change", ["DELETE FROM attachment", "TRUNCATE attachment"])
def test_no_attachment_disappears(as_role, change):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'BRA'")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="permission denied"):
        service.execute(change)


@pytest.mark.parametrize("state,withdrawn", [("BRA", 1), ("PRY", 1), ("URY", 0)])
def test_an_attachment_is_withdrawn_by_its_owner_alone(as_role, state, withdrawn):
    service = as_role("service")
    service.execute("SELECT set_config('salsa.state', %s, true)", (state,))
    service.execute("UPDATE attachment SET withdrawn_at = now(), withdrawn_reason = 'Double'")
    assert service.rowcount == withdrawn


def test_what_handling_h2_says_concerns_no_other_state(as_role):
    owner = as_role("owner")
    with pytest.raises(psycopg2.errors.CheckViolation, match="owner_only"):
        owner.execute("UPDATE attachment SET handling = 'H2' WHERE cardinality(concerned) > 1")


def test_the_plates_of_a_shipment_are_erased_by_its_owner(as_role):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'BRA'")
    service.execute("UPDATE shipment SET plates = '{}'")
    assert service.rowcount > 0


@pytest.mark.parametrize("state,erased", [("BRA", 1), ("PRY", 0)])
def test_the_licence_of_a_transfer_is_erased_by_its_owner_alone(as_role, state, erased):
    service = as_role("service")
    service.execute("SELECT set_config('salsa.state', %s, true)", (state,))
    service.execute("UPDATE transfer SET licence = NULL WHERE licence IS NOT NULL")
    assert service.rowcount == erased


@pytest.mark.parametrize(
    "changes", ["licence = 'L-8'", "licence = licence", "licence = NULL, number = 'T-2'"]
)
def test_to_erase_the_licence_is_the_one_change_of_a_transfer(as_role, changes):
    owner = as_role("owner")
    with pytest.raises(psycopg2.errors.RestrictViolation, match="append-only"):
        owner.execute(f"UPDATE transfer SET {changes} WHERE licence IS NOT NULL")


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", CHANGES)
def test_the_service_changes_nothing_that_is_append_only(as_role, table, change):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'BRA'")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="permission denied"):
        service.execute(change.format(table=table))


@pytest.mark.parametrize("table", SEALED)
@pytest.mark.parametrize("change", CHANGES)
def test_not_even_the_owner_changes_what_is_sealed(as_role, table, change):
    owner = as_role("owner")
    with pytest.raises(psycopg2.errors.RestrictViolation, match="append-only"):
        owner.execute(change.format(table=table))


@pytest.mark.parametrize("column", ["key", "mark_id", "record_id", "state", "serial_norm", "make"])
def test_a_key_of_a_mark_keeps_what_it_was_made_of(as_role, column):
    service = as_role("service")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        service.execute(f"UPDATE mark_key SET {column} = {column}")


@pytest.mark.parametrize("column", ["visibility", "is_superseded", "is_void"])
def test_a_key_of_a_mark_follows_what_its_owner_decides(as_role, column):
    service = as_role("service")
    service.execute(f"UPDATE mark_key SET {column} = {column}")
    assert service.rowcount > 0


@pytest.mark.parametrize("change", ["DELETE FROM mark_key", "TRUNCATE mark_key"])
def test_no_key_of_a_mark_disappears(as_role, change):
    service = as_role("service")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        service.execute(change)


@pytest.mark.parametrize(
    "said",
    [
        "ALTER TABLE record DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "DROP TABLE record",
        "CREATE TABLE mine (id int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SET ROLE salsa_owner",
        "SET session_replication_role = replica",
        "SELECT * FROM alembic_version",
        "SELECT * FROM board_change",
        "INSERT INTO board_change (state, post) VALUES ('BRA', 'bonfim-lethem')",
        "COPY record TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_service_has_no_way_around_the_rules(as_role, said):
    service = as_role("service")
    with pytest.raises(psycopg2.ProgrammingError):
        service.execute(said)


def test_a_key_is_found_by_its_digest_alone(as_role):
    service = as_role("service")
    service.execute("SELECT count(*) FROM salsa_api_key('')")
    assert service.fetchone()[0] == 0
