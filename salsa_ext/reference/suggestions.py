"""Unknown words in documents, stored, and checks, ignored, with suggestions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.marks.values import Firearm, Query
from salsa_ext.reference import names

MAX_REMARKS: Final = 50
"""Unknown words reported per document."""
UNKNOWN_MESSAGES: Final = {
    "type": message("“{given}” is no type that is known here; it is stored as written."),
    "make": message("“{given}” is not a known make; it is stored as written."),
    "calibre": message("“{given}” is no calibre that is known here; it is stored as written."),
}
NOT_COUNTED_MESSAGES: Final = {
    "type": message("“{given}” is no type that is known here, and did not count."),
    "make": message("“{given}” is not a known make, and did not count."),
    "calibre": message("“{given}” is no calibre that is known here, and did not count."),
}
UNCERTAIN_MESSAGE: Final = message("“{given}” is not certain: it counted by half, as {name}.")
WordAtPath = tuple[str, str, str]
"""Path, kind and text of a word."""


@dataclass(frozen=True)
class Suggestion:
    """Valid code and its name."""

    code: str
    name: str


@dataclass(frozen=True)
class WordRemark:
    """Unknown word: first path, number of goods, and suggestions.

    `is_asked` for a word of a check; `likely` is the code that the check used with half weight.
    """

    field: str
    kind: str
    given: str
    count: int
    candidates: Sequence[Suggestion] = ()
    is_of_check: bool = False
    likely: Suggestion | None = None

    @property
    def code(self) -> str:
        """Return `unknown_` or, with half weight, `uncertain_` with the kind."""
        return f"uncertain_{self.kind}" if self.likely else f"unknown_{self.kind}"

    @property
    def messages(self) -> list[Message]:
        """Return the remark and its suggestions as messages."""
        if self.likely:
            return [
                Message(UNCERTAIN_MESSAGE.text, {"given": self.given, "name": self.likely.name})
            ]
        texts = NOT_COUNTED_MESSAGES if self.is_of_check else UNKNOWN_MESSAGES
        parts = [Message(texts[self.kind].text, {"given": self.given})]
        meant = ", ".join(each.name for each in self.candidates)
        return [*parts, message("Did you mean {names}?", names=meant)] if meant else parts


def remarks_on_firearms(firearms: Iterable[tuple[str, Firearm]], language: str) -> list[WordRemark]:
    """Return a remark for each distinct unknown word of goods."""
    return _collect_remarks(_unknown_words(firearms), language)


def remarks_on_rows(rows: Iterable[tuple[str, Any]], language: str) -> list[WordRemark]:
    """Return a remark for each distinct unknown word of recorded goods."""
    words = (
        (f"{path}.{kind}", kind, text)
        for path, row in rows
        for kind in UNKNOWN_MESSAGES
        if getattr(row, kind) is None and (text := getattr(row, f"{kind}_text"))
    )
    return _collect_remarks(words, language)


def remarks_on_query(query: Query, language: str) -> list[WordRemark]:
    """Return a remark for each word of a check without full weight."""
    words = ((kind, text) for kind in NOT_COUNTED_MESSAGES if (text := getattr(query, kind)))
    return [
        _query_remark(kind, text, language)
        for kind, text in words
        if names.resolve(kind, text) is None and not names.find_placeholder(kind, text)
    ]


def _query_remark(kind: str, text: str, language: str) -> WordRemark:
    code = names.find_likely(kind, text)
    likely = Suggestion(code, names.display_name(kind, code, language)) if code else None
    return WordRemark(
        kind, kind, text, 1, suggest(kind, text, language), is_of_check=True, likely=likely
    )


def _unknown_words(firearms: Iterable[tuple[str, Firearm]]) -> Iterator[WordAtPath]:
    for path, firearm in firearms:
        for kind in UNKNOWN_MESSAGES:
            text = getattr(firearm, kind)
            if text and names.resolve(kind, text) is None:
                yield f"{path}.{kind}", kind, text


def _collect_remarks(words: Iterable[WordAtPath], language: str) -> list[WordRemark]:
    remarks: dict[tuple[str, str], WordRemark] = {}
    for path, kind, text in words:
        if known := remarks.get((kind, text)):
            remarks[kind, text] = replace(known, count=known.count + 1)
        elif len(remarks) < MAX_REMARKS:
            remarks[kind, text] = WordRemark(path, kind, text, 1)
    return [
        replace(each, candidates=suggest(each.kind, each.given, language))
        for each in remarks.values()
    ]


MAX_SUGGESTIONS: Final = 3


def suggest(kind: str, text: str, language: str) -> list[Suggestion]:
    """Return the likeliest makes, calibres or types for a text; no importers."""
    likely = [
        candidate.code
        for candidate in names.find_candidates(kind, text)
        if candidate.how != "importer"
    ]
    return [
        Suggestion(code, names.display_name(kind, code, language))
        for code in likely[:MAX_SUGGESTIONS]
    ]
