"""Tests of what another state says: what a field may hold, and nothing beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from salsa_ext.values.texts import UNFIT

Test = Callable[[Any], bool]
Shape = Mapping[str, Test]
_STATE: Final = re.compile(r"[A-Z]{3}")
_LONGEST: Final = 30


@dataclass(frozen=True)
class Fields:
    """An object with these fields, of which those that are missing are null; others are cut off."""

    shape: Shape

    def __call__(self, value: Any) -> bool:
        """Tell whether each field is right."""
        return isinstance(value, dict) and all(
            fits(value.get(name)) for name, fits in self.shape.items()
        )

    def cut(self, value: Any) -> Any:
        """Return the fields that are known."""
        return {name: cut(fits, value.get(name)) for name, fits in self.shape.items()}


@dataclass(frozen=True)
class Maybe:
    """Something, or null."""

    is_right: Test

    def __call__(self, value: Any) -> bool:
        """Tell whether it is null or right."""
        return value is None or self.is_right(value)

    def cut(self, value: Any) -> Any:
        """Return what is known of it."""
        return None if value is None else cut(self.is_right, value)


@dataclass(frozen=True)
class Several:
    """A list of so many at most."""

    is_right: Test
    most: int

    def __call__(self, value: Any) -> bool:
        """Tell whether each is right."""
        is_list = isinstance(value, list) and len(value) <= self.most
        return is_list and all(map(self.is_right, value))

    def cut(self, value: Any) -> Any:
        """Return what is known of each."""
        return [cut(self.is_right, each) for each in value]


def cut(is_right: Test, value: Any) -> Any:
    """Return what is right by a test without the fields that it does not know, at every depth."""
    return is_right.cut(value) if isinstance(is_right, Fields | Maybe | Several) else value


def text(most: int) -> Test:
    """Return the test of a text that the database takes and people can read."""
    return lambda value: (
        isinstance(value, str) and len(value) <= most and UNFIT.search(value) is None
    )


def code(known: tuple[str, ...]) -> Test:
    """Return the test of a code of a closed list."""
    return lambda value: isinstance(value, str) and value in known


def is_state(value: Any) -> bool:
    """Tell whether it looks like the code of a state."""
    return isinstance(value, str) and _STATE.fullmatch(value) is not None


def is_flag(value: Any) -> bool:
    """Tell whether it is true or false."""
    return isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """Tell whether it is a whole number."""
    return type(value) is int


def is_number(value: Any) -> bool:
    """Tell whether it is a number."""
    return type(value) in (int, float)


def is_amount(value: Any) -> bool:
    """Tell whether it is an amount: kept as a text, so that no decimal is lost."""
    try:
        written = isinstance(value, str) and len(value) <= _LONGEST
        return is_number(value) or (written and Decimal(value).is_finite())
    except InvalidOperation:
        return False


def is_id(value: Any) -> bool:
    """Tell whether it is a UUID as it is always written."""
    return _is_written_as(value, UUID)


def is_day(value: Any) -> bool:
    """Tell whether it is a day, YYYY-MM-DD."""
    return _is_written_as(value, date.fromisoformat)


def _is_written_as(value: Any, parse: Callable[[str], Any]) -> bool:
    try:
        return isinstance(value, str) and str(parse(value)) == value
    except ValueError:
        return False
