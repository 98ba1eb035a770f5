"""Drawings of annual reports as SVG without style sheets, for pages and papers alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from math import ceil
from typing import Final

from babel.numbers import format_decimal

from api.i18n.messages import language, translate
from api.web.maps import MapView, state_point
from salsa_ext.core.errors import message

LABEL_WIDTH, BAR_WIDTH, ROW_HEIGHT = 300, 340, 34
MAX_LABEL: Final = 34
NUMBER_WIDTH: Final = 80
BAR_COLOUR, LINE_COLOUR = "#1f4e79", "#5a5a5a"
SHADES: Final = ("#d6e4f0", "#a3c4e0", "#6fa0cb", "#3c74a8", "#1b456f")
"""From few to many; also in grey each is darker than the one before."""
NO_FIGURES: Final = "url(#no-figures)"
HEMISPHERE: Final = MapView(middle=-80, top=76.0, scale=7.4, height=1040)
SMALL: Final = 700
"""Letters of an outline below which a state is drawn as a dot, too."""


def draw_bars(bars: Sequence[tuple[str, int | None]], title: str) -> str:
    """Return horizontal bars with their names and amounts; a withheld one (None) has no bar."""
    most = max((amount or 0 for _, amount in bars), default=0) or 1
    parts = []
    for at, (name, amount) in enumerate(bars):
        y = at * ROW_HEIGHT
        wide = round(BAR_WIDTH * (amount or 0) / most)
        label = name if len(name) <= MAX_LABEL else f"{name[: MAX_LABEL - 1]}…"
        value = (
            translate(message("withheld"))
            if amount is None
            else str(format_decimal(amount, locale=language.get()))
        )
        parts.append(
            f'<text x="{LABEL_WIDTH - 10}" y="{y + 22}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{LABEL_WIDTH}" y="{y + 6}" width="{wide}" height="{ROW_HEIGHT - 12}"'
            f' fill="{BAR_COLOUR}"/>'
            f'<text x="{LABEL_WIDTH + wide + 8}" y="{y + 22}">{value}</text>'
        )
    width, height = LABEL_WIDTH + BAR_WIDTH + NUMBER_WIDTH, ROW_HEIGHT * len(bars)
    return _svg(width, height, title, 18, "".join(parts))


def draw_map(amounts: Mapping[str, int], without: Collection[str], title: str) -> str:
    """Return the hemisphere: states by their amounts, those `without` figures hatched."""
    edges = _edges([amount for amount in amounts.values() if amount])
    shapes, labels = [], []
    for state in sorted({*amounts, *without}):
        fill = NO_FIGURES if state in without else _shade(amounts[state], edges)
        outline = HEMISPHERE.path((state,))
        shapes.append(
            f'<path d="{outline}" transform="{HEMISPHERE.transform}" fill="{fill}"'
            f' stroke="{LINE_COLOUR}" stroke-width="1" vector-effect="non-scaling-stroke"/>'
        )
        if (point := state_point(state)) is None:
            continue
        x, y = HEMISPHERE.project(point)
        if len(outline) < SMALL:
            shapes.append(
                f'<circle cx="{x:.0f}" cy="{y:.0f}" r="7" fill="{fill}" stroke="{LINE_COLOUR}"/>'
            )
        else:
            place = f'<text x="{x:.0f}" y="{y + 6:.0f}" text-anchor="middle"'
            halo = f'{place} stroke="#fff" stroke-width="4">{state}</text>'
            labels.append(f"{halo}{place}>{state}</text>")
    legend = [(SHADES[at], text) for at, text in enumerate(_ranges(edges))]
    if 0 in amounts.values():
        legend.insert(0, ("#fff", "0"))
    if without:
        legend.append((NO_FIGURES, translate(message("No figures"))))
    keys = [
        f'<rect x="24" y="{700 + 38 * at}" width="34" height="24" fill="{fill}"'
        f' stroke="{LINE_COLOUR}"/><text x="70" y="{719 + 38 * at}">{escape(text)}</text>'
        for at, (fill, text) in enumerate(legend)
    ]
    hatch = (
        '<defs><pattern id="no-figures" width="8" height="8" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect width="8" height="8" fill="#fff"/>'
        f'<line x1="0" y1="0" x2="0" y2="8" stroke="{LINE_COLOUR}" stroke-width="3"/>'
        "</pattern></defs>"
    )
    return _svg(720, HEMISPHERE.height, title, 20, hatch + "".join([*shapes, *labels, *keys]))


def _svg(width: int, height: int, title: str, size: int, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' font-size="{size}" font-family="Libertinus Serif, serif" fill="#1a1a1a">'
        f"<title>{escape(title)}</title>{content}</svg>"
    )


def _edges(amounts: Sequence[int]) -> list[int]:
    """Return the greatest amount of each shade, with about as many states in each."""
    ordered, count = sorted(amounts), len(SHADES)
    return (
        sorted({ordered[ceil(len(ordered) * at / count) - 1] for at in range(1, count + 1)})
        if (ordered)
        else []
    )


def _shade(amount: int, edges: Sequence[int]) -> str:
    """Return the colour of an amount; white for none."""
    if not amount:
        return "#fff"
    return SHADES[next(at for at, edge in enumerate(edges) if amount <= edge)]


def _ranges(edges: Sequence[int]) -> list[str]:
    firsts = [1, *(edge + 1 for edge in edges)]
    return [
        f"{first}" if first == edge else f"{first}–{edge}"
        for first, edge in zip(firsts, edges, strict=False)
    ]
