"""Validators for JSON received from other states; unknown fields are dropped."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from salsa_ext.core.dates import parse_date
from salsa_ext.core.text import CONTROL_CHARACTERS

Validator = Callable[[Any], bool]
Shape = Mapping[str, Validator]
_STATE_CODE: Final = re.compile(r"[A-Z]{3}")
_MAX_DECIMAL_LENGTH: Final = 30


@dataclass(frozen=True)
class ObjectOf:
    """Object with these fields; missing ones count as null, others are dropped."""

    shape: Shape

    def __call__(self, value: Any) -> bool:
        """Return whether a value is valid."""
        return isinstance(value, dict) and all(
            fits(value.get(name)) for name, fits in self.shape.items()
        )

    def cut(self, value: Any) -> Any:
        """Return only the known fields."""
        return {name: prune(fits, value.get(name)) for name, fits in self.shape.items()}


@dataclass(frozen=True)
class Nullable:
    """A valid value, or null."""

    is_right: Validator

    def __call__(self, value: Any) -> bool:
        """Return whether a value is valid."""
        return value is None or self.is_right(value)

    def cut(self, value: Any) -> Any:
        """Return the value without unknown fields."""
        return None if value is None else prune(self.is_right, value)


@dataclass(frozen=True)
class ListOf:
    """List of at most `most` valid values."""

    is_right: Validator
    most: int

    def __call__(self, value: Any) -> bool:
        """Return whether a value is valid."""
        is_list = isinstance(value, list) and len(value) <= self.most
        return is_list and all(map(self.is_right, value))

    def cut(self, value: Any) -> Any:
        """Return each value without unknown fields."""
        return [prune(self.is_right, each) for each in value]


def prune(is_right: Validator, value: Any) -> Any:
    """Return a valid value without unknown fields, at every depth."""
    return is_right.cut(value) if isinstance(is_right, ObjectOf | Nullable | ListOf) else value


def text_up_to(most: int) -> Validator:
    """Return a validator for text up to a length, without control characters."""
    return lambda value: (
        isinstance(value, str) and len(value) <= most and CONTROL_CHARACTERS.search(value) is None
    )


def one_of(known: tuple[str, ...]) -> Validator:
    """Return a validator for codes of a closed list."""
    return lambda value: isinstance(value, str) and value in known


def is_state_code(value: Any) -> bool:
    """True for three capital letters."""
    return isinstance(value, str) and _STATE_CODE.fullmatch(value) is not None


def is_boolean(value: Any) -> bool:
    """True for true or false."""
    return isinstance(value, bool)


def is_integer(value: Any) -> bool:
    """True for a whole number, not a boolean."""
    return type(value) is int


def is_number(value: Any) -> bool:
    """True for a number, not a boolean."""
    return type(value) in (int, float)


def is_decimal(value: Any) -> bool:
    """True for a number or a decimal written as text without loss."""
    try:
        written = isinstance(value, str) and len(value) <= _MAX_DECIMAL_LENGTH
        return is_number(value) or (written and Decimal(value).is_finite())
    except InvalidOperation:
        return False


def is_uuid(value: Any) -> bool:
    """True for a UUID in its canonical spelling."""
    return _is_canonical(value, UUID)


def is_date(value: Any) -> bool:
    """True for a date written YYYY-MM-DD."""
    return _is_canonical(value, date.fromisoformat)


def is_event_date(value: Any) -> bool:
    """True for a date of an event: YYYY-MM-DD, YYYY-MM or YYYY."""
    return _is_canonical(value, parse_date)


def _is_canonical(value: Any, parse: Callable[[str], Any]) -> bool:
    try:
        return isinstance(value, str) and str(parse(value)) == value
    except ValueError:
        return False
