"""Records joined to guns: by what is sure, by strong matches, and by nothing that was rejected."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.leads.detectors import detect_leads
from salsa_ext.leads.grouping import Edge, GunRecord, group_guns

FIRST = date(2024, 1, 1)
MATCH = UUID(int=10_000)


def entry(number, event="seized", day=0, state="BRA", **more):
    return GunRecord(
        UUID(int=number), state, event, FIRST + timedelta(day), UUID(int=1_000 + number), **more
    )


def sale(number, day=0, **more):
    return entry(number, "domestic_sale", day, **more)


def matched(one, other, confirmed=False):
    return Edge(UUID(int=one), UUID(int=other), MATCH, confirmed)


def linked(one, other):
    return Edge(UUID(int=one), UUID(int=other))


def pair(one, other):
    return UUID(int=one), UUID(int=other)


def parts(*arguments):
    return sorted(sorted(record.id.int for record in gun.records) for gun in group_guns(*arguments))


def test_a_seizure_that_nothing_joins_is_a_gun_of_its_own():
    assert parts([entry(1), entry(2)], []) == [[1], [2]]


def test_what_was_never_seized_is_no_gun_to_look_at():
    assert parts([sale(1)], []) == []


def test_a_strong_match_joins_a_seizure_and_a_sale():
    assert parts([sale(1), entry(2, day=9)], [matched(1, 2)]) == [[1, 2]]


def test_a_gun_is_joined_over_links_and_matches():
    records = [entry(1, "export"), entry(2, "import", 3), sale(3, 9), entry(4, day=90)]
    assert parts(records, [linked(1, 2), matched(2, 3), matched(3, 4)]) == [[1, 2, 3, 4]]


def test_what_leads_to_a_record_that_is_not_shown_joins_nothing():
    assert parts([entry(1)], [matched(1, 2), matched(2, 1)]) == [[1]]


def test_a_pair_that_was_rejected_is_not_joined_around_it():
    records = [sale(1), entry(2, day=9), entry(3, day=12)]
    edges = [matched(1, 3), matched(2, 3)]
    assert parts(records, edges) == [[1, 2, 3]]
    assert parts(records, edges, [pair(1, 2)]) == [[2], [3]]


def test_what_is_sure_stands_beside_a_rejected_pair():
    records = [sale(1), entry(2, day=9), entry(3, day=12)]
    edges = [matched(1, 3, confirmed=True), matched(2, 3)]
    assert parts(records, edges, [pair(1, 2)]) == [[1, 3], [2]]


def test_a_serial_that_was_sold_new_twice_is_of_several_guns():
    records = [sale(1), sale(2, 5), entry(3, day=90), entry(4, day=95)]
    edges = [matched(one, other) for one in (1, 2) for other in (3, 4)]
    found = group_guns(records, edges)
    assert parts(records, edges) == [[1, 2, 3], [1, 2, 4]]
    assert all(gun.is_ambiguous for gun in found)


def test_a_confirmed_match_tells_of_several_guns_which_it_is():
    records = [sale(1), sale(2, 5), entry(3, day=90)]
    [gun] = group_guns(records, [matched(1, 3), matched(2, 3, confirmed=True)])
    assert not gun.is_ambiguous
    assert [record.id.int for record in gun.records] == [2, 3]


def test_matches_that_nobody_confirmed_are_counted():
    records = [sale(1), entry(2, day=9), entry(3, day=12)]
    [gun] = group_guns(records, [matched(1, 2), matched(1, 3, confirmed=True), matched(2, 3)])
    assert gun.unconfirmed_count == 2


numbers = st.integers(1, 8)
worlds = st.tuples(
    st.lists(
        st.tuples(
            st.sampled_from(("seized", "domestic_sale", "export", "found", "theft")),
            st.integers(0, 900),
        ),
        min_size=8,
        max_size=8,
    ),
    st.lists(st.tuples(numbers, numbers, st.booleans(), st.booleans()), max_size=12),
    st.lists(st.tuples(numbers, numbers), max_size=3),
)


def built(world):
    told, joins, rejected = world
    records = [
        entry(number, event, day, make="taurus", serial=f"TKA{4200 + number}")
        for number, (event, day) in enumerate(told, 1)
    ]
    against = {frozenset(pair(*both)) for both in rejected if both[0] != both[1]}
    joined = {
        frozenset(pair(one, other)): replace(
            matched(one, other, sure), match_id=None if link else MATCH
        )
        for one, other, sure, link in joins
        if one != other
    }
    # a pair is linked, matched or rejected: one of these
    edges = [edge for both, edge in joined.items() if both not in against]
    return records, edges, [tuple(sorted(both)) for both in against]


@given(worlds, st.randoms())
def test_neither_the_order_of_records_nor_of_what_joins_them_matters(world, random):
    records, edges, rejected = built(world)
    first = group_guns(records, edges, rejected)
    for things in (records, edges, rejected):
        random.shuffle(things)
    again = group_guns(records, edges, rejected)
    assert first == again
    random.shuffle(again)
    assert detect_leads(first) == detect_leads(again)


@given(worlds)
def test_a_rejected_match_never_joins_but_where_it_is_contradicted_for_certain(world):
    records, edges, rejected = built(world)
    sure = [edge for edge in edges if edge.is_certain]
    certain = [{record.id for record in gun.records} for gun in group_guns(records, sure)]
    for gun in group_guns(records, edges, rejected):
        ids = {record.id for record in gun.records}
        for one, other in rejected:
            assert not {one, other} <= ids or any({one, other} <= part for part in certain)


@given(worlds)
def test_a_lead_rests_on_records_that_were_given_and_on_nothing_else(world):
    records, edges, rejected = built(world)
    known = {record.id for record in records}
    for lead in detect_leads(group_guns(records, edges, rejected)):
        assert {record.id for gun in lead.guns for record in gun.records} <= known
        assert lead.score == round(sum(reason.bits for reason in lead.reasons), 1)


@given(worlds)
def test_every_seizure_is_of_one_gun(world):
    records, edges, rejected = built(world)
    seized = [one.id for gun in group_guns(records, edges, rejected) for one in gun.seizures]
    assert len(seized) == len(set(seized))
