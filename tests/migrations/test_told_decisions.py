"""The last decision on a licensee of before revision 0021 is told as an event, and taken back with it."""

import pytest
from alembic import command
from sqlalchemy import text

OLD, NEW = "0020_find_parties", "0021_tell_decisions"
STATUSES = {"active": "NULL", "suspended": "'Books not kept'", "defunct": "'Firm closed'"}


def licensee(number, status, reason):
    closed = "'BRA-LICENSING'" if status == "defunct" else "NULL"
    since = "NULL" if status == "active" else "'2026-02-01'"
    return f"""INSERT INTO licensee VALUES ('0199f2c0-0000-7000-8000-00000000000{number}', 'BRA',
        '{{BRA}}', 2, 'L-{number}', '{{dealer}}', '0199f2c0-0000-7000-8000-000000000009', NULL,
        '2025-01-01', NULL, '{status}', '2026-02-01', {reason}, {since}, {closed},
        '2025-01-01T00:00Z')"""


@pytest.fixture(scope="module")
def moved(at):
    with at(OLD) as (config, engine):
        with engine.begin() as connection:
            for number, (status, reason) in enumerate(STATUSES.items()):
                connection.execute(text(licensee(number, status, reason)))
        yield config, engine


def told(engine):
    query = (
        "SELECT kind, reason, data->>'status', data->>'on', data->>'books_with' FROM event"
        " ORDER BY 1"
    )
    with engine.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_the_last_decision_is_told_and_goes_back_and_forth(moved):
    config, engine = moved
    expected = [
        ("closed", "Firm closed", "defunct", "2026-02-01", "BRA-LICENSING"),
        ("suspended", "Books not kept", "suspended", "2026-02-01", None),
    ]
    command.upgrade(config, NEW)
    assert told(engine) == expected
    command.downgrade(config, OLD)
    assert told(engine) == []
    command.upgrade(config, NEW)
    assert told(engine) == expected
