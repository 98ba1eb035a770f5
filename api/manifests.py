"""Manifests that come as files: judged row by row, and kept on disk while a command reads them."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO, Any, Final, TypeVar
from weakref import finalize

from marshmallow import Schema, ValidationError

from api.rows import READERS, Row, refuse
from api.said import as_messages
from salsa_ext.config import MIB
from salsa_ext.errors import Invalid, Message, say
from salsa_ext.services.fields import MORE, MOST_NAMED
from salsa_ext.values.manifests import CHUNK, MOST_STREAMED, Manifest

Item = TypeVar("Item")
Progress = Callable[[int], None]
MOST_HELD: Final = MIB // 4
"""Bytes of the file whose items are held at once, where fewer than `CHUNK` rows have so many."""


class KeptManifest(Manifest[Item]):
    """Items in a file without a name, which goes with the object; `progress` is told of each part."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed when nobody has the object
        finalize(self, self._file.close)
        self._parts: list[int] = []
        self._length = 0
        self.progress: Progress = progress or (lambda count: None)

    def __len__(self) -> int:
        return self._length

    def add(self, items: list[tuple[int, Item]]) -> None:
        """Append items, each with its line; they are read again as they are held here."""
        self._parts.append(self._file.tell())
        pickle.dump(items, self._file, pickle.HIGHEST_PROTOCOL)
        self._length += len(items)

    def numbered(self) -> Iterator[tuple[int, Item]]:
        """Yield every item with the number of its line."""
        for part in self._parts:
            self._file.seek(part)
            items = pickle.load(self._file)  # noqa: S301 - this object wrote it, and nobody else can
            yield from items
            self.progress(len(items))


def take(
    file: IO[bytes], kind: str, schema: Schema, progress: Progress | None = None
) -> KeptManifest[Any]:
    """Return the items of a file, each as the schema makes it.

    Raises Invalid that names wrong rows by their lines (`manifest.3.serial`), the first of them
    where there are many.
    """
    kept, wrong = KeptManifest[Any](progress), Wrong()
    for items in _parts(rows_of(file, kind, schema), schema, wrong):
        kept.add(items)
        kept.progress(len(items))
        if len(kept) > MOST_STREAMED:
            refuse(say("A manifest has at most {most} rows; send the others as another one.",
                       most=MOST_STREAMED))  # fmt: skip
    wrong.raise_any()
    if not kept:
        refuse(say("The manifest has no rows."))
    return kept


def rows_of(file: IO[bytes], kind: str, schema: Schema) -> Iterator[Row]:
    """Return the rows of a file, read as they are asked for; raises Invalid for another type."""
    if kind not in READERS:
        refuse(say("A manifest is of the type {types}.", types=" / ".join(READERS)))
    return READERS[kind](file, schema)


def _parts(rows: Iterable[Row], schema: Schema, wrong: Wrong) -> Iterator[list[tuple[int, Any]]]:
    """Yield items in lists that are short: a row is judged before the next one is read."""
    held: list[tuple[int, Any]] = []
    size = 0
    for row in rows:
        if (item := wrong.load(row, schema)) is not None:
            held.append((row.line, item))
            size += row.size
        if len(held) == CHUNK or size >= MOST_HELD:
            yield held
            held, size = [], 0
    if held:
        yield held


class Wrong:
    """What is wrong with rows, up to so many of them and so many fields of each."""

    def __init__(self) -> None:
        self.found: dict[str, list[Message]] = {}
        self.rows = 0

    def load(self, row: Row, schema: Schema) -> Any:
        """Return the item of a row, or None where it is wrong; raises Invalid where too many are."""
        try:
            if row.wrong is None:
                return schema.load(row.fields)
            said = {f"manifest.{row.line}": [row.wrong]}
        except ValidationError as error:
            # nobody mends thousands of fields of one row from a list of them
            said = as_messages(error.messages, f"manifest.{row.line}", MOST_NAMED)
        self.rows += 1
        if self.rows > MOST_NAMED:
            self.found["manifest"] = [MORE]
            self.raise_any()
        self.found |= said
        return None

    def raise_any(self) -> None:
        """Raise Invalid where a row was wrong."""
        if self.found:
            raise Invalid(self.found)
