"""The small graph of a lead: what is shared, and a line to each gun that shares it.

Positions are those of the drawing; what it says stands in the table below it too.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from salsa_ext.matching.events import SEIZED

MOST: Final = 12
"""Guns that are drawn; the table has the others."""
ROW: Final = 56
LETTERS: Final = 13
"""Of a line in the middle, and of a serial number beside a gun half as many again."""


@dataclass(frozen=True)
class Dot:
    """A gun: how high it stands, its serial number, its last seizure, and whether matches are confirmed."""

    y: int
    serial: str
    seized: Mapping[str, Any]
    is_sure: bool


@dataclass(frozen=True)
class Graph:
    """What is shared, in lines, and the guns; `more` are not drawn."""

    height: int
    words: Sequence[str]
    dots: Sequence[Dot]
    more: int

    @property
    def middle(self) -> int:
        """Return how high what is shared stands."""
        return self.height // 2


def graph(shared: str, lead: Mapping[str, Any]) -> Graph:
    """Return the graph of a lead as the interface gives it; `shared` is what its kind is called."""
    guns = lead["guns"][:MOST]
    dots = [_dot(at, gun) for at, gun in enumerate(guns)]
    words = textwrap.wrap(shared, LETTERS)
    height = max(ROW * len(dots), 20 * len(words) + 24)
    return Graph(height, words, dots, lead["gun_count"] - len(dots))


def _dot(at: int, gun: Mapping[str, Any]) -> Dot:
    seized = [record for record in gun["records"] if record["event"] in SEIZED]
    last = (seized or gun["records"])[-1]
    serial = textwrap.shorten(last["serial"] or "–", LETTERS * 3 // 2, placeholder="…")
    is_sure = all(match["confirmed"] for match in gun["matches"])
    return Dot(ROW * at + ROW // 2, serial, last, is_sure)
