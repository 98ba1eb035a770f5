"""Rows with several guns, cut into a row for each; pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from importers.reading.patterns import split_text
from salsa_ext.firearms.marks.cell_reading import read_cell

MAX_RANGE: Final = 1_000
BETWEEN: Final = re.compile(r"\s*(?:[,;/\n]|\b(?:y|e|et|and)\b|&)\s*", re.IGNORECASE)
RANGES: Final = tuple(
    re.compile(
        rf"(?P<letters>(?:.*[^\d\s])?)\s*(?P<first>\d+)\s*(?:{until})\s*(?P<again>.*?)(?P<last>\d+)",
        re.IGNORECASE | re.DOTALL,
    )
    for until in (r"\b(?:à|al?|ao|au|to|hasta|até|jusqu'à|through)\b", r"[-–—]")
)
"""The words first, for a number may have a hyphen of its own: `541-88490 à 541-88492`."""
Texts = dict[str, str]


def cut_row(
    texts: Texts, columns: Mapping[str, Sequence[str]], patterns: Mapping[str, str]
) -> list[Texts]:
    """Return the row for each of several guns in one cell: cut, or as many as it counts.

    `columns` are those of each field, `patterns` what is between the serials of a column.
    """
    [count, *_] = columns.get("quantity", ("",))
    number = int(text) if len(text := texts.get(count, "")) < 5 and text.isdigit() else 1
    for column in columns.get("serial", ()) if number > 1 else ():
        if parts := _counted(texts[column], number):
            pieces = [texts | {column: part, count: "1"} for part in parts]
            left = number - len(parts)  # three guns, two numbers
            return [*pieces, texts | {column: "", count: str(left)}] if left else pieces
    for column, pattern in patterns.items():
        parts = split_text(pattern, texts[column])
        if len(parts) > 1:
            counted = {count: "1"} if number == len(parts) else {}
            for described in columns.get("description", ())[:1]:
                pattern = rf"^\s*{len(parts)}\s+(x\s+)?"
                counted[described] = re.sub(pattern, "", texts[described])
            return [texts | {column: part} | counted for part in parts]
    return [texts]


def _counted(text: str, number: int) -> Sequence[str]:
    """Return as many serials as the row counts, or fewer: `477 à 480`, `4471, 4476 et 4480`."""
    for match in filter(None, (each.fullmatch(text.strip()) for each in RANGES)):
        letters, first, again, last = match.groups()
        last = first[: -len(last)] + last if len(last) < len(first) else last
        if again.strip() in ("", letters.strip()) and int(last) - int(first) == number - 1:
            size = min(number, MAX_RANGE)
            return [f"{letters}{int(first) + at:0{len(first)}}" for at in range(size)]
    parts = [part for part in BETWEEN.split(text) if part]
    if 1 < len(parts) <= number and all(any(map(str.isdigit, part)) for part in parts):
        return parts
    marks = read_cell(text).marks
    is_whole = len(marks) == number and not any(mark.part for mark in marks)
    return [mark.text for mark in marks] if is_whole else ()
