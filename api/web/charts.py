"""Bars by week as a drawing of the server's own; `chart.html` writes it as SVG, beside a table of the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH, HEIGHT = 640, 260
TOP, FOOT = 38, 42
"""Above the highest bar stands its figure, below all bars the days."""
LABELLED: Final = 2
"""Every so many weeks one is labelled, the last among them: a phone has no room for all."""
LABEL: Final = 132
"""How wide a label may be."""
GAP: Final = 0.25
"""Of the place of a week that is left between it and the next."""


@dataclass(frozen=True)
class Bar:
    """A figure as a bar: which series it is of, its box, and what is written over it."""

    series: int
    x: int
    y: int
    width: int
    height: int
    value: int

    @property
    def middle(self) -> int:
        """Return where its figure stands."""
        return self.x + self.width // 2


@dataclass(frozen=True)
class Chart:
    """Bars of one or more series over the same weeks; `labels` stand below, each at its place."""

    bars: Sequence[Bar]
    labels: Sequence[tuple[int, str]]
    names: Sequence[str]
    width: int = WIDTH
    height: int = HEIGHT
    foot: int = HEIGHT - FOOT


def bars(
    names: Sequence[str], series: Sequence[Sequence[int]], labels: Sequence[str]
) -> Chart | None:
    """Return the chart of series of figures, all of one scale from zero; None where all are zero."""
    most = max((value for values in series for value in values), default=0)
    if not most:
        return None
    place = WIDTH / len(labels)
    wide = place * (1 - GAP) / len(series)
    made = [
        _bar(number, place * at + place * GAP / 2 + wide * number, wide, value, most)
        for number, values in enumerate(series) for at, value in enumerate(values)
    ]  # fmt: skip
    said = [(_inside(place * (at + 0.5)), text) for at, text in enumerate(labels)]
    return Chart(made, said[-1::-LABELLED], names)


def _inside(x: float) -> int:
    """Return where a label stands so that none of it is cut off."""
    return round(min(max(x, LABEL / 2), WIDTH - LABEL / 2))


def _bar(series: int, x: float, wide: float, value: int, most: int) -> Bar:
    height = round((HEIGHT - TOP - FOOT) * value / most)
    return Bar(series, round(x), HEIGHT - FOOT - height, round(wide) - 2, height, value)
