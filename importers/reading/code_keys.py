"""Keys of codes around a table: `RE = Revólver` below it, or two columns on another sheet; pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from importers.reading.tables import fold

MAX_CODE: Final = 6
LEAST_COVERED: Final = 0.8
"""Share of a column's cells that a key has to explain."""
PAIR: Final = re.compile(
    r"\s*([A-Za-z0-9/]{1,6})\s*(?:[=:]|\s[–-]\s)\s*([^;=:]{2,60}?)\s*(?:[;,]|$)"
)
LABELLED: Final = re.compile(r"\s*([^:=]{2,30}?)\s*:\s*(.*=.*)")
"""A key of one column with its heading: `Type : PA = pistolet ; RV = revolver`."""
NAMES_CODE: Final = re.compile(
    r"\b(cod\w*|clave|key|code|tipo|type|clase|especie|categoria|class)\b"
)
Rows = Sequence[Sequence[str]]
Key = dict[str, str]
HEADING: Final = ""
"""The code in a key for the heading of its column."""


def find_keys(asides: Rows, values: Mapping[str, Sequence[str]]) -> dict[str, Key]:
    """Return what the codes of columns mean, by column; `asides` are rows outside the table."""
    keys: dict[str, Key] = {}
    for key in _blocks(asides):
        scores = {
            column: _score(key, column, texts)
            for column, texts in values.items()
            if column not in keys
        }
        column = max(scores, key=scores.__getitem__, default="")
        if column and scores[column] > 0:
            codes = sorted({text for text in values[column] if _code(text) in key})
            keys[column] = {text: key[_code(text)] for text in codes}
            used = {HEADING, _code(column), *map(_code, codes)}
            keys[column] |= {code: text for code, text in key.items() if code not in used}
    return keys


def _blocks(asides: Rows) -> Iterator[Key]:
    """Yield the codes with their texts, of each block of rows."""
    block: Key = {}
    for cells in [*asides, []]:
        given = [text for cell in cells if (text := cell.strip())]
        labelled = LABELLED.fullmatch(given[0]) if len(given) == 1 else None
        if labelled and len(own := dict(_pairs([labelled[2]]))) > 1:
            yield own | {HEADING: labelled[1]}
            continue
        pairs = dict(_pairs(given))
        if not pairs and len(block) > 1:
            yield block
        block = block | pairs if pairs else {}


def _pairs(given: Sequence[str]) -> Iterator[tuple[str, str]]:
    if len(given) == 2:
        code, text = given
        if len(code) <= MAX_CODE and len(text) > 2 and any(map(str.isalpha, text)):
            yield _code(code), text
    if all("=" in text or ":" in text for text in given):
        yield from ((_code(code), text) for cell in given for code, text in PAIR.findall(cell))


def _code(text: str) -> str:
    plain = fold(text)
    return plain.lstrip("0") or plain


def _score(key: Key, column: str, texts: Sequence[str]) -> float:
    """Return how well a key fits a column, 0 for not at all."""
    used = [code for code in map(_code, texts) if code and code in key]
    codes, heading = {*used}, fold(key.get(HEADING, ""))
    is_named = bool(NAMES_CODE.search(fold(column)) or _code(column) in key) or (
        heading and heading in fold(column)
    )
    is_number = all(map(str.isdigit, codes))
    if len(codes) < 2 or len(used) < LEAST_COVERED * len(texts) or (is_number and not is_named):
        return 0.0
    return len(codes) / len(key) + bool(is_named)
