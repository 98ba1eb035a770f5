"""Names of calibres: normal form, several in one cell, bare numbers; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from salsa_ext.reference.name_matching import (
    NameCandidate,
    NameCandidates,
    NameIndex,
    find_misspelled,
    rank_candidates,
)

_SYNONYMS: Final = {
    "auto": "acp automatic automatica automatico automatique aut autom",
    "magnum": "mag magn magno mágnum magnun mangum",
    "special": "spl spc spcl spec sp esp espec especial spezial speciale",
    "short": "corto corta curto curta court courte kurz",
    "largo": "longo larga longa",
    "luger": "lug luguer para parab parabellum parabelum parabellun parabelo",
    "nato": "otan",
    "remington": "rem",
    "winchester": "win",
    "springfield": "spr sprg spring",
    "british": "brit",
    "makarov": "mak makarof",
    "tokarev": "tok",
    "gauge": "ga gage guage gau gaug",
    "mm": "mms milimetro milimetros milimetre milimetres millimetro millimetros millimeter"
    " millimeters millimetre millimetres milim milimeter milimeters",
    "x": "por",
    "r": "mmr",
    "sr": "mmsr",
    "": "cal cals calib calibre calibres caliber calibers calibe kal kaliber",
}
_NORMAL_WORDS: Final = {
    word: synonym for synonym, all_ in _SYNONYMS.items() for word in all_.split()
}
_ABBREVIATION: Final = re.compile(
    r"(?<![a-z])([a-z])\s*[.&/]\s*(?=[a-z](?![a-z]))"
)  # l.r., s & w, b/o
_TOKEN: Final = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)|[a-z]+|[/\-+]")
_ONE_DIGIT: Final = {"3": "30", "4": "40", "5": "50"}  # .4 is .40, but .9 is 9 mm
_MISSING_POINT: Final = re.compile(r"(?:(1[24])([57])|([4-9])(\d\d))x(\d\d+)")  # 762x39, 127x99
TRAILING_WORDS: Final = frozenset(("gauge", "super"))


@lru_cache(maxsize=4_000)
def normal_form(text: str) -> str:
    """Return a calibre's normal form: `9 luger`, `7.62x39`, `12 gauge`.

    Equal forms are the same calibre. Millimetres are dropped below ten; above, they distinguish .40
    from a 40 mm grenade.
    """
    words = [_NORMAL_WORDS.get(word, word) for word in _TOKEN.findall(_normal_signs(text))]
    words = _join_numbers([word for word in words if word])
    if words and words[0] in TRAILING_WORDS and len(words) > 1 and words[1][:1].isdigit():
        words = [*words[1:], words[0]]
    return " ".join(words)


def normal_number(written: str) -> str:
    """Return a number without leading zero and spreadsheet rounding errors."""
    whole, _, decimals = written.partition(".")
    if len(decimals) > 5:  # 0.35699999999999998 was .357
        whole, _, decimals = f"{float(written):.4f}".rstrip("0").partition(".")
    whole = whole.lstrip("0")
    if not whole and decimals:
        return _ONE_DIGIT.get(decimals, decimals)
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole or "0"


def _normal_signs(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(glyph for glyph in plain if not unicodedata.combining(glyph))
    plain = re.sub(r"[×*]", "x", plain).replace("smith", "s").replace("wesson", "w")
    plain = re.sub(
        r"\bs\s*(?:&|and|y|e|et)?\s*w(?=l?\b)", "sw", re.sub(r"(?<=\d)(?=s\b)", " ", plain)
    )
    plain = re.sub(r"(?<=\d)\s*,\s*(?=\d)", ".", plain)
    plain = re.sub(r"\bm\s*\.\s*m\b", "mm", _ABBREVIATION.sub(r"\1", plain))
    plain = re.sub(r"\bswl\b", "sw long", re.sub(r"(?<=\d)(?=swl?\b)", " ", plain))
    return re.sub(r"\+\s*p\b\+?", " ", plain)


def _join_numbers(words: list[str]) -> list[str]:
    """Join the numbers of one name: 9 x 19, 30-06, 38/200."""
    joined: list[str] = []
    for at, word in enumerate(words):
        if word == "mm" and joined and _is_redundant_unit(words, at):
            continue
        if word == "rifle" and joined and joined[-1] in ("long", "largo"):
            joined[-1] = "lr"
        elif word in ("x", "/", "-") and joined and joined[-1][-1].isdigit():
            joined[-1] += word
        elif joined and joined[-1][-1] in "x/-" and word[0].isdigit() | (word[0] == "."):
            joined[-1] = _add_point(
                joined[-1] + (word if joined[-1][-1] == "-" else normal_number(word))
            )
        elif joined and re.fullmatch(r"[\d.]+x[\d.]+", joined[-1]) and word in ("r", "sr"):
            joined[-1] += word
        else:
            joined.append(normal_number(word) if word[0].isdigit() or word[0] == "." else word)
    return [word.rstrip("x/-") for word in joined if word.strip("x/-+")]


def _is_redundant_unit(words: list[str], at: int) -> bool:
    """True if the unit is redundant, as after 9, 9x19 or .380."""
    before = words[at - 1]
    if not before[-1].isdigit():
        return False
    inches = before.startswith((".", "0."))
    return inches or float(before) < 10 or (at > 1 and words[at - 2] == "x")


def _add_point(dimensions: str) -> str:
    return _MISSING_POINT.sub(
        lambda m: f"{m[1] or m[3]}.{m[2] or m[4]}x{m[5]}" if m.end() == len(dimensions) else m[0],
        dimensions,
    )


_SEPARATOR: Final = re.compile(r"[/,;&+]|\s-\s|\s(?:y|e|and|et|or|o|ou)\s", re.IGNORECASE)
_NUMBER_FACTOR: Final = 0.8  # a number with words behind it that nobody knows
_OTHER_DIGITS_FACTOR: Final = 0.4  # 7.62x38 is no writing of 7.62x39


class CalibreIndex(NameIndex):
    """Cartridges and gauges."""

    kind = "calibre"

    def ways(self) -> Sequence[Callable[[str], NameCandidates]]:
        """Read a name, its normal form, several in one cell."""
        return self.named, self._formed, self._several

    def guess(self, text: str) -> NameCandidates:
        """Return calibres that differ only in words, else with the same number."""
        form = normal_form(text)
        like = self._like(form)
        same = [candidate for candidate in like if candidate.confidence > _OTHER_DIGITS_FACTOR]
        return rank_candidates(same or self._by_number(form) or like)

    def _formed(self, text: str) -> NameCandidates:
        candidates = self.by.get(normal_form(text), ())
        return [
            candidate._replace(how="form") if candidate.how == "name" else candidate
            for candidate in candidates
        ]

    def _several(self, text: str) -> NameCandidates:
        """Read several calibres of one gun: each possible, none certain."""
        read = [(self.named(part) or self._formed(part))[:1] for part in _SEPARATOR.split(text)]
        codes = dict.fromkeys(candidates[0].code for candidates in read if candidates)
        if len(codes) < 2:
            return ()
        return [NameCandidate(code, round(1 / len(codes), 2), "several") for code in codes]

    def _like(self, form: str) -> list[NameCandidate]:
        digits = _digits(form)
        telling = 99 if "x" in form else sum(map(str.isalpha, form))
        return [
            NameCandidate(
                self.by[name][0].code,
                confidence if _digits(name) == digits else confidence * _OTHER_DIGITS_FACTOR,
                "typo",
            )
            for name, confidence in find_misspelled(form, self.sure, telling)
            if digits
        ]

    def _by_number(self, form: str) -> list[NameCandidate]:
        candidates = self.by.get(form.partition(" ")[0], ()) if " " in form else ()
        return [
            candidate._replace(confidence=candidate.confidence * _NUMBER_FACTOR, how="number")
            for candidate in candidates
        ]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
