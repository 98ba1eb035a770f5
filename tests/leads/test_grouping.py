"""Seized guns as leads compare them: whole, or one for each seizure if the mark was sold new twice."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.firearms.search.evidence import Description
from salsa_ext.guns.rules import GunFacts, group_by_gun, join
from salsa_ext.leads.detectors import detect_leads
from salsa_ext.leads.leads import GunRecord, seized_guns

FIRST = date(2024, 1, 1)
MATCH = UUID(int=10_000)
SERIAL = "TKA42001"


def seizure(number, event="seized", day=0, state="BRA", serial=SERIAL):
    on, key = FIRST + timedelta(day), UUID(int=number)
    document = UUID(int=1_000 + number)
    return GunRecord(key, state, event, on, document, document, make="taurus", serial=serial)


def sale(number, day=0, **more):
    return seizure(number, "domestic_sale", day, **more)


def confirmed(one, other):
    return join(UUID(int=one), UUID(int=other), "match", MATCH)


def group(records, joins=(), rejected=()):
    description = Description("", "taurus")
    facts = [
        GunFacts(each.id, each.event, each.on, description, frozenset((each.serial,)))
        for each in records
    ]
    guns = group_by_gun(facts, joins, rejected)
    return seized_guns(guns, {each.id: each for each in records})


def parts(*arguments):
    return sorted(sorted(record.id.int for record in gun.records) for gun in group(*arguments))


def test_what_was_never_seized_is_no_gun_to_look_at():
    assert parts([sale(1)]) == []


def test_a_seizure_and_a_sale_of_one_serial_are_one_gun():
    [gun] = group([sale(1), seizure(2, day=9)])
    assert [record.event for record in gun.records] == ["domestic_sale", "seized"]
    assert not gun.is_ambiguous


def test_a_serial_that_was_sold_new_twice_is_of_several_guns():
    records = [sale(1), sale(2, 5), seizure(3, day=90), seizure(4, day=95)]
    assert parts(records) == [[1, 2, 3], [1, 2, 4]]
    assert all(gun.is_ambiguous for gun in group(records))


def test_a_confirmed_match_tells_of_several_guns_which_it_is():
    [gun] = group([sale(1), sale(2, 5), seizure(3, day=90)], [confirmed(2, 3)])
    assert not gun.is_ambiguous
    assert [record.id.int for record in gun.records] == [2, 3]


def test_joins_that_nobody_confirmed_are_counted():
    [gun] = group([sale(1), seizure(2, day=9), seizure(3, day=12)], [confirmed(1, 3)])
    assert gun.unconfirmed_count == 2


numbers = st.integers(1, 8)
pairs = st.lists(st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1]), max_size=5)
rows = st.lists(
    st.tuples(
        st.sampled_from(("seized", "domestic_sale", "export", "found", "theft")),
        st.integers(0, 900),
        st.sampled_from((SERIAL, "TKA42002")),
    ),
    min_size=8,
    max_size=8,
)


def build(drawn, joined, rejected):
    records = [
        seizure(number, event, day, serial=serial)
        for number, (event, day, serial) in enumerate(drawn, 1)
    ]
    against = [(UUID(int=each), UUID(int=other)) for each, other in rejected]
    return records, [confirmed(*pair) for pair in joined], against


@given(rows, pairs, pairs, st.randoms())
def test_the_order_of_records_and_joins_changes_no_lead(drawn, joined, rejected, random):
    world = build(drawn, joined, rejected)
    first = group(*world)
    for things in world:
        random.shuffle(things)
    again = group(*world)
    assert first == again
    random.shuffle(again)
    assert detect_leads(first) == detect_leads(again)


@given(rows, pairs, pairs)
def test_every_seizure_is_of_one_gun(drawn, joined, rejected):
    seized = [each.id for gun in group(*build(drawn, joined, rejected)) for each in gun.seizures]
    assert len(seized) == len(set(seized))


@given(rows, pairs, pairs)
def test_a_lead_rests_on_records_that_were_given_and_on_nothing_else(drawn, joined, rejected):
    records, *more = build(drawn, joined, rejected)
    known = {record.id for record in records}
    for lead in detect_leads(group(records, *more)):
        assert {record.id for gun in lead.guns for record in gun.records} <= known
        assert lead.score == round(sum(reason.bits for reason in lead.reasons), 1)
