"""Marks that were read in the field meet whatever they are near."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.firearms.marks import variants
from salsa_ext.firearms.marks.distance import compare

MARKS = st.text("AB18Z0", min_size=4, max_size=9)


@given(MARKS, st.text("AB18Z0?", min_size=4, max_size=9))
def test_two_marks_that_are_near_meet(asked, held):
    near = compare(asked, held)
    if near and near.kind in ("same", "confusable", "one", "two") and "?" not in held:
        assert variants.field_search_keys(asked) & variants.field_index_keys(held)


@pytest.mark.parametrize("known", ["ABC12345", "AB?123456", "ACB123465", "BC12345", "ABC1234567"])
def test_a_mark_meets_what_was_misread_of_it(known):
    assert variants.field_search_keys("ABC123456") & variants.field_index_keys(known)


def test_marks_of_another_number_do_not_meet():
    assert not variants.field_search_keys("ABC123456") & variants.field_index_keys("XYW987042")
