"""Pictures of a score as SVG: what each reason adds or takes, and how the candidates stand."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from salsa_ext.matching.evidence import Reason
from salsa_ext.readmodels.crowds import Candidate

WIDTH: Final = 360  # a phone held upright
EDGE: Final = 12
LETTERS: Final = 44  # of a line of text of size 14
ROW, LINE, BAR = 26, 18, 14
HALO: Final = ' paint-order="stroke" stroke="#ffffff" stroke-width="4"'
INK, GREY, FOR, AGAINST, SUM = "#1a1a1a", "#5c5c5c", "#1f6f43", "#a3262a", "#2b4c7e"


class Drawing:
    """Shapes and texts from the top down, in one column."""

    def __init__(self, title: str, least: float, most: float) -> None:
        self._title, self._least, self._most = title, least, most
        self._shapes: list[str] = []
        self._y = EDGE
        for line in textwrap.wrap(title, LETTERS - 14):
            self.text(line, weight="bold", size=16)
        self._y += EDGE // 2

    def text(
        self, text: str, colour: str = INK, weight: str = "normal", size: int = 14,
        at: float = EDGE, end: bool = False,
    ) -> None:  # fmt: skip
        """Write one line, from `at` or up to it."""
        self._y += LINE
        anchor = ' text-anchor="end"' if end else ""
        self._shapes.append(
            f'<text x="{at:.0f}" y="{self._y}" fill="{colour}" font-size="{size}"'
            f' font-weight="{weight}"{anchor}{HALO}>{escape(text)}</text>'
        )

    def beside(self, text: str, colour: str) -> None:
        """Write at the right edge of the line that was written last."""
        self._y -= LINE
        self.text(text, colour, "bold", at=WIDTH - EDGE, end=True)

    def bar(self, since: float, until: float, colour: str) -> None:
        """Draw bits from one sum to another."""
        left, right = sorted((self.x(since), self.x(until)))
        self._shapes.append(
            f'<rect x="{left:.1f}" y="{self._y + 6}" width="{max(right - left, 1):.1f}"'
            f' height="{BAR}" fill="{colour}"/>'
        )
        self._y += ROW

    def rule(self, bits: float, top: int, label: str) -> None:
        """Draw a line behind all bars since `top`, named below them."""
        x = self.x(bits)
        self._shapes.insert(0, f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{self._y + 6}"'
                            f' stroke="{GREY}" stroke-dasharray="3 3"/>')  # fmt: skip
        self.text(label, GREY, size=13, at=min(max(x, 40), WIDTH - EDGE), end=x > WIDTH / 2)

    def x(self, bits: float) -> float:
        """Return where so many bits stand."""
        return EDGE + (bits - self._least) / (self._most - self._least) * (WIDTH - 2 * EDGE)

    @property
    def y(self) -> int:
        """Return how far down it is drawn."""
        return self._y

    def svg(self) -> str:
        """Return the picture."""
        height = self._y + EDGE
        return "\n".join((
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
            f' height="{height}" role="img" font-family="system-ui, sans-serif">',
            f"<title>{escape(self._title)}</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>', *self._shapes, "</svg>", "",
        ))  # fmt: skip


def ladder(title: str, found: Sequence[Candidate], rules: Sequence[tuple[float, str]]) -> str:
    """Return the picture of the best candidate, reason by reason, and of the others by their sums."""
    steps = list(_steps(found[0].evidence.reasons))
    ends = [0.0, *(end for _, _, end in steps), *(bits for bits, _ in rules),
            *(one.evidence.bits for one in found)]  # fmt: skip
    drawing = Drawing(title, min(ends) - 1, max(ends) + 2)
    top = drawing.y + LINE
    for step in steps:
        _draw_reason(drawing, *step)
    for candidate in found:
        _draw_sum(drawing, candidate, "bold" if candidate is found[0] else "normal")
    for bits, label in rules:
        drawing.rule(bits, top, label)
    return drawing.svg()


def _draw_reason(drawing: Drawing, reason: Reason, since: float, until: float) -> None:
    for line in textwrap.wrap(str(reason.text), LETTERS - 7):
        drawing.text(line)
    colour = FOR if reason.bits > 0 else AGAINST
    drawing.beside(f"{reason.bits:+.1f}", colour)
    drawing.bar(since, until, colour)


def _draw_sum(drawing: Drawing, candidate: Candidate, weight: str) -> None:
    held, evidence = candidate.held, candidate.evidence
    drawing.text(f"{held.serial_norm} of {held.state}, {evidence.strength}", weight=weight)
    drawing.beside(f"{evidence.bits:.1f}", SUM)
    drawing.bar(0, evidence.bits, SUM)


def _steps(reasons: Sequence[Reason]) -> Iterator[tuple[Reason, float, float]]:
    """Yield each reason with the sum before and after it."""
    total = 0.0
    for reason in reasons:
        yield reason, total, total + reason.bits
        total += reason.bits
