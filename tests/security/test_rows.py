"""What the service's role sees and may write, table by table, whatever the code above it asks."""

from uuid import UUID

import psycopg2
import pytest

import salsa_ext.tables  # noqa: F401 - declares all models
from salsa_ext.database.session import Base

TABLES = sorted(Base.metadata.tables.values(), key=lambda table: table.name)
CONCERNING = [table.name for table in TABLES if "concerned" in table.columns]
KEPT = """
    account annual_report annual_report_text api_key consent conversation_message discrepancy_assignment
    document_number hit idempotency_key import_profile import_reject imported_document inbox canary
    lead legal_hold lookup_review second_factor inbox_pair inbox_progress match officer outbox outbox_pair
    outbox_progress passkey signing_secret subject_request trace_message trace_request trace_restriction
    webhook webhook_delivery
""".split()
SEALED = """
    attachment_part audit_entry call_answer call_request checkpoint inbox notification
    notification_read outbox receipt report seizure trace_message trade_event transfer
""".split()
APPEND_ONLY = [*SEALED, "mark", "record"]
CHANGES = (
    "UPDATE {table} SET owner_state = owner_state",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
)


@pytest.fixture
def seen_by(as_role):
    """Return what a statement gives to the service when it speaks for a state, or for none."""
    service = as_role("service")

    def read(state, statement):
        service.execute("SET LOCAL salsa.state = %s", (state,))
        service.execute(statement)
        return service.fetchall()

    return read


@pytest.fixture
def changed_by(as_role):
    """Return how many rows a statement of a state changes."""
    service = as_role("service")

    def change(state, statement):
        service.execute("SET LOCAL salsa.state = %s", (state,))
        service.execute(statement)
        return service.rowcount

    return change


@pytest.fixture
def refuse(as_role):
    """Check that statements fail, as the service that speaks for a state or as the owner of the tables."""

    def check(state, statements, why="permission denied", role="service"):
        cursor = as_role(role)
        cursor.execute("SET LOCAL salsa.state = %s", (state,))
        for statement in statements:
            cursor.execute("SAVEPOINT before")
            with pytest.raises(psycopg2.Error, match=why):
                cursor.execute(statement)
                pytest.fail(statement)
            cursor.execute("ROLLBACK TO before")

    return check


def test_every_table_of_a_state_is_looked_at():
    owned = {table.name for table in TABLES if "owner_state" in table.columns}
    known = {"agency", "contact", "participation", "signing_key", "state_setting"}  # by all
    unread = {"counted_object", "lookup_count"}  # by the worker alone, and by functions alone
    assert owned - {*CONCERNING, *KEPT} == known | unread


def test_every_table_that_names_its_state_has_row_level_security(as_role):
    """But for settings of jobs, which hold no record."""
    owner = as_role("owner")
    owner.execute(
        "SELECT DISTINCT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relrowsecurity"
        " AND attname IN ('owner_state', 'state', 'states', 'concerned') ORDER BY 1"
    )
    assert [name for (name,) in owner.fetchall()] == ["job_cursor", "job_failure", "job_try"]


def test_a_table_has_rows_to_be_hidden(as_role):
    owner = as_role("owner")
    for table in CONCERNING + KEPT:
        owner.execute(f"SELECT count(*) FROM {table}")
        assert owner.fetchone()[0] > 0, table


def test_no_row_is_seen_where_no_state_is_set(as_role):
    service = as_role("service")
    for table in CONCERNING + KEPT:
        service.execute(f"SELECT count(*) FROM {table}")
        assert service.fetchone()[0] == 0, table


@pytest.mark.parametrize("state", ["URY", "---", "", "   ", "{BRA}", "%"])
def test_no_row_is_visible_to_a_state_that_none_concerns(seen_by, state):
    for table in CONCERNING + KEPT:
        rows = seen_by(state, f"SELECT 1 FROM {table} WHERE owner_state IN ('BRA', 'PRY')")
        assert rows == [], table


