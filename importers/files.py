"""Files as rows of text: the one place where pandas reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from importers.rows import RawRow
from salsa_ext.errors import ImportRejected, Message, say

CHUNK = 10_000


def digest(path: Path) -> bytes:
    """Return the SHA-256 of a file."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


def read_csv(path: Path, columns: Sequence[str]) -> Iterator[RawRow]:
    """Yield the rows of a CSV in UTF-8 with exactly these columns, every cell as its text.

    Raises ImportRejected. A row that is cut short yields without the cells that it lacks.
    """
    number = 1
    for frame in _frames(path, columns):
        names = list(frame.columns)
        for cells in frame.to_numpy(dtype=object).tolist():  # `to_dict` takes ten times as long
            number += 1
            # pandas gives a cell that is not there as NaN, and an empty one as ''
            there = {name: cell for name, cell in zip(names, cells, strict=True)
                     if isinstance(cell, str)}  # fmt: skip
            yield RawRow(number, there)


def _frames(path: Path, columns: Sequence[str]) -> Iterator[Any]:
    import pandas as pd  # here, so that the rest starts without its half second

    # dtype and keep_default_na: the serials 00123, 1E5 and NA are texts and stay what they are
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}
    try:
        with pd.read_csv(path, chunksize=CHUNK, skip_blank_lines=False, **options) as frames:
            for frame in frames:
                _check_header(list(frame.columns), columns, frame.index.dtype.kind == "i")
                yield frame
    except UnicodeDecodeError:
        raise _rejected(say("The file is not in UTF-8.")) from None
    except pd.errors.EmptyDataError:
        raise _rejected(say("The file is empty.")) from None
    except pd.errors.ParserError as error:
        raise _rejected(say("The file is no table: {error}", error=str(error).strip())) from None


def _check_header(found: Sequence[str], columns: Sequence[str], is_numbered: bool) -> None:
    if not is_numbered:  # pandas takes the first cell of rows that are too long as their name
        raise _rejected(say("The rows have more cells than the header."))
    if unknown := sorted(set(found) - set(columns)):
        raise _rejected(say("Nobody knows the columns {names}.", names=", ".join(unknown)))
    if missing := sorted(set(columns) - set(found)):
        raise _rejected(say("The columns {names} are missing.", names=", ".join(missing)))


def _rejected(message: Message) -> ImportRejected:
    return ImportRejected(message, rejects=[])
