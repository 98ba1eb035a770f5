"""What was hidden by its case before revision 0069 stays hidden, and comes to light when it is shown."""

import pytest
from alembic import command
from sqlalchemy import create_engine, pool, text

OLD, NEW = "0067_show_what_changed", "0070_find_by_case"
TRACE, DRAFT, OPEN, MOVED = (f"0199f2c0-0000-7000-8000-00000000000{at}" for at in range(4))
KEPT, SEEING = "BRA-POLICE", "BRA-TEST"
# Of withdrawn, drafted and open cases; of MOVED the asked state has the request in the former case.
CASES = {"C-GONE": TRACE, "C-DRAFT": DRAFT, "C-OPEN": OPEN}
SAID = {
    "uuid": "gen_random_uuid()",
    "integer": "1",
    "smallint": "0",
    "boolean": "false",
    "jsonb": "'{}'",
    "text": "'x'",
    "character": "'BRA'",
    "timestamp with time zone": "now()",
    "date": "now()",
    "ARRAY": "'{}'",
    "bytea": "''",
    "numeric": "1",
    "double precision": "1",
}


@pytest.fixture
def moved(server, at):
    with at(OLD) as (config, owner):
        url = server.url("service", owner.url.database)
        with owner.begin() as connection:
            _fill(connection)
        yield config, owner, create_engine(url, poolclass=pool.NullPool)


def _fill(connection):
    """Write traces, what was read in their cases, and consents, as they stood before."""
    for case, trace in CASES.items():
        status = {TRACE: "withdrawn", DRAFT: "draft"}.get(trace, "sent")
        put(
            connection,
            "trace",
            id=trace,
            owner_state="BRA",
            concerned="{BRA}",
            case_number=case,
            status=status,
            priority="routine",
        )
    put(
        connection,
        "trace",
        id=MOVED,
        owner_state="BRA",
        concerned="{BRA}",
        case_number="C-NEW",
        status="sent",
        priority="routine",
    )
    put(
        connection,
        "trace_request",
        owner_state="PRY",
        asking_state="BRA",
        trace_id=MOVED,
        case_number="C-FORMER",
        status="sent",
        priority="routine",
    )
    for trace in (TRACE, DRAFT):
        hide(connection, trace, KEPT, "BRA")
    hide(connection, MOVED, "PRY-POLICE", "PRY")
    hide(connection, OPEN, "PRY-POLICE", "BRA")  # its draft, of which Paraguay was never told
    for case in (*CASES, "C-FORMER", "ELSE"):
        put(
            connection,
            "audit_entry",
            owner_state="BRA",
            concerned="{BRA,PRY}",
            case_number=case,
            action="record:disclosed",
            subject_kind="record",
        )
        for owner in ("BRA", "PRY"):
            put(
                connection,
                "consent",
                owner_state=owner,
                asking_state="BRA",
                origin_state="PRY",
                case_number=case,
                use="names",
                status="asked",
            )
    put(
        connection,
        "audit_entry",
        owner_state="BRA",
        concerned="{BRA}",
        case_number="OF-TRACE",
        action="envelope:sent",
        subject_kind="envelope",
        data=f'{{"about": "{TRACE}"}}',
    )


def hide(connection, trace, agency, state):
    put(
        connection,
        "hiding",
        subject_id=trace,
        agency=agency,
        owner_state=state,
        subject_kind="trace",
    )


def put(connection, table, **given):
    """Insert a row; what must be something and is not given is anything of its type."""
    columns = connection.execute(
        text(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = :table"
            " AND table_schema = 'public' AND is_nullable = 'NO' AND column_default IS NULL"
        ),
        {"table": table},
    )
    values = {name: SAID[kind] for name, kind in columns}
    values |= {name: f"'{value}'" for name, value in given.items()}
    said = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"
    connection.exec_driver_sql(said)


def seen(moved, table, agency, state="BRA", *, is_new=True):
    """Return the cases of what an agency sees in a table."""
    _, _, service = moved
    unseen = ":agency" if is_new else "salsa_unseen(:agency)"
    with service.begin() as connection:
        connection.execute(
            text(
                f"SELECT set_config('salsa.state', :state, true), set_config('salsa.unseen', {unseen}, true)"
            ),
            {"state": state, "agency": agency},
        )
        return {*connection.scalars(text(f"SELECT case_number FROM {table}"))}


EVERY = {*CASES, "C-FORMER", "ELSE"}


@pytest.mark.parametrize("table", ["audit_entry", "consent"])
def test_what_was_hidden_stays_so_up_and_down(moved, table):
    config, owner, _ = moved
    of_trace = {"OF-TRACE"} if table == "audit_entry" else set()
    left = {"C-OPEN", "C-FORMER", "ELSE"}
    assert seen(moved, table, KEPT, is_new=False) == left
    command.upgrade(config, NEW)
    assert seen(moved, table, KEPT) == left
    assert seen(moved, table, SEEING) == EVERY | of_trace
    assert seen(moved, table, "PRY-POLICE", "PRY") == EVERY - {"C-FORMER"}
    with owner.begin() as connection:
        listed = f'{{"about": ["{OPEN}", "{TRACE}"]}}'
        put(
            connection,
            "audit_entry",
            owner_state="BRA",
            concerned="{BRA}",
            case_number="LISTED",
            action="record:disclosed",
            subject_kind="record",
            data=listed,
        )
    assert seen(moved, table, KEPT) == left
    command.downgrade(config, OLD)
    assert seen(moved, table, KEPT, is_new=False) == left
    command.upgrade(config, NEW)
    assert seen(moved, table, KEPT) == left
    with owner.begin() as connection:
        connection.execute(text("DELETE FROM hiding"))
    assert seen(moved, table, KEPT) >= EVERY | of_trace


def test_what_is_disclosed_since_goes_by_no_case(moved):
    """Nor does what a service without an agency did: it says that it is about no trace."""
    config, owner, _ = moved
    command.upgrade(config, NEW)
    with owner.begin() as connection:
        connection.execute(
            text("ALTER TABLE audit_entry DISABLE TRIGGER USER; DELETE FROM audit_entry")
        )
        for case, agency, data in (("C-GONE", SEEING, "{}"), ("C-DRAFT", None, '{"about": []}')):
            given = {"agency": agency} if agency else {}
            put(
                connection,
                "audit_entry",
                owner_state="BRA",
                concerned="{BRA}",
                case_number=case,
                action="record:disclosed",
                subject_kind="record",
                data=data,
                **given,
            )
    assert seen(moved, "audit_entry", KEPT) == {"C-GONE", "C-DRAFT"}
