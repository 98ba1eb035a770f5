"""Actors that many tests of this folder begin with."""

import pytest


@pytest.fixture
def analyst(as_actor):
    return as_actor("BRA", "trace_analyst")


@pytest.fixture
def clerk(as_actor):
    return as_actor("PRY", "licensing_officer")
