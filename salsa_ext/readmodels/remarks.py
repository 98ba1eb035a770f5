"""What is remarked on a document that was taken: words of it that nobody knows, kept as written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from salsa_ext.errors import Message, say
from salsa_ext.readmodels import names
from salsa_ext.readmodels.suggestions import Suggestion, nearest
from salsa_ext.values.firearms import Firearm

MOST: Final = 50
"""Words that are remarked on; a document with more of them needs another look anyway."""
UNKNOWN: Final = {
    "type": say("“{given}” is no type that is known here; it is kept as it was written."),
    "make": say("“{given}” is no make that is known here; it is kept as it was written."),
    "calibre": say("“{given}” is no calibre that is known here; it is kept as it was written."),
}
Word = tuple[str, str, str]
"""A path, the kind of word, and the word."""


@dataclass(frozen=True)
class Remark:
    """A word that nobody knows: where it stands first, how many goods it is said of, what is near."""

    field: str
    kind: str
    given: str
    count: int
    candidates: Sequence[Suggestion] = ()

    @property
    def messages(self) -> list[Message]:
        """Return the remark in words, and what may have been meant."""
        said = [Message(UNKNOWN[self.kind].text, {"given": self.given})]
        meant = ", ".join(each.name for each in self.candidates)
        return [*said, say("Did you mean {names}?", names=meant)] if meant else said


def on_firearms(
    firearms: Iterable[tuple[str, Firearm]], language: str
) -> list[Remark]:  # fmt: skip
    """Return a remark for each different word of goods, given by path, that has no code.

    However many goods there are, no more is held of them than these words.
    """
    return _remarks(_unknown(firearms), language)


def on_rows(rows: Iterable[tuple[str, Any]], language: str) -> list[Remark]:
    """Return the same for goods that are recorded, by what stands beside their words."""
    words = (
        (f"{path}.{kind}", kind, text)
        for path, row in rows for kind in UNKNOWN
        if getattr(row, kind) is None and (text := getattr(row, f"{kind}_text"))
    )  # fmt: skip
    return _remarks(words, language)


def _unknown(firearms: Iterable[tuple[str, Firearm]]) -> Iterator[Word]:
    for path, firearm in firearms:
        for kind in UNKNOWN:
            text = getattr(firearm, kind)
            if text and names.resolve(kind, text) is None:
                yield f"{path}.{kind}", kind, text


def _remarks(words: Iterable[Word], language: str) -> list[Remark]:
    found: dict[tuple[str, str], Remark] = {}
    for path, kind, text in words:
        if known := found.get((kind, text)):
            found[kind, text] = replace(known, count=known.count + 1)
        elif len(found) < MOST:
            found[kind, text] = Remark(path, kind, text, 1)
    return [
        replace(each, candidates=nearest(each.kind, each.given, language))
        for each in found.values()
    ]  # fmt: skip
