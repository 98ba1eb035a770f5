"""Rows of texts: CSV and its kin, and JSON lines; standard library alone."""

import csv
import io
import json
import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any, BinaryIO, Final

from importers.reading.reader.parts import (
    ASIDE_ROWS,
    MAX_COLUMNS,
    MAX_LINE,
    MIB,
    Refused,
    Row,
    as_text,
)

SAMPLE_BYTES: Final = 256 * 1024
ASIDE_BYTES: Final = 16 * 1024
COMMON: Final = frozenset("áâãàçéêèíñóôõúüÁÂÃÀÇÉÊÈÍÑÓÔÕÚÜ°ºª’“”–")
RARE: Final = frozenset("äåëìîïòöùûÄÅËÌÎÏÒÖÙÛ¿¡«»")
"""Signs beyond ASCII in texts in Spanish, Portuguese and French."""


def text_rows(
    file: BinaryIO, start: bytes, about: dict[str, Any], options: dict[str, Any]
) -> Iterator[Row]:
    """Return the rows of a text; tell its encoding and format to `about`."""
    about["encoding"] = encoding = _find_encoding(file, start)
    about["last_row"] = sum(part.count(b"\n") for part in iter(lambda: file.read(MIB), b""))
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    sample = start.decode(encoding, "replace").rpartition("\n")[0] or start.decode(
        encoding, "replace"
    )
    if sample.lstrip("\ufeff \r\n").startswith("{"):
        about["format"] = "json_lines"
        return _json_rows(_lines(text))
    about["format"], about["delimiter"] = "text", _find_delimiter(sample)
    if options.get("asides"):
        about["asides"] = _last_lines(file, encoding, about["delimiter"])
    csv.field_size_limit(MAX_LINE)
    return _checked_rows(csv.reader(_lines(text), delimiter=about["delimiter"]))


def _last_lines(file: BinaryIO, encoding: str, delimiter: str) -> list[list[str]]:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - ASIDE_BYTES))
    text = file.read().decode(encoding, "replace").replace("\0", "")
    file.seek(0)
    with suppress(csv.Error):
        last = deque(csv.reader(io.StringIO(text), delimiter=delimiter), ASIDE_ROWS)
        return [[as_text(cell)[:200] for cell in cells] for cells in last]
    return []


def _checked_rows(rows: Iterator[list[str]]) -> Iterator[Row]:
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            raise Refused("long_cell") from None
        if len(row) > MAX_COLUMNS:
            raise Refused("columns")
        yield row


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(MAX_LINE):
        if len(line) >= MAX_LINE:
            raise Refused("long_cell")
        yield line.replace("\0", "")


def _find_encoding(file: BinaryIO, start: bytes) -> str:
    """Return the encoding: by its mark, UTF-8 if all is, else the likeliest of old ones."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start.count(b"\0") > len(start) // 3:
        return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    if _is_utf8(file):
        return "utf-8-sig"
    high = bytes(byte for byte in _all_bytes(file) if byte > 0x7F)[:100_000]
    return max(
        ("cp1252", "cp850", "mac_roman"),
        key=lambda name: sum(
            2 * (sign in COMMON) + (sign in RARE) for sign in high.decode(name, "replace")
        ),
    )


def _is_utf8(file: BinaryIO) -> bool:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        while text.read(MIB):
            pass
    except UnicodeDecodeError:
        return False
    finally:
        text.detach()
        file.seek(0)
    return True


def _all_bytes(file: BinaryIO) -> Iterator[int]:
    for part in iter(lambda: file.read(MIB).translate(None, bytes(range(128))), b""):
        yield from part
        if len(part) > SAMPLE_BYTES:
            break
    file.seek(0)


def _find_delimiter(sample: str) -> str:
    """Return the separator that gives most lines one same number of cells."""

    def score(delimiter: str) -> tuple[float, int]:
        with suppress(csv.Error):
            rows = list(islice(csv.reader(io.StringIO(sample), delimiter=delimiter), 200))
            widths = [len(row) for row in rows if len(row) > 1]
            if widths:
                usual = max({*widths}, key=widths.count)
                return widths.count(usual) / len(rows), usual
        return 0.0, 0

    return max(",;\t|", key=score)


def _json_rows(lines: Iterator[str]) -> Iterator[Row]:
    """Yield the names of all fields in the first lines, then each line by them."""
    first = [_flat(line) for line in islice(lines, 1000)]
    columns = list(dict.fromkeys(name for row in first for name in row))
    if len(columns) > MAX_COLUMNS:
        raise Refused("columns")
    yield columns
    for row in chain(first, map(_flat, lines)):
        yield [row.get(column, "") for column in columns]


def _flat(line: str) -> dict[str, Any]:
    if not line.strip():
        return {}
    try:
        read = json.loads(line)
    except (ValueError, RecursionError):
        raise Refused("damaged") from None
    flat: dict[str, Any] = {}
    waiting = [("", read)]
    while waiting:
        path, value = waiting.pop(0)
        if isinstance(value, dict):
            waiting[:0] = [(f"{path}.{key}".strip("."), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            flat[path] = "; ".join(map(as_text, value))
        else:
            flat[path or "value"] = value
    return flat
