"""The names of makers: legal forms, importers in brackets, and names that a register cut."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from salsa_ext.matching.likeness import Candidate, ranked
from salsa_ext.matching.names import fold, words
from salsa_ext.matching.resolver import LIKELY, Found, Known, Names

_TRADE: Final = """
    inc llc ltd ltda co corp corporation company comp cia gmbh ag spa srl sl plc kg sas sa mfg
    manufacturing manufacture firearms firearm arms armas armes guns usa us the and y e et und
"""
_COMMON: Final = """
    american precision tactical national united universal custom international liberty eagle swiss
    sporting service standard defense defence industries armory arsenal republic general german
"""
_FORM: Final = frozenset(_TRADE.split())
_GENERIC: Final = frozenset(_COMMON.split())  # would stand for many makers without other words
_SHORTEST: Final = 2
_COLUMN: Final = 10  # where some registers cut a make
_CUT: Final = 0.97
_PARTS: Final = 0.96
_SEPARATOR: Final = re.compile(r"[/()\[\];]|\s-\s")


def core(text: str) -> str:
    """Return what is left without words of legal form or trade; '' where it says too little."""
    left = "".join(word for word in words(text) if word not in _FORM)
    return left if len(left) >= _SHORTEST and left not in _GENERIC else ""


def is_cut(text: str) -> bool:
    """Tell whether a name has just the length at which registers cut it, with or without signs."""
    length, left = len(" ".join(text.split())), sum(map(len, words(text)))
    return left > _SHORTEST * 2 + 1 and (length == _COLUMN or left == length == _COLUMN - 1)


class Makes(Names):
    """Makers and brands; an importer's name is known, and is no maker's."""

    kind = "make"

    def __init__(
        self, known: Iterable[Known], importers: Iterable[str] = (),
        parents: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(known)
        self._importers, self._parents = frozenset(importers), parents or {}
        imported = {name: found for name, found in self.by.items()
                    if found[0].code in self._importers}  # fmt: skip
        for name, found in imported.items():
            self.by[name] = [one._replace(how="importer") for one in found]

    def resolve(self, text: str) -> str | None:
        """Return the maker that a text certainly names, or None; never an importer."""
        found = super().resolve(text)
        return None if found in self._importers else found

    def ways(self) -> Sequence[Callable[[str], Found]]:
        """Read a name, its core, its parts, and what is left of it."""
        return self.named, self._formed, self._parted, self._cut

    def guess(self, text: str) -> Found:
        """Return what is like the whole name, or like what is left without its form."""
        whole, left = fold("make", text), core(text)
        typos = self.mistyped(whole, len(left) or 99)
        if left != whole:
            typos += self.mistyped(left)
        return ranked([*typos, *self.within(text)])

    def _formed(self, text: str) -> Found:
        found = self.by.get(core(text), ())
        return [one._replace(how="form") if one.how == "name" else one for one in found]

    def _parted(self, text: str) -> Found:
        """Read `maker (importer)` and `importer/maker`: the maker is who made it."""
        said = [part for part in _SEPARATOR.split(text) if words(part)]
        read = [(self.named(part) or self._formed(part))[:1] for part in said]
        codes = dict.fromkeys(found[0].code for found in read if found)
        makers = [code for code in codes if code not in self._importers]
        above = {self._parents.get(code) for code in makers}
        makers = [code for code in makers if code not in above] or list(codes)
        if len(said) < 2 or not makers:
            return ()
        if makers[0] in self._importers:
            return [Candidate(code, round(_PARTS / len(makers), 2), "importer") for code in makers]
        if len(makers) == 1:
            return [Candidate(makers[0], _PARTS if all(read) else LIKELY, "part")]
        if "(" in text and read[0]:  # the register's make, beside its partner
            return [Candidate(read[0][0].code, LIKELY, "part")]
        return [Candidate(code, round(1 / len(makers), 2), "several") for code in makers]

    def _cut(self, text: str) -> Found:
        """Read a name that a register cut, where it begins the names of one maker alone."""
        if not is_cut(text):
            return ()
        begin = fold("make", text)
        first = bisect_left(self.sure, begin)
        codes = set()
        for name in self.sure[first:]:
            if not name.startswith(begin):
                break
            codes.add(self.by[name][0].code)
        sureness = _CUT if len(codes) == 1 else round(1 / len(codes), 2) if codes else 0
        return [Candidate(code, sureness, "cut") for code in sorted(codes)]
