"""What is remarked on: words that nobody knows, kept as written in a document, not counted in a check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from salsa_ext.errors import Message, say
from salsa_ext.readmodels import names
from salsa_ext.readmodels.suggestions import Suggestion, nearest
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.inquiries import Query

MOST: Final = 50
"""Words that are remarked on; a document with more of them needs another look anyway."""
UNKNOWN: Final = {
    "type": say("“{given}” is no type that is known here; it is kept as it was written."),
    "make": say("“{given}” is no make that is known here; it is kept as it was written."),
    "calibre": say("“{given}” is no calibre that is known here; it is kept as it was written."),
}
NOT_COUNTED: Final = {
    "type": say("“{given}” is no type that is known here, and did not count."),
    "make": say("“{given}” is no make that is known here, and did not count."),
    "calibre": say("“{given}” is no calibre that is known here, and did not count."),
}
BY_HALF: Final = say("“{given}” is not certain: it counted by half, as {name}.")
Word = tuple[str, str, str]
"""A path, the kind of word, and the word."""


@dataclass(frozen=True)
class Remark:
    """A word that nobody knows: where it stands first, how many goods it is said of, what is near.

    `is_asked` of a check; `likely` is the code for which a check took it by half.
    """

    field: str
    kind: str
    given: str
    count: int
    candidates: Sequence[Suggestion] = ()
    is_asked: bool = False
    likely: Suggestion | None = None

    @property
    def code(self) -> str:
        """Return `unknown_` or, where it counted by half, `uncertain_` with the kind of word."""
        return f"uncertain_{self.kind}" if self.likely else f"unknown_{self.kind}"

    @property
    def messages(self) -> list[Message]:
        """Return the remark in words, and what may have been meant."""
        if self.likely:
            return [Message(BY_HALF.text, {"given": self.given, "name": self.likely.name})]
        texts = NOT_COUNTED if self.is_asked else UNKNOWN
        said = [Message(texts[self.kind].text, {"given": self.given})]
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


def on_query(query: Query, language: str) -> list[Remark]:
    """Return a remark for each word of a check that did not count, or by half alone.

    Words that say that something is not known (`names.remark`) were not meant to count.
    """
    words = ((kind, text) for kind in NOT_COUNTED if (text := getattr(query, kind)))
    return [
        _on_asked(kind, text, language) for kind, text in words
        if names.resolve(kind, text) is None and not names.remark(kind, text)
    ]  # fmt: skip


def _on_asked(kind: str, text: str, language: str) -> Remark:
    code = names.likely(kind, text)
    likely = Suggestion(code, names.title(kind, code, language)) if code else None
    return Remark(kind, kind, text, 1, nearest(kind, text, language), is_asked=True, likely=likely)


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
