"""Drawings of annual reports as SVG without style sheets, for pages and papers alike."""

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Final

from babel.numbers import format_decimal

from api.i18n.messages import language, translate
from api.web.maps import draw_shaded_map
from salsa_ext.core.errors import message

LABEL_WIDTH, BAR_WIDTH, ROW_HEIGHT = 350, 340, 34
MAX_LABEL: Final = 38
NUMBER_WIDTH: Final = 80
BAR_COLOUR, LINE_COLOUR = "#1f4e79", "#5a5a5a"
SHADES: Final = ("#fff", "#d6e4f0", "#a3c4e0", "#6fa0cb", "#3c74a8", "#1b456f")
"""None, then from few to many; also in grey each is darker than the one before."""
NO_FIGURES: Final = "url(#no-figures)"


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


def draw_map(amounts: Mapping[str, int], missing: Collection[str], title: str) -> str:
    """Return the hemisphere: states by their amounts, those with `missing` figures hatched."""
    drawing = draw_shaded_map([*amounts, *missing], amounts, lambda state: (state, None))
    thin = 1 / float(drawing.transform.removeprefix("matrix(").split()[0])
    shapes, labels = [], []
    for state in drawing.states:
        fill = NO_FIGURES if state.shade is None else SHADES[state.shade]
        shapes.append(
            f'<path d="{state.path}" transform="{drawing.transform}" fill="{fill}"'
            f' stroke="{LINE_COLOUR}" stroke-width="{thin:.1f}"/>'
            if state.path
            else f'<circle cx="{state.x}" cy="{state.y}" r="7" fill="{fill}"'
            f' stroke="{LINE_COLOUR}"/>'
        )
        if state.text:
            place = f'<text x="{state.x}" y="{state.y + 6}" text-anchor="middle"'
            halo = f'{place} stroke="#fff" stroke-width="4">{state.text}</text>'
            labels.append(f"{halo}{place}>{state.text}</text>")
    firsts = [1, *(step + 1 for step in drawing.steps)]
    ranges = zip(SHADES[1:], firsts, drawing.steps, strict=False)
    legend = [
        (fill, f"{first}–{last}" if first < last else f"{last}") for fill, first, last in ranges
    ]
    legend.insert(0, (SHADES[0], "0"))
    if missing:
        legend.append((NO_FIGURES, translate(message("No guns recorded"))))
    top = drawing.height - 40 - 38 * len(legend)
    keys = [
        f'<rect x="24" y="{top + 38 * at}" width="34" height="24" fill="{fill}"'
        f' stroke="{LINE_COLOUR}"/><text x="70" y="{top + 19 + 38 * at}">{escape(text)}</text>'
        for at, (fill, text) in enumerate(legend)
    ]
    hatch = (
        '<defs><pattern id="no-figures" width="8" height="8" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect width="8" height="8" fill="#fff"/>'
        f'<line x1="0" y1="0" x2="0" y2="8" stroke="{LINE_COLOUR}" stroke-width="3"/>'
        "</pattern></defs>"
    )
    land = (
        f'<path d="{drawing.land}" transform="{drawing.transform}" fill="#eee"'
        f' stroke="{LINE_COLOUR}" stroke-width="{thin / 2:.1f}"/>'
    )
    content = hatch + land + "".join([*shapes, *labels, *keys])
    return _svg(drawing.width, drawing.height, title, 20, content)


def _svg(width: int, height: int, title: str, size: int, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' font-size="{size}" font-family="Libertinus Serif, serif" fill="#1a1a1a">'
        f"<title>{escape(title)}</title>{content}</svg>"
    )
