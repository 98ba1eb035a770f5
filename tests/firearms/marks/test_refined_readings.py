"""Of two readings of one mark the one that says less finds other guns, and is not asked by."""

import pytest

from salsa_ext.firearms.marks.firearm_marks import coarser_readings


@pytest.mark.parametrize(
    "texts,found",
    [
        (["TKA52387", "TKA5238?"], {"TKA5238?"}),
        (["TKA52387", "*5238*", "TK?5?387"], {"*5238*", "TK?5?387"}),
        (["TKA52387", "TKA52[38]87"], {"TKA52[38]87"}),
        (["TKA52387", "TKA5239?"], set()),
        (["TKA5238?", "TKA523?7"], set()),
        (["TKA52387", "TKA52387"], set()),
        ([], set()),
    ],
)
def test_what_another_reading_says_in_full_is_coarser(texts, found):
    assert coarser_readings(texts) == found
