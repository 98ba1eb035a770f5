"""What stood before revision 0013 is put right by it."""

import secrets

import pytest
from alembic import command
from sqlalchemy import create_engine, pool, text

from salsa_ext.services import database

ID = "0199f2c0-0000-7000-8000-00000000000{}"
WHEN = "'2025-11-20', '2025-11-20T00:00Z'"


def transfer(number, version, name, receiver=None):
    party = f"'{ID.format(receiver)}'" if receiver else "NULL"
    return f"""INSERT INTO transfer (id, version, owner_state, concerned, kind, number, licence,
        receiver_id, occurred_on, recorded_at) VALUES ('{ID.format(number)}', {version}, 'BRA',
        '{{BRA}}', 'loan', {name}, 'L-7', {party}, {WHEN})"""


def record(number, version, concerned, quantity):
    return f"""INSERT INTO record (id, version, owner_state, concerned, event, document_kind,
        document_id, occurred_on, recorded_at, line, category, type, origin_kind, marking, quantity,
        antique) VALUES ('{ID.format(number)}', {version}, 'BRA', '{concerned}', 'seized', 'seizure',
        '{ID.format(9)}', {WHEN}, 1, 'firearm', 'pistol', 'unknown', 'intact', {quantity}, false)"""


def setting(number, visibility):
    return f"INSERT INTO record_setting VALUES ('{ID.format(number)}', 'BRA', '{{BRA}}', '{visibility}', 'H1')"


BEFORE = (
    "INSERT INTO party (id, owner_state, concerned, kind, country)"
    f" VALUES ('{ID.format(8)}', 'BRA', '{{BRA}}', 'dealer', 'BRA')",
    transfer(1, 1, "'A'"), transfer(1, 2, "'X'"), transfer(2, 1, "'X'"), transfer(3, 1, "NULL", 8),
    record(4, 1, "{BRA}", 9), record(4, 2, "{BRA,PRY}", 3), setting(4, "silent"),
    record(5, 1, "{BRA}", 1), setting(5, "open"),
)  # fmt: skip


@pytest.fixture(scope="module")
def mended(server):
    """A connection of the owner to a database that held rows of before."""
    name = f"salsa_{secrets.token_hex(6)}"
    server.make(name)
    url = server.url("owner", name)
    engine = create_engine(url, poolclass=pool.NullPool)
    command.upgrade(database._alembic(url), "0012_add_lookups")
    with engine.begin() as connection:
        for said in BEFORE:
            connection.execute(text(said))
    command.upgrade(database._alembic(url), "head")
    with engine.connect() as connection:
        yield lambda query: [tuple(row) for row in connection.execute(text(query))]
    server.drop(name)


def test_the_first_of_two_documents_keeps_the_number_that_both_came_to_have(mended):
    found = mended("SELECT owner_state, kind, number, id::text FROM standing_number")
    assert found == [("BRA", "transfer", "X", ID.format(1))]


def test_a_transfer_keeps_its_licence_and_no_party_takes_it(mended):
    assert mended("SELECT licence FROM transfer") == [("L-7",)] * 4
    assert mended("SELECT licence FROM party") == [(None,)]


def test_a_joined_state_sees_the_setting(mended):
    found = mended("SELECT visibility, concerned::text FROM record_setting ORDER BY record_id")
    assert found == [("silent", "{BRA,PRY}"), ("open", "{BRA}")]


def test_what_is_silent_leaves_the_figures(mended):
    columns = "dataset, state, subject, period::text, amount"
    found = mended(f"SELECT {columns} FROM rollup_delta")
    assert found == [("seizures", "BRA", "pistol", "2025-10-01", -3)]
