"""Which records are of one gun: links, confirmed matches, and a rare serial of one make."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.firearms.search.evidence import Description
from salsa_ext.guns.rules import (
    MAX_HOLDERS,
    GunFacts,
    Join,
    contradict,
    group_by_gun,
    is_rare,
    join,
    same_gun,
)

FIRST = date(2024, 1, 1)
SERIAL = "TKA52381"


def record(number, event="domestic_sale", day=0, serial=SERIAL, make="taurus", **described):
    on = FIRST + timedelta(day)
    description = Description("", make, reported_year=on.year, **described)
    serials = frozenset((serial,) if serial else ())
    return GunFacts(UUID(int=number), event, on, description, serials)


def parts(records, joins=(), rejected=(), shares=None):
    guns = group_by_gun(records, joins, rejected, shares or {})
    return sorted(sorted(key.int for key in gun.records) for gun in guns)


def link(one, other):
    return join(UUID(int=one), UUID(int=other), "link")


def is_same(one, other, shares=None):
    return same_gun(one, other, shares or {})


@pytest.mark.parametrize(
    ("other", "is_one"),
    [
        (record(2), True),
        (record(2, make="glock"), False),
        (record(2, make=None), False),
        (record(2, serial="TKA52382"), False),
        (record(2, calibre_family="45_acp"), False),
        (record(2, type="revolver"), False),
        (record(2, calibre_family="9x19"), True),
    ],
)
def test_an_equal_serial_of_one_make_is_of_one_gun_unless_something_contradicts(other, is_one):
    assert is_same(record(1, calibre_family="9x19", type="pistol"), other) == is_one


@pytest.mark.parametrize(
    ("serial", "share", "is_enough"),
    [
        ("1234", 0.001, False),  # short
        ("12345", 0.1, False),
        ("12345", 0.01, True),  # of a rare make
        ("A12345", 0.1, True),
        ("A12345", 0.4, False),  # of a make that made every third gun
        ("A123456", 0.4, True),
        ("PANTERA", 0.01, False),  # words
    ],
)
def test_how_much_a_serial_tells_depends_on_its_length_and_its_make(serial, share, is_enough):
    assert is_rare("taurus", {("make", "taurus"): share}, serial) == is_enough


def test_glyphs_that_look_alike_are_the_same_only_where_a_gun_was_read():
    assert is_same(record(1), record(2, "seized", serial="TKA5238I"))
    assert not is_same(record(1), record(2, serial="TKA5238I"))


def test_two_registered_serials_that_look_alike_are_of_two_guns_and_a_find_of_neither():
    lawful = [record(1), record(2, serial="TKA5238I")]
    assert parts([*lawful, record(3, "seized", 9)]) == [[1], [2], [3]]


def test_what_was_destroyed_before_is_another_gun():
    destroyed, before, after = record(1, "destruction", 5), record(2), record(3, "seized", 9)
    assert contradict(destroyed, after) and not contradict(destroyed, before)
    assert parts([destroyed, before]) == [[1, 2]]


def test_what_happened_before_its_manufacture_is_another_gun():
    assert not is_same(record(1, manufactured_year=2025), record(2))


def test_two_owners_at_one_time_are_one_gun():
    assert parts([record(1), record(2, day=3), record(3, "registration", 4)]) == [[1, 2, 3]]


def test_a_record_that_fits_two_guns_is_of_neither():
    two = [record(1, calibre_family="9x19"), record(2, calibre_family="45_acp")]
    assert parts([*two, record(3)]) == [[1], [2], [3]]
    assert parts([*two, record(4, calibre_family="9x19")]) == [[1, 4], [2]]


def test_a_link_tells_which_of_two_guns_it_is():
    two = [record(1, calibre_family="9x19"), record(2, calibre_family="45_acp")]
    assert parts([*two, record(3)], [link(2, 3)]) == [[1], [2, 3]]


def test_what_a_state_rejected_is_not_joined_around():
    records = [record(1), record(2), record(3)]
    assert parts(records, rejected=[(UUID(int=2), UUID(int=1))]) == [[1], [2], [3]]


def test_links_lead_on_to_other_serials():
    records = [record(1, "export"), record(2, "import", serial=None), record(3, "seized", 9)]
    assert parts(records, [link(1, 2)]) == [[1, 2, 3]]


def test_a_mark_that_a_crowd_bears_joins_nothing():
    crowd = [record(number) for number in range(1, MAX_HOLDERS + 1)]
    assert len(parts(crowd)) == 1
    assert len(parts([*crowd, record(MAX_HOLDERS + 1)])) == MAX_HOLDERS + 1


def test_each_record_is_reached_by_what_is_certain_before_its_mark():
    records = [record(1), record(2, "export", 1), record(3, "import", 2), record(4, "seized", 3)]
    [gun] = group_by_gun(records, [link(2, 3)])
    paths = gun.paths_from(UUID(int=4))
    reached = {key.int: (each.kind, each.other(key).int) for key, each in paths.items()}
    assert reached == {1: ("mark", 4), 2: ("mark", 4), 3: ("link", 2)}


def test_each_record_is_reached_from_each_other_one():
    records = [record(1), record(2, "export", 1), record(3, "import", 2), record(4, "seized", 3)]
    [gun] = group_by_gun(records, [link(2, 3), link(3, 4)])
    for start in gun.records:
        assert gun.paths_from(start).keys() == {*gun.records} - {start}
    kinds = {key.int: each.kind for key, each in gun.paths_from(UUID(int=1)).items()}
    assert kinds == {2: "mark", 3: "link", 4: "link"}


def test_from_the_only_record_of_a_gun_no_other_is_reached():
    [gun] = group_by_gun([record(1)])
    assert gun.paths_from(UUID(int=1)) == {}


def test_a_join_has_its_records_in_order_and_its_match():
    joined = join(UUID(int=2), UUID(int=1), "match", UUID(int=9))
    assert joined == Join(UUID(int=1), UUID(int=2), "match", UUID(int=9))
    assert joined.is_certain and joined.is_confirmed


def test_the_records_of_a_gun_are_in_the_order_of_their_events():
    [gun] = group_by_gun([record(1, day=9), record(2, "export", 1), record(3, "import", 2)])
    assert [key.int for key in gun.records] == [2, 3, 1]


def test_matches_of_one_pair_are_in_the_order_of_their_ids():
    ids = [UUID(int=number) for number in (5, 3, 8, 4, 7)]
    matches = [join(UUID(int=1), UUID(int=2), "match", each) for each in ids]
    [gun] = group_by_gun([record(1), record(2)], matches)
    assert [each.match_id for each in gun.joins if each.is_confirmed] == sorted(ids)


events = st.sampled_from(("domestic_sale", "export", "seized", "theft", "destruction"))
described = st.fixed_dictionaries(
    {
        "make": st.sampled_from(("taurus", "taurus", "glock", None)),
        "calibre_family": st.sampled_from((None, None, "9x19", "45_acp")),
        "type": st.sampled_from((None, None, "pistol", "revolver")),
    }
)
serials = st.sampled_from((SERIAL, SERIAL, "TKA5238I", "BXD44170", "123", None))
rows = st.lists(st.tuples(events, st.integers(0, 900), serials, described), max_size=9)
numbers = st.integers(1, 9)
pairs = st.lists(st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1]), max_size=4)
worlds = st.tuples(rows, pairs, pairs)


def build(world):
    drawn, linked, rejected = world
    records = [
        record(number, event, day, serial, **more)
        for number, (event, day, serial, more) in enumerate(drawn, 1)
    ]
    links = [link(*pair) for pair in linked]
    ids = [(UUID(int=each), UUID(int=other)) for each, other in rejected]
    return records, links, ids


@given(rows, st.randoms())
def test_being_of_one_gun_is_mutual(drawn, random):
    records, _, _ = build((drawn, (), ()))
    for each in records:
        for other in records:
            assert is_same(each, other) == is_same(other, each)
            assert contradict(each, other) == contradict(other, each)


@given(worlds, st.randoms())
def test_the_order_of_records_and_joins_changes_nothing(world, random):
    records, links, rejected = build(world)
    first = group_by_gun(records, links, rejected)
    for things in (records, links, rejected):
        random.shuffle(things)
    again = group_by_gun(records, links, rejected)
    assert sorted(first, key=lambda gun: gun.records) == sorted(again, key=lambda gun: gun.records)


@given(worlds)
def test_each_record_is_in_one_gun(world):
    records, links, rejected = build(world)
    guns = group_by_gun(records, links, rejected)
    assert sorted(key for gun in guns for key in gun.records) == sorted(each.id for each in records)


@given(worlds)
def test_a_record_that_concerns_no_other_changes_no_other(world):
    records, links, rejected = build(world)
    stranger = record(99, "seized", serial="ZZZ99999", make="norinco")
    assert parts([*records, stranger], links, rejected) == sorted(
        [*parts(records, links, rejected), [99]]
    )


@given(worlds)
def test_nothing_in_a_gun_contradicts_but_what_is_certain_joins(world):
    records, links, rejected = build(world)
    known = {each.id: each for each in records}
    certain = group_by_gun([replace(each, serials=frozenset()) for each in records], links)
    family = {key: number for number, gun in enumerate(certain) for key in gun.records}
    for gun in group_by_gun(records, links, rejected):
        for each in gun.records:
            for other in gun.records:
                if family[each] != family[other]:
                    assert not contradict(known[each], known[other])
                    assert (each, other) not in rejected and (other, each) not in rejected


@given(worlds, st.data())
def test_who_sees_less_sees_parts_of_the_same_guns(world, data):
    """Unless what is hidden from him contradicts: here nothing does."""
    records, links, _ = build(world)
    alike = Description("", "taurus", reported_year=2024)
    records = [replace(each, event="seized", description=alike) for each in records]
    visible = [each for each in records if data.draw(st.booleans())]
    whole = [set(gun.records) for gun in group_by_gun(records, links)]
    for gun in group_by_gun(visible, links):
        assert any({*gun.records} <= every for every in whole)
