"""Matches of before revision 0029 are told apart: those of crime, and those of the licit trade."""

import pytest
from alembic import command
from sqlalchemy import text

OLD, NEW = "0028_find_sightings", "0029_tell_crime"
SALE, EXPORT, SEIZED, HIDDEN = (f"0199f2c0-0000-7000-8000-00000000000{at}" for at in range(4))


def record(number, event):
    return f"""INSERT INTO record (id, version, owner_state, concerned, event, document_kind,
        document_id, line, category, quantity, antique, marking, origin_kind, occurred_on, recorded_at)
        VALUES ('{number}', 1, 'BRA', '{{BRA}}', '{event}', 'transfer', '{number}', 1, 'firearm', 1,
        false, 'intact', 'unknown', '2026-01-01', now())"""


def match(record_id, other):
    named = f"'{other}'" if other else "NULL"
    return f"""INSERT INTO match VALUES (gen_random_uuid(), 'BRA', 1, '{record_id}', 1, 'BRA', {named},
        gen_random_uuid(), 1, 30, 'strong', '[]', 'proposed', true, NULL, NULL, NULL, now(), now())"""


@pytest.fixture
def moved(at):
    with at(OLD) as made:
        yield made


def test_what_is_known_to_be_trade_on_both_sides_is_not_of_crime(moved):
    config, engine = moved
    with engine.begin() as connection:
        for number, event in ((SALE, "domestic_sale"), (EXPORT, "export"), (SEIZED, "seized")):
            connection.execute(text(record(number, event)))
        for pair in (
            (SALE, EXPORT),
            (EXPORT, SEIZED),
            (SEIZED, SALE),
            (SALE, None),
            (SALE, HIDDEN),
        ):
            connection.execute(text(match(*pair)))
    command.upgrade(config, NEW)
    query = "SELECT record_id::text, other_record::text FROM match WHERE NOT is_of_crime"
    with engine.begin() as connection:
        assert [tuple(row) for row in connection.execute(text(query))] == [(SALE, EXPORT)]