def test_a_state_sees_only_what_concerns_it(seen_by):
    for table in CONCERNING:
        assert seen_by("PRY", f"SELECT 1 FROM {table} WHERE NOT 'PRY' = ANY(concerned)") == []


def test_a_state_sees_only_its_own_of_what_is_kept_to_the_owner(seen_by):
    for table in KEPT:
        assert seen_by("PRY", f"SELECT DISTINCT owner_state FROM {table}") == [("PRY",)], table


def test_a_row_of_another_owner_is_not_inserted(refuse):
    tables = [*CONCERNING, *KEPT, "signing_key"]
    keys = {"record": "id", "record_setting": "record_id", "mark": "record_id"}  # of a node
    inserts = [
        f"INSERT INTO {table} (owner_state, {keys[table]}) VALUES ('PRY', '{UUID(int=7)}')"
        if table in keys
        else f"INSERT INTO {table} (owner_state) VALUES ('PRY')"
        for table in tables
    ]
    refuse("BRA", inserts, "row-level security|for table lead")  # which a job alone writes


@pytest.mark.parametrize(
    "table", ["licensee", "party", "permit", "shipment", "record_setting", "trace"]
)
def test_a_row_of_another_owner_is_not_updated(changed_by, table):
    update = f"UPDATE {table} SET concerned = concerned WHERE owner_state = 'BRA'"
    assert changed_by("PRY", update) == 0


def test_settings_are_read_by_all_and_changed_by_their_state_alone(seen_by, changed_by, refuse):
    assert seen_by("PRY", "SELECT owner_state FROM state_setting") == [("BRA",)]
    assert changed_by("PRY", "UPDATE state_setting SET overdue_hours = 1") == 0
    insert = "INSERT INTO state_setting VALUES ('URY', 1, 30, 24, '{}', now())"
    refuse("PRY", [insert], "row-level security")


def test_a_row_is_not_given_away(refuse):
    tables = ("licensee", "party", "permit", "trace")
    gifts = [f"UPDATE {table} SET owner_state = 'PRY'" for table in tables]
    refuse("BRA", gifts, "row-level security")


def test_a_public_key_is_read_before_any_state_is_known(as_role):
    service = as_role("service")
    service.execute("SELECT DISTINCT owner_state FROM signing_key ORDER BY 1")
    assert service.fetchall() == [("BRA",), ("PRY",)]


def test_a_state_does_not_end_a_public_key_of_another(changed_by):
    retired = "UPDATE signing_key SET retired_at = now() WHERE owner_state = 'BRA'"
    assert changed_by("PRY", retired) == 0


def test_a_key_is_not_exchanged_for_another(refuse):
    refuse(
        "PRY",
        (
            "UPDATE signing_key SET public_key = public_key",
            "DELETE FROM signing_key",
            "UPDATE signing_secret SET sealed = sealed",
        ),
    )


@pytest.mark.parametrize("box,partner", [("outbox", "recipient"), ("inbox", "sender")])
def test_how_far_an_envelope_came_is_all_that_is_changed(refuse, box, partner):
    refuse(
        "PRY",
        (
            f"UPDATE {box}_progress SET {partner} = {partner}",
            f"UPDATE {box}_progress SET sequence = 1",
            f"DELETE FROM {box}_progress",
            f"UPDATE {box}_pair SET {partner} = {partner}",
            f"DELETE FROM {box}_pair",
        ),
    )


def test_an_attachment_is_neither_exchanged_nor_moved_and_does_not_disappear(refuse):
    columns = (
        "stored_sha256 subject_id handling concerned".split()
    )  # a title that names a person is erased
    refuse("BRA", [f"UPDATE attachment SET {column} = {column}" for column in columns])
    refuse("BRA", ["DELETE FROM attachment", "TRUNCATE attachment"])


@pytest.mark.parametrize("state,withdrawn", [("BRA", 1), ("PRY", 1), ("URY", 0)])
def test_an_attachment_is_withdrawn_by_its_owner_alone(changed_by, state, withdrawn):
    change = "UPDATE attachment SET withdrawn_at = now(), withdrawn_reason = 'Double'"
    assert changed_by(state, change) == withdrawn


