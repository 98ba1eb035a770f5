"""Names of calibres: normal form, several in one cell, bare numbers; pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from salsa_ext.core.text import remove_accents
from salsa_ext.reference.name_matching import (
    CERTAIN,
    KnownName,
    NameCandidate,
    NameCandidates,
    NameIndex,
    find_misspelled,
    fold_name,
    rank_candidates,
)

_SYNONYMS: Final = {
    "auto": "a acp automatic automatica automatico automatique aut autom",
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
    "": "hv cb balas tiros punto ponto cal cals calib calibre calibres caliber calibers calibe kal kaliber",
}
_NORMAL_WORDS: Final = {
    word: synonym for synonym, all_ in _SYNONYMS.items() for word in all_.split()
}
_NUMBER_WORDS: Final = {
    word: number
    for number, words in {
        "9": "nove nueve nine neuf",
        "12": "doce doze twelve douze",
        "16": "dieciseis dezesseis sixteen seize",
        "20": "veinte vinte twenty vingt",
        "22": "veintidos vintedois",
        "38": "treintayocho trintaeoito trinteoito",
        "40": "cuarenta quarenta forty quarante",
        "45": "quarentaecinco cuarentaycinco",
    }.items()
    for word in words.split()
}
_TYPE_WORDS: Final = {
    word: code
    for code, words in {
        "pistol": "pistola pistolas pistol pistolet",
        "revolver": "revolver revolveres revolvers",
        "rifle": "rifle rifles fusil fuzil",
        "carbine": "carabina carabine carbine",
        "shotgun": "escopeta espingarda shotgun",
    }.items()
    for word in words.split()
}
# 12/70, 36/63,5, 12 gauge 2 3/4: a chamber's length behind the gauge
_CHAMBER: Final = re.compile(
    r"\b(10|12|16|20|24|28|32|36|410)(?:\s*[/x-]\s*|\s+(?:ga\w*|calibre)\.?\s*[/x-]?\s*)"
    r"(?:6[357](?:[.,]5)?|7[0136]|89|2\s*(?:[.,]75|3/4|[.,]5|1/2)|3(?:\s*1/2|[.,]5)?)\s*(?:mm|\"|'')?(?!\w)"
)
_PREFIXED_NUMBER: Final = re.compile(
    r"\bp\s*\.?\s*(?=(?:22|25|32|357|380|40|44|45)\b)|\bp\s*\.\s*(?=38\b)"
)
_PAIRED_NUMBER: Final = re.compile(
    r"(?<![\d.])(30|32|38|44|45|22|25)[./](30|06|20|40|70|250)(?!\d)"
)
_ABBREVIATION: Final = re.compile(
    r"(?<![a-z])([a-z])\s*[.&/]\s*(?=[a-z](?![a-z]))"
)  # l.r., s & w, b/o
_TOKEN: Final = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)|[a-z]+|[/\-+]")
_ONE_DIGIT: Final = {"3": "30", "4": "40", "5": "50"}  # .4 is .40, but .9 is 9 mm
_MISSING_POINT: Final = re.compile(r"(?:(1[24])([57])|([4-9])(\d\d))x(\d\d+)")  # 762x39, 127x99
TRAILING_WORDS: Final = frozenset(("gauge", "super"))


@lru_cache(maxsize=4_000)
def normal_form(text: str) -> str:
    """Return a calibre's normal form: `9 luger`, `7.62x39`, `12 gauge`."""
    words = [_NORMAL_WORDS.get(word, word) for word in _TOKEN.findall(_normal_signs(text))]
    words = [_NUMBER_WORDS.get(word, word) for word in words if word]
    if words and words[0] == "mm" and len(words) > 1:
        words = [*words[1:], words[0]]
    words = _join_numbers(words)
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
        decimals = decimals.lstrip("0") or decimals  # .040, .0380
        return _ONE_DIGIT.get(decimals, decimals)
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole or "0"


def _normal_signs(text: str) -> str:
    plain = re.sub(r"[×*]", "x", remove_accents(text)).replace("smith", "s").replace("wesson", "w")
    plain = _PREFIXED_NUMBER.sub("", _PAIRED_NUMBER.sub(r"\1-\2", plain))
    plain = _CHAMBER.sub(lambda match: f"{match[1]} ga ", plain)
    plain = re.sub(r"\b(treinta|trinta|quarenta|cuarenta|vinte) (y|e) (\w+)", r"\1\2\3", plain)
    plain = re.sub(r"\bmm(?=\d)", "mm ", plain)
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
_BRACKETED: Final = re.compile(r"([^()\[\]]+?)\s*[(\[]([^()\[\]]+)[)\]]\.?\s*")
_LOOSE_TWIN: Final = re.compile(
    r"[\d.,]+\s*mm\.?(?:\s*(?:curto|corto|short|court|largo|longo))?", re.IGNORECASE
)
_TWINS: Final = ({"308-win", "7.62x51"}, {"223-rem", "5.56x45"}, {"22-lr", "5.5-air"})
_NUMBER_FACTOR: Final = 0.8  # a number with words behind it that nobody knows
_OTHER_DIGITS_FACTOR: Final = 0.4  # 7.62x38 is no writing of 7.62x39


class CalibreIndex(NameIndex):
    """Cartridges and gauges."""

    kind = "calibre"

    def __init__(
        self, known: Iterable[KnownName], typed: Mapping[str, Iterable[KnownName]] | None = None
    ) -> None:
        super().__init__(known)
        self._typed = {code: NameIndex(names) for code, names in (typed or {}).items()}

    def read(self, text: str, type_code: str | None = None) -> NameCandidates:
        """Return the candidates of a text; `32` of a pistol is no gauge."""
        left, written_type = _split_type(text)
        for type_, number in ((type_code, text), (type_code, left), (written_type, left)):
            index = self._typed.get(type_ or "")
            if index and (candidates := index.by.get(normal_form(number))):
                return candidates
        return super().read(text) or (super().read(left) if written_type and left else ())

    def ways(self) -> Sequence[Callable[[str], NameCandidates]]:
        """Read a name, its normal form, its twin in brackets, several in one cell."""
        return self.named, self._formed, self._twins, self._several

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

    def _twins(self, text: str) -> NameCandidates:
        """Read a name with its twin in brackets: `.45 ACP (11,43x23 mm)`, `7,62 (.308)`."""
        match = _BRACKETED.fullmatch(text)
        if match is None:
            return ()
        name, twin = (self.named(part) or self._formed(part) for part in match.groups())
        if not name:
            return ()
        if name[0].confidence >= CERTAIN:
            is_loose = not twin or _LOOSE_TWIN.fullmatch(match[2].strip())
            same = (
                is_loose or {name[0].code, twin[0].code} in _TWINS or name[0].code == twin[0].code
            )
            return name if same and (not twin or name[0].how != "usual" or not is_loose) else ()
        codes = {candidate.code for candidate in name}
        fits = [candidate for candidate in twin if candidate.code in codes]
        return fits if fits and fits[0].confidence >= CERTAIN else name

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


def _split_type(text: str) -> tuple[str, str | None]:
    """Return a text without a word for the type of the gun, and that type."""
    words = text.split()
    for at in (0, -1):
        code = _TYPE_WORDS.get(fold_name("type", words[at])) if len(words) > 1 else None
        if code:
            return " ".join(words[1:] if at == 0 else words[:-1]), code
    return text, None


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
