"""Actors that many tests of this folder begin with."""

import pytest


@pytest.fixture
def bra(as_actor):
    return as_actor("BRA", "police_officer")


@pytest.fixture
def pry(as_actor):
    return as_actor("PRY", "police_officer")
