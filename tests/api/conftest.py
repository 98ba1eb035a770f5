"""Officers whom tests of papers and of traces have in common."""

import pytest


@pytest.fixture
def pry(as_actor):
    return as_actor("PRY", "licensing_officer")


@pytest.fixture
def bra(as_actor):
    return as_actor("BRA", "licensing_officer")


@pytest.fixture
def of(as_actor):
    """Return the client of a state's officer, an analyst if nothing else is said, made once."""
    made = {}

    def client(state, role="trace_analyst"):
        return made.setdefault((state, role), as_actor(state, role))

    return client
