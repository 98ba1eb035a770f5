"""The published register of handgun sales and its cleaned twin, row beside row."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RAW, CLEANED = "gun_sale_database.csv", "gun_sale_database-openrefined-new.csv"
APPLICATION, MAKE, MODEL, NUMBER, CALIBRE, BARREL = 1, 2, 3, 4, 5, 7
EMPTY = frozenset(("", "NULL"))
Row = tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """Rows that are the same sale in both files, and how many have no sure twin."""

    rows: list[tuple[Row, Row]]
    shifted: int
    unpaired: int


def read(folder: Path) -> Pairs:
    """Pair the rows by their application; several guns of one by model and barrel, then by order.

    A row whose cells are shifted has no application: its first cells are missing.
    """
    raw, cleaned = _by_application(folder / RAW), _by_application(folder / CLEANED)
    paired: list[tuple[Row, Row]] = []
    shifted = unpaired = 0
    for application, rows in raw.items():
        if len(application) < 10:  # a year and six digits
            shifted += len(rows)
            continue
        found = list(_paired(rows, cleaned.get(application, [])))
        paired += found
        unpaired += len(rows) - len(found)
    return Pairs(paired, shifted, unpaired)


def _by_application(path: Path) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            found[row[APPLICATION].strip()].append(tuple(cell.strip() for cell in row))
    return found


def _paired(raw: list[Row], cleaned: list[Row]) -> Iterator[tuple[Row, Row]]:
    if len(raw) != len(cleaned):
        return
    free = list(cleaned)
    left = []
    for row in raw:
        twins = [other for other in free if _same(row, other)]
        if twins:
            free.remove(twins[0])
            yield row, twins[0]
        else:
            left.append(row)
    if len(left) == 1:
        yield left[0], free[0]


def _same(a: Row, b: Row) -> bool:
    return (
        a[MODEL].casefold() == b[MODEL].casefold() and a[NUMBER].casefold() == b[NUMBER].casefold()
        and _length(a[BARREL]) == _length(b[BARREL])
        and (a[MAKE][:1].casefold(), a[CALIBRE][:1]) == (b[MAKE][:1].casefold(), b[CALIBRE][:1])
    )  # fmt: skip


def _length(text: str) -> str:
    try:
        return f"{float(text):g}"
    except ValueError:
        return text
