"""An analyst of Brazil who looks at traces on their pages, and one that has answers."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning


@pytest.fixture
def bra(as_actor):
    return as_actor("BRA", "trace_analyst")


@pytest.fixture
def analyst(signed_in):
    return signed_in("BRA", "trace_analyst")


@beginning
def trace(as_actor, bra):
    """A trace of a gun that was made in Brazil and sold in Paraguay, which answers at once."""
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    return bra.post("/traces", bodies.trace()).json
