"""The names of calibres: one form for all writings, several in one cell, and bare numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from salsa_ext.matching.calibres import form
from salsa_ext.matching.likeness import Candidate, ranked, typed
from salsa_ext.matching.resolver import Found, Names

_SEVERAL: Final = re.compile(r"[/,;&+]|\s-\s|\s(?:y|e|and|et|or|o|ou)\s", re.IGNORECASE)
_NUMBER: Final = 0.8  # a number with words behind it that nobody knows
_OTHER_DIGITS: Final = 0.4  # 7.62x38 is no writing of 7.62x39


class Calibres(Names):
    """Cartridges and gauges."""

    kind = "calibre"

    def ways(self) -> Sequence[Callable[[str], Found]]:
        """Read a name, its form, and several in one cell."""
        return self.named, self._formed, self._several

    def guess(self, text: str) -> Found:
        """Return what differs in its words alone, then what has the same number."""
        asked = form(text)
        like = self._like(asked)
        same = [one for one in like if one.sureness > _OTHER_DIGITS]
        return ranked(same or self._by_number(asked) or like)

    def _formed(self, text: str) -> Found:
        found = self.by.get(form(text), ())
        return [one._replace(how="form") if one.how == "name" else one for one in found]

    def _several(self, text: str) -> Found:
        """Read a gun of several calibres: each may be meant, none is certain."""
        read = [(self.named(part) or self._formed(part))[:1] for part in _SEVERAL.split(text)]
        codes = dict.fromkeys(found[0].code for found in read if found)
        if len(codes) < 2:
            return ()
        return [Candidate(code, round(1 / len(codes), 2), "several") for code in codes]

    def _like(self, asked: str) -> list[Candidate]:
        digits = _digits(asked)
        telling = 99 if "x" in asked else sum(map(str.isalpha, asked))
        return [
            Candidate(self.by[name][0].code,
                      sureness if _digits(name) == digits else sureness * _OTHER_DIGITS, "typo")
            for name, sureness in typed(asked, self.sure, telling) if digits
        ]  # fmt: skip

    def _by_number(self, asked: str) -> list[Candidate]:
        found = self.by.get(asked.partition(" ")[0], ()) if " " in asked else ()
        return [one._replace(sureness=one.sureness * _NUMBER, how="number") for one in found]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
