"""What was told of all posts of a state at once is told of each of them before revision 0064."""

import pytest
from alembic import command
from sqlalchemy import text

OLD, NEW = "0063_tell_what_changed", "0064_tell_of_seizures_by_square"
POST = """INSERT INTO post VALUES ('{post}', 'A', 'road', 0, 0, 25, 'GUY', 'A', 'America/Guyana',
    '{other}', 'B', 'America/Belem')"""
TOLD = """INSERT INTO board_change (state, post, kind, square) VALUES
    ('GUY', NULL, 'seizure', 7), ('GUY', 'one', 'shipment', NULL), ('SUR', NULL, 'seizure', 8)"""


@pytest.fixture(scope="module")
def moved(at):
    with at(NEW) as made:
        yield made


def test_the_posts_of_a_state_are_named_again_on_the_way_back(moved):
    config, engine = moved
    with engine.begin() as connection:
        for post, other in (("one", "BRA"), ("other", "SUR")):
            connection.execute(text(POST.format(post=post, other=other)))
        connection.execute(text(TOLD))
    command.downgrade(config, OLD)
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT state, post, kind, square FROM board_change")).all()
    assert {tuple(row) for row in rows} == {
        ("GUY", "one", "seizure", 7),
        ("GUY", "other", "seizure", 7),
        ("GUY", "one", "shipment", None),
        ("SUR", "other", "seizure", 8),
    }
    command.upgrade(config, NEW)
