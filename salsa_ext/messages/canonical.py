"""Canonical JSON (RFC 8785), written by the standard library where both write the same.

`rfc8785` goes through every value in Python, which takes several times as long; what it would write
otherwise, or refuse, is left to it.
"""

from __future__ import annotations

import json
from typing import Any, Final

import rfc8785

MOST: Final = 2**53 - 1
LEAST: Final = 1e-4
"""Python writes smaller numbers with an exponent, and the standard does not yet."""


class _Otherwise(Exception):
    """The standard library writes this in another way, or takes what RFC 8785 refuses."""


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a value of JSON; raises ValueError or RecursionError for others."""
    try:
        plain = _plain(value)
    except _Otherwise:
        return rfc8785.dumps(value)
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def _plain(value: Any) -> Any:
    """Return the value with its numbers as the standard library writes them canonically."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is dict:
        return {_name(name): _plain(one) for name, one in value.items()}
    if kind is list or kind is tuple:
        return [_plain(one) for one in value]
    return _number(kind, value)


def _name(name: Any) -> str:
    if type(name) is str and name.isascii():  # others are put in order by their UTF-16
        return name
    raise _Otherwise


def _number(kind: type, value: Any) -> float | int:
    if kind is int and -MOST <= value <= MOST:
        return int(value)
    if kind is float and value.is_integer() and -MOST <= value <= MOST:
        return int(value)  # 12.0 is 12, and -0.0 is 0
    if kind is float and LEAST <= abs(value) <= MOST:
        return float(value)
    raise _Otherwise
