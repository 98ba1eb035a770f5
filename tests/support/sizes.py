"""How much some tests do: enough to find what breaks in the usual run, and all of it in the long one."""

import os
from typing import Final, TypeVar

import pytest
from hypothesis import HealthCheck, settings

Size = TypeVar("Size")
IS_LONG: Final = bool(os.environ.get("SALSA_LONG"))
long_only = pytest.mark.skipif(not IS_LONG, reason="in the long run: make long")


def sized(usual: Size, long: Size) -> Size:
    """Return the size of the run that this is; `make long` sets SALSA_LONG."""
    return long if IS_LONG else usual


def drawn(usual: int, long: int, steps: int = 50) -> settings:
    """Return how many examples hypothesis draws: the same in each usual run, others in a long one."""
    return settings(
        max_examples=sized(usual, long),
        stateful_step_count=steps,
        derandomize=not IS_LONG,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
