"""What stood before revision 0013 is put right by it, and goes back and forth with what came after."""

from contextlib import contextmanager
from functools import partial

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

ID = "0199f2c0-0000-7000-8000-00000000000{}"
OLD, NEW = "0012_add_lookups", "0013_mend_documents"
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
    transfer(1, 1, "'A'"),
    transfer(1, 2, "'X'"),
    transfer(2, 1, "'X'"),
    transfer(3, 1, "NULL", 8),
    record(4, 1, "{BRA}", 9),
    record(4, 2, "{BRA,PRY}", 3),
    setting(4, "silent"),
    record(5, 1, "{BRA}", 1),
    setting(5, "open"),
)
AFTER = (  # what the revision makes legal: a number that one gave up and another took
    transfer(6, 1, "'Y'"),
    transfer(6, 2, "'Z'"),
    transfer(7, 1, "'Y'"),
    f"INSERT INTO standing_number VALUES ('BRA', 'transfer', 'Y', '{ID.format(7)}')",
    f"INSERT INTO standing_number VALUES ('BRA', 'transfer', 'Z', '{ID.format(6)}')",
)
FIGURES = "SELECT period::text, sum(amount)::int FROM rollup_delta GROUP BY period"


@contextmanager
def holding_rows(at):
    """Yield what moves a database that holds rows of before, and what asks or tells it."""
    with at(OLD) as (config, owner):
        told(owner, *BEFORE)
        yield config, partial(told, owner)


def told(owner, *statements):
    with owner.begin() as connection:
        for statement in statements:
            result = connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


@pytest.fixture(scope="module")
def mended(at):
    with holding_rows(at) as (config, tell):
        command.upgrade(config, NEW)
        yield tell


@pytest.fixture(scope="module")
def taken_back(at):
    with holding_rows(at) as (config, tell):
        command.upgrade(config, NEW)
        tell(*AFTER)
        command.downgrade(config, OLD)
        yield tell


@pytest.fixture(scope="module")
def mended_again(at):
    with holding_rows(at) as (config, tell):
        command.upgrade(config, NEW)
        tell(*AFTER)
        command.downgrade(config, OLD)
        command.upgrade(config, NEW)
        yield tell


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


CONSTRAINTS = "SELECT conname FROM pg_constraint WHERE conname LIKE '%number_version' ORDER BY 1"
INDEXES = "SELECT indexname FROM pg_indexes WHERE indexname ~ '(transfer|report|seizure)_owner_state_number$'"


def test_going_down_a_number_taken_anew_stays_and_is_found_by_an_index(taken_back):
    assert len(taken_back("SELECT id FROM transfer WHERE number = 'Y' AND version = 1")) == 2
    assert taken_back(INDEXES) == [("ix_transfer_owner_state_number",)]
    assert taken_back(CONSTRAINTS) == [
        ("uq_report_owner_state_number_version",),
        ("uq_seizure_owner_state_number_version",),
    ]


def test_going_down_the_silent_are_counted_as_the_code_of_before_counts_them(taken_back):
    assert taken_back(FIGURES) == [("2025-10-01", 0)]


def test_going_down_a_transfer_is_sealed_again(taken_back):
    with pytest.raises(DatabaseError, match="append-only"):
        taken_back("UPDATE transfer SET licence = NULL")


def test_gone_up_again_every_number_stands_for_one_document(mended_again):
    found = mended_again("SELECT number, id::text FROM standing_number ORDER BY number")
    assert found == [("X", ID.format(1)), ("Y", ID.format(7)), ("Z", ID.format(6))]
    assert mended_again(CONSTRAINTS) == []
    assert len(mended_again(INDEXES)) == 3


def test_gone_up_again_the_silent_have_left_the_figures_once(mended_again):
    assert mended_again(FIGURES) == [("2025-10-01", -3)]
