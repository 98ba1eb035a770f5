"""From what people write to a code, and how sure that is; nothing is guessed in silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from salsa_ext.matching.likeness import Candidate, ranked, typed
from salsa_ext.matching.names import fold, words

CERTAIN: Final = 0.95  # a code is given where at most one gun in twenty can be another
LIKELY: Final = 0.9  # from here on the best candidate is weak evidence; see docs/names.md
LEADING: Final = 0.75  # a known name, with words behind it that nobody knows
WITHIN: Final = 0.55
FORM: Final = 0.995  # without its words of legal form or trade
_SHORT: Final = {2: 0.7, 3: 0.8}  # so short a name may be a word of its own

Found = Sequence[Candidate]


@dataclass(frozen=True)
class Known:
    """One way to write a code, folded; sureness is below 1 where it may mean another code."""

    folded: str
    code: str
    sureness: float = 1.0


class Names:
    """All names of one kind; the kinds that need more than a table say how they are read."""

    kind = "type"

    def __init__(self, known: Iterable[Known]) -> None:
        by: dict[str, list[Candidate]] = defaultdict(list)
        for one in known:
            how = "name" if one.sureness == 1 else "form" if one.sureness == FORM else "usual"
            by[one.folded].append(Candidate(one.code, one.sureness, how))
        self.by = {name: sorted(found, key=lambda one: -one.sureness) for name, found in by.items()}
        self.sure = sorted(name for name, found in self.by.items() if found[0].sureness >= FORM)

    def resolve(self, text: str) -> str | None:
        """Return the code that a text certainly means, or None."""
        found = self.read(text)
        return found[0].code if found and found[0].sureness >= CERTAIN else None

    def candidates(self, text: str) -> list[Candidate]:
        """Return what a text may mean, the surest first; [] where nothing is like it."""
        return list(self.read(text) or self.guess(text))

    def read(self, text: str) -> Found:
        """Return what the text says, however it is written."""
        return next(filter(None, (way(text) for way in self.ways())), ())

    def ways(self) -> Sequence[Callable[[str], Found]]:
        """Return the ways to read a text, each for what those before it cannot read."""
        return (self.named,)

    def named(self, text: str) -> Found:
        """Return what has just this name."""
        return self.by.get(fold(self.kind, text), ())

    def guess(self, text: str) -> Found:
        """Return what is like it: mistyped, or a name with more words about it."""
        return ranked([*self.mistyped(fold(self.kind, text)), *self.within(text)])

    def mistyped(self, written: str, telling: int = 99) -> list[Candidate]:
        """Return the names that differ by few typing errors; `telling` as in `typed`."""
        return [
            Candidate(self.by[name][0].code, sureness, "typo")
            for name, sureness in typed(written, self.sure, telling)
        ]

    def within(self, text: str) -> list[Candidate]:
        """Return the longest name that is part of the text, surer where the text begins with it."""
        said = words(text)
        for length in range(len(said) - 1, 0, -1):
            for at in range(len(said) - length + 1):
                name = "".join(said[at : at + length])
                found = self.by.get(name, ()) if len(name) > (2 if at else 1) else ()
                if found and found[0].sureness >= FORM:
                    sureness = (WITHIN if at else LEADING) * _SHORT.get(len(name), 1)
                    return [Candidate(found[0].code, sureness, "part")]
        return []
