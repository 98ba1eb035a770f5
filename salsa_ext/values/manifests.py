"""Lists of items that may be long: a tuple, or rows of a file that are read anew each time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

Item = TypeVar("Item")
Part = TypeVar("Part")

MOST_LISTED: Final = 5_000
"""Items that stand in one body; of more, a request streams them and an answer leaves them out."""
MOST_STREAMED: Final = 100_000
CHUNK: Final = 2_000
"""Items that are held at once."""


class Manifest(Collection[Item]):
    """Items of a file, each by the line on which it stands; none of them stays in memory."""

    @abstractmethod
    def numbered(self) -> Iterator[tuple[int, Item]]:
        """Yield every item with the number of its line, in order; it may be asked again."""

    def __iter__(self) -> Iterator[Item]:
        return (item for _, item in self.numbered())

    def __contains__(self, sought: object) -> bool:
        return any(item == sought for item in self)


def named(items: Collection[Item]) -> Iterator[tuple[str, Item]]:
    """Yield items with the path by which errors name each: `items.0`, or `manifest.2` of a file."""
    if isinstance(items, Manifest):
        yield from ((f"manifest.{line}", item) for line, item in items.numbered())
    else:
        yield from listed("items", items)


def listed(field: str, items: Iterable[Item]) -> Iterator[tuple[str, Item]]:
    """Yield the items of a field of a document with the path by which errors name each."""
    return ((f"{field}.{index}", item) for index, item in enumerate(items))


def chunks(parts: Iterable[Part], size: int = CHUNK) -> Iterator[list[Part]]:
    """Yield what there is in lists of at most `size`."""
    left = iter(parts)
    while some := list(islice(left, size)):
        yield some
