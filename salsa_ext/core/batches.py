"""Item lists of any length: tuples, or files read row by row."""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

Item = TypeVar("Item")
Part = TypeVar("Part")
Key = TypeVar("Key", bound=Hashable)

MAX_BODY_ITEMS: Final = 5_000
"""Most items in one JSON body; longer lists are streamed in and omitted from answers."""
MAX_STREAMED_ITEMS: Final = 100_000
CHUNK_SIZE: Final = 2_000
"""Items in memory at once."""


class ItemFile(Collection[Item]):
    """Items of a file with their line numbers; reread on every iteration."""

    @abstractmethod
    def numbered(self) -> Iterator[tuple[int, Item]]:
        """Yield line number and item in order; may be called repeatedly."""

    def __iter__(self) -> Iterator[Item]:
        return (item for _, item in self.numbered())

    def __contains__(self, sought: object) -> bool:
        return any(item == sought for item in self)


def with_paths(items: Collection[Item]) -> Iterator[tuple[str, Item]]:
    """Yield items with their error paths: `items.0`, or `manifest.2` of a file."""
    if isinstance(items, ItemFile):
        yield from ((f"manifest.{line}", item) for line, item in items.numbered())
    else:
        yield from with_field_paths("items", items)


def with_field_paths(field: str, items: Iterable[Item]) -> Iterator[tuple[str, Item]]:
    """Yield the items of a document field with their error paths."""
    return ((f"{field}.{index}", item) for index, item in enumerate(items))


def chunks(parts: Iterable[Part], size: int = CHUNK_SIZE) -> Iterator[list[Part]]:
    """Yield lists of at most `size` items."""
    left = iter(parts)
    while some := list(islice(left, size)):
        yield some


def group_by(parts: Iterable[Part], key: Callable[[Part], Key]) -> defaultdict[Key, list[Part]]:
    """Return the items by key, in order; a missing key has none."""
    groups: defaultdict[Key, list[Part]] = defaultdict(list)
    for part in parts:
        groups[key(part)].append(part)
    return groups
