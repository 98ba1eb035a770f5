"""What is signed is canonical JSON (RFC 8785), whoever writes it."""

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from salsa_ext.exchange.envelopes import canonical_json

NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(VALUES)
@example({"b": 1.0, "a": -0.0, "c": [1e-4, 9.99e-5, 1e16, 2.5, 1e21, 5e-324]})
@example({"\u20ac": "\u2028", "\U0001f600": "\x7f\x1f\b", "\ufb33": '"\\/'})
def test_every_value_is_written_as_the_standard_wants_it(value):
    assert canonical_json(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [2**53, float("nan"), float("inf"), "\ud800", {"a": {1}}, {1: 2}])
def test_what_the_standard_cannot_write_is_refused(value):
    with pytest.raises(ValueError):
        canonical_json(value)
