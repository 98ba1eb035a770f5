"""The chain of custody: the same whatever the order of entry; gaps and overlaps show where they are."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.custody.rules import Handover, build_custody

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
HOLDERS = ("BRA-POLICE", "Store 4", "Laboratory", "Court", "Ministry")


def handover(number, giver, receiver, hour=None):
    at = START + timedelta(hours=number if hour is None else hour)
    return Handover(UUID(int=number + 1), at, at.date(), giver, receiver)


def chain_of(*holders):
    """Return the hand-overs from each holder to the next, an hour apart."""
    pairs = pairwise(holders)
    return [handover(number, *pair) for number, pair in enumerate(pairs)]


def codes(custody):
    return [(finding.code, finding.entry) for finding in custody.findings]


@st.composite
def paths(draw):
    """Holders of which no two in a row are the same, from the agency on."""
    path = [HOLDERS[0]]
    for _ in range(draw(st.integers(1, 8))):
        path.append(draw(st.sampled_from([name for name in HOLDERS if name != path[-1]])))
    return path


@given(paths(), st.randoms())
def test_a_whole_chain_has_no_finding_in_any_order_of_entry(path, random):
    entered = chain_of(*path)
    random.shuffle(entered)
    custody = build_custody(path[0], entered)
    assert (custody.findings, custody.holder) == ([], path[-1])
    assert custody.handovers == chain_of(*path)


@given(
    st.lists(st.tuples(*[st.sampled_from(HOLDERS)] * 2, st.integers(0, 50)), max_size=8),
    st.randoms(),
)
def test_what_is_found_does_not_depend_on_the_order_of_entry(moves, random):
    entered = [handover(number, *move) for number, move in enumerate(moves)]
    first = build_custody(HOLDERS[0], entered)
    random.shuffle(entered)
    assert build_custody(HOLDERS[0], entered) == first


@given(paths(), st.data())
def test_a_hand_over_that_is_missing_shows_at_the_next_one_alone(path, data):
    entered = chain_of(*path)
    lost = data.draw(st.integers(0, len(entered) - 1))
    left = entered[:lost] + entered[lost + 1 :]
    custody = build_custody(path[0], left)
    assert [entry for _, entry in codes(custody)] == [each.id for each in entered[lost + 1 :][:1]]


def test_what_was_given_twice_is_an_overlap_and_what_comes_from_elsewhere_a_gap():
    first, twice = handover(0, "A", "B"), handover(1, "A", "C")
    elsewhere = handover(2, "D", "E")
    custody = build_custody("A", [elsewhere, twice, first])
    assert codes(custody) == [("overlap", twice.id), ("gap", elsewhere.id)]
    result = [str(finding.text) for finding in custody.findings]
    assert result[0] == "A handed it to C on 2026-03-01, and had handed it to B already."
    assert result[1] == "How it came from C to D before 2026-03-01 is not recorded."


def test_who_got_it_back_may_give_it_again():
    assert build_custody("A", chain_of("A", "B", "A", "C")).findings == []


def test_who_got_it_back_from_elsewhere_did_not_give_it_twice():
    pairs = [("A", "B"), ("D", "A"), ("E", "F"), ("A", "G")]
    custody = build_custody("A", [handover(number, *pair) for number, pair in enumerate(pairs)])
    assert [code for code, _ in codes(custody)] == ["gap"] * 3


@pytest.mark.parametrize("name", ["store 4", " Store  4", "STORE4"])
def test_case_and_blanks_make_no_other_holder(name):
    assert build_custody("A", [handover(0, "A", "Store 4"), handover(1, name, "B")]).findings == []


def test_a_hand_over_after_the_end_of_custody_shows():
    late = handover(30, "A", "B")
    custody = build_custody("A", [late], ended_on=START.date())
    assert codes(custody) == [("after_end", late.id)]
    [finding] = custody.findings
    assert str(finding.text) == (
        "It was handed over on 2026-03-02, after its custody ended on 2026-03-01."
    )
