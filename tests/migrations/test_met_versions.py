"""Hits of before revision 0079 know by which version of its record the alert was met."""

import pytest
from alembic import command
from sqlalchemy import text

from tests.migrations.test_hidden_before import put

OLD, NEW = "0078_keep_who_hid_it", "0079_end_hits_of_what_changed"
RECORD, NAMED, SECRET = (f"0199f2c0-0000-7000-8000-00000000000{at}" for at in range(3))


@pytest.fixture
def moved(at):
    with at(OLD) as made:
        yield made


def hit(connection, number, owner, **given):
    put(
        connection,
        "hit",
        id=number,
        owner_state=owner,
        alert_state="PRY",
        asking_state="BRA",
        action="seize",
        priority="routine",
        cause_kind="seizure",
        status="open",
        strength="strong",
        made_at="2026-02-15",
        **given,
    )


def test_a_hit_was_met_by_the_version_that_stood_when_it_was_made(moved):
    config, engine = moved
    with engine.begin() as connection:
        for version in (1, 2, 3):
            put(
                connection,
                "record",
                id=RECORD,
                version=version,
                owner_state="BRA",
                category="firearm",
                origin_kind="unknown",
                marking="intact",
                recorded_at=f"2026-0{version}-01",
            )
        hit(connection, NAMED, "BRA", cause_id=RECORD)
        hit(connection, NAMED, "PRY")  # to which it does not show which record it was
        hit(connection, SECRET, "PRY")
    command.upgrade(config, NEW)
    query = "SELECT id::text, owner_state, cause_version FROM hit ORDER BY id, owner_state"
    with engine.begin() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    assert found == [(NAMED, "BRA", 2), (NAMED, "PRY", 2), (SECRET, "PRY", 1)]
