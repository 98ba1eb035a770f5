"""Licensing officers whom tests of papers have in common."""

import pytest


@pytest.fixture
def pry(as_actor):
    return as_actor("PRY", "licensing_officer")


@pytest.fixture
def bra(as_actor):
    return as_actor("BRA", "licensing_officer")
