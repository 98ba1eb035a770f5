"""How common a value is is summed over all quarters by revision 0049, and no other figure is."""

import pytest
from alembic import command
from sqlalchemy import text

OLD, NEW = "0048_list_rare_matches", "0049_sum_over_all_time"
FOLDED = """INSERT INTO rollup (dataset, state, partner, subject, period, amount) VALUES
    ('described', 'BRA', '', 'make:taurus', '2025-10-01', 3),
    ('described', 'BRA', '', 'make:taurus', '2026-01-01', 4),
    ('described', 'PRY', '', 'make:taurus', '2026-01-01', 5),
    ('coverage', 'BRA', '', '', '2026-01-01', 7)"""
WAITING = f"""INSERT INTO rollup_delta (id, dataset, state, partner, subject, period, amount) VALUES
    ('{"0" * 32}', 'described', 'BRA', '', 'make:taurus', '2026-01-01', 1)"""
SUMS = "SELECT dataset, state, period::text, amount::int FROM {} ORDER BY dataset, state, period"


@pytest.fixture
def moved(at):
    with at(OLD) as (config, engine):
        with engine.begin() as connection:
            for statement in (FOLDED, WAITING):
                connection.execute(text(statement))
        yield config, engine


def test_how_common_a_value_is_is_summed_over_its_quarters_whatever_is_done_twice(moved):
    config, engine = moved
    for _ in range(2):
        command.upgrade(config, NEW)
        with engine.begin() as connection:
            folded, waiting = (
                [tuple(row) for row in connection.execute(text(SUMS.format(table)))]
                for table in ("rollup", "rollup_delta")
            )
        assert folded == [
            ("coverage", "BRA", "2026-01-01", 7),
            ("described", "BRA", "1900-01-01", 7),
            ("described", "PRY", "1900-01-01", 5),
        ]
        assert waiting == [("described", "BRA", "1900-01-01", 1)]
        command.downgrade(config, OLD)
