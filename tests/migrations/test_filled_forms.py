"""Marks that were kept before there were forms are found by what is near, once the schema is brought up."""

import pytest
from sqlalchemy import create_engine, pool, text

from salsa_ext.firearms.marks import index, keys, variants


@pytest.fixture
def owner(fresh_database):
    engine = create_engine(fresh_database.migration_url, poolclass=pool.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def old(owner):
    """A mark without forms, in a table that the migration left to be filled."""
    return keep(owner, "registration")


def keep(owner, event, serial="ABC123456"):
    key = keys.whole_key(serial)
    with owner.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO mark_key (key, mark_id, record_id, record_version, state, serial_norm, skeleton,"
                " event, occurred_on, visibility, is_superseded, is_void) VALUES (:key, gen_random_uuid(),"
                " gen_random_uuid(), 1, 'BRA', :norm, :skeleton, :event, '2020-01-01', 'open',"
                " false, false)"
            ),
            {"key": key.value, "norm": key.norm, "skeleton": key.skeleton, "event": event},
        )
    return key


def count(owner):
    with owner.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM mark_form"))


def fill(owner, said):
    """Let the table say what is to be filled, and fill it twice."""
    with owner.begin() as connection:
        connection.execute(text(f"COMMENT ON TABLE mark_form IS '{said}'"))
    for _ in range(2):
        with owner.begin() as connection:
            index.fill_variants(connection)


def test_forms_are_filled_in_once_where_the_table_says_so(owner, old):
    with owner.begin() as connection:
        index.fill_variants(connection)
    assert count(owner) == 0
    fill(owner, "to be filled")
    assert count(owner) == len(variants.index_keys(old.norm))


def test_forms_of_what_was_read_in_the_field_are_filled_in_for_that_alone(owner, old):
    fill(owner, "sightings to be filled")
    assert count(owner) == 0
    keep(owner, "theft")
    fill(owner, "sightings to be filled")
    assert count(owner) == len(variants.field_index_keys(old.norm))


@pytest.mark.parametrize("said", ["writings to be filled", "halves and writings to be filled"])
def test_each_writing_of_a_mark_is_filled_in_by_its_own_digits(owner, said):
    alike = [keep(owner, "registration", serial) for serial in ("68512345", "GBS12345")]
    assert len({key.value for key in alike}) == 1
    fill(owner, said)
    digits = [variants.pack_key(variants.CORE, core) for core in ("12345", "68512345")]
    with owner.connect() as connection:
        kept = text("SELECT count(DISTINCT key) FROM mark_form WHERE key = ANY(:digits)")
        assert connection.scalar(kept, {"digits": digits}) == 2


def test_a_mark_of_one_writing_is_not_filled_in_again(owner, old):
    fill(owner, "writings to be filled")
    assert count(owner) == 0