def test_what_handling_h2_says_concerns_no_other_state(refuse):
    change = "UPDATE attachment SET handling = 'H2' WHERE cardinality(concerned) > 1"
    refuse("BRA", [change], "owner_only", role="owner")


def test_the_plates_of_a_shipment_are_erased_by_its_owner(changed_by):
    assert changed_by("BRA", "UPDATE shipment SET plates = '{}'") > 0


@pytest.mark.parametrize("state,erased", [("BRA", 1), ("PRY", 0)])
def test_the_licence_of_a_transfer_is_erased_by_its_owner_alone(changed_by, state, erased):
    change = "UPDATE transfer SET licence = NULL WHERE licence IS NOT NULL"
    assert changed_by(state, change) == erased


def test_to_erase_the_licence_is_the_one_change_of_a_transfer(refuse):
    changes = ("licence = 'L-8'", "licence = licence", "licence = NULL, number = 'T-2'")
    updates = [f"UPDATE transfer SET {change} WHERE licence IS NOT NULL" for change in changes]
    refuse("BRA", updates, "append-only", role="owner")


@pytest.mark.parametrize("change", CHANGES)
def test_the_service_changes_nothing_that_is_append_only(refuse, change):
    refuse("BRA", [change.format(table=table) for table in APPEND_ONLY])


@pytest.mark.parametrize("change", CHANGES)
def test_not_even_the_owner_changes_what_is_sealed(refuse, change):
    refuse("BRA", [change.format(table=table) for table in SEALED], "append-only", role="owner")


def test_a_key_of_a_mark_keeps_what_it_was_made_of_and_does_not_disappear(refuse):
    columns = "key mark_id record_id state serial_norm make".split()
    refuse("BRA", [f"UPDATE mark_key SET {column} = {column}" for column in columns])
    refuse("BRA", ["DELETE FROM mark_key", "TRUNCATE mark_key"])


@pytest.mark.parametrize("column", ["visibility", "is_superseded", "is_void"])
def test_a_key_of_a_mark_follows_what_its_owner_decides(as_role, column):
    service = as_role("service")
    service.execute("SET LOCAL salsa.state = 'BRA'")
    service.execute(f"UPDATE mark_key SET {column} = {column}")
    assert service.rowcount > 0


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE record DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "DROP TABLE record",
        "CREATE TABLE mine (id int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SET ROLE salsa_owner",
        "SET session_replication_role = replica",
        "SELECT * FROM alembic_version",
        "INSERT INTO board_change VALUES ('BRA', 'bonfim-lethem', 1, 'call', gen_random_uuid(), NULL, now())",
        "DELETE FROM board_change",
        "COPY record TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT set_config('salsa.state', 'PRY', true)",
        "UPDATE pg_settings SET setting = 'PRY' WHERE name = 'salsa.state'",
        "SELECT query_to_xml('SELECT 1', true, true, '')",
        "SELECT lo_create(0)",
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "UPDATE account SET role = 'supervisor'",
        "UPDATE account SET username = username",
        "UPDATE api_key SET account_id = account_id",
        "UPDATE api_key SET expires_at = expires_at",
        "UPDATE rollup SET amount = 0",
        "INSERT INTO rollup VALUES ('seizures', 'BRA', '', 'pistol', '2026-01-01', 1)",
        "SELECT * FROM counted_object",
        "UPDATE installation SET kind = 'demo'",
        "CALL salsa_open_clock()",
        "SELECT * FROM lookup_count",
        "UPDATE lookup_count SET used = 0",
    ],
)
def test_the_service_has_no_way_around_the_rules(as_role, statement):
    service = as_role("service")
    with pytest.raises(psycopg2.ProgrammingError):
        service.execute(statement)


def test_a_key_is_found_by_its_digest_alone(as_role):
    service = as_role("service")
    service.execute("SELECT count(*) FROM salsa_api_key('')")
    assert service.fetchone()[0] == 0
