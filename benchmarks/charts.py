"""The figures of a search as a picture: recall by class, one bar for each way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

COLOURS: Final = {
    "this": "#0b5cad", "a check": "#7fb2e5", "oracle": "#b9c2cc", "tantivy": "#c77c11", "pg_trgm": "#7a4fa3",
    "rapidfuzz": "#3b8f5a",
}  # fmt: skip
LEFT, WIDE, BAR, GAP = 130, 520, 9, 14


def recall(figures: Sequence[Mapping[str, Any]]) -> str:
    """Return an SVG of recall@10 by class of corruption."""
    rows = [row for row in figures if row["group"] == "corruption"]
    classes, asked = sorted({row["name"] for row in rows}), {row["way"] for row in rows}
    ways = [way for way in COLOURS if way in asked]
    found = {(row["name"], row["way"]): row["recall_10"] for row in rows}
    parts, top = [_legend(ways)], 40
    for name in classes:
        parts.append(f'<text x="{LEFT - 8}" y="{top + BAR * len(ways) / 2 + 4}" text-anchor="end">'
                     f"{escape(name)}</text>")  # fmt: skip
        for way in ways:
            share = found.get((name, way), 0.0)
            parts.append(f'<rect x="{LEFT}" y="{top}" width="{share * WIDE:.1f}" height="{BAR - 1}"'
                         f' fill="{COLOURS[way]}"><title>{way}: {share}</title></rect>')  # fmt: skip
            top += BAR
        top += GAP
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDE + 20} {top}" role="img"'
            f' aria-label="Recall at ten, by class of error" font-family="sans-serif" font-size="12">'
            f"{''.join(parts)}</svg>\n")  # fmt: skip


def _legend(ways: Sequence[str]) -> str:
    return "".join(
        f'<rect x="{LEFT + at * 100}" y="10" width="12" height="12" fill="{COLOURS[way]}"/>'
        f'<text x="{LEFT + at * 100 + 17}" y="20">{escape(way)}</text>'
        for at, way in enumerate(ways)
    )
