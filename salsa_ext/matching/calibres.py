"""One form for each way to write a calibre: units, signs, zeros and words made the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_SAME: Final = {
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
}  # fmt: skip
_WORD: Final = {word: one for one, all_ in _SAME.items() for word in all_.split()}
_LETTERS: Final = re.compile(r"(?<![a-z])([a-z])\s*[.&/]\s*(?=[a-z](?![a-z]))")  # l.r., s & w, b/o
_TOKEN: Final = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)|[a-z]+|[/\-+]")
_ONE_DIGIT: Final = {"3": "30", "4": "40", "5": "50"}  # .4 is .40, but .9 is 9 mm
_JOINED: Final = re.compile(r"(?:(1[24])([57])|([4-9])(\d\d))x(\d\d+)")  # 762x39, 127x99
MOVED: Final = frozenset(("gauge", "super"))


@lru_cache(maxsize=4_000)
def form(text: str) -> str:
    """Return the form in which a calibre is looked up: `9 luger`, `7.62x39`, `12 gauge`.

    What is the same after it is the same calibre: only the writing differs. The millimetres of a
    number below ten go without saying; above, they tell .40 from a grenade of 40 mm.
    """
    words = [_WORD.get(word, word) for word in _TOKEN.findall(_signs(text))]
    words = _joined([word for word in words if word])
    if words and words[0] in MOVED and len(words) > 1 and words[1][:1].isdigit():
        words = [*words[1:], words[0]]
    return " ".join(words)


def number(written: str) -> str:
    """Return how a number is written here: no zero before it, no damage of a spreadsheet after it."""
    whole, _, decimals = written.partition(".")
    if len(decimals) > 5:  # 0.35699999999999998 was .357
        whole, _, decimals = f"{float(written):.4f}".rstrip("0").partition(".")
    whole = whole.lstrip("0")
    if not whole and decimals:
        return _ONE_DIGIT.get(decimals, decimals)
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole or "0"


def _signs(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(glyph for glyph in plain if not unicodedata.combining(glyph))
    plain = re.sub(r"[×*]", "x", plain).replace("smith", "s").replace("wesson", "w")
    plain = re.sub(
        r"\bs\s*(?:&|and|y|e|et)?\s*w(?=l?\b)", "sw", re.sub(r"(?<=\d)(?=s\b)", " ", plain)
    )
    plain = re.sub(r"(?<=\d)\s*,\s*(?=\d)", ".", plain)
    plain = re.sub(r"\bm\s*\.\s*m\b", "mm", _LETTERS.sub(r"\1", plain))
    plain = re.sub(r"\bswl\b", "sw long", re.sub(r"(?<=\d)(?=swl?\b)", " ", plain))
    return re.sub(r"\+\s*p\b\+?", " ", plain)


def _joined(words: list[str]) -> list[str]:
    """Put the numbers of one name together: 9 x 19, 30-06, 38/200."""
    made: list[str] = []
    for at, word in enumerate(words):
        if word == "mm" and made and _says_millimetres(words, at):
            continue
        if word == "rifle" and made and made[-1] in ("long", "largo"):
            made[-1] = "lr"
        elif word in ("x", "/", "-") and made and made[-1][-1].isdigit():
            made[-1] += word
        elif made and made[-1][-1] in "x/-" and word[0].isdigit() | (word[0] == "."):
            made[-1] = _with_point(made[-1] + (word if made[-1][-1] == "-" else number(word)))
        elif made and re.fullmatch(r"[\d.]+x[\d.]+", made[-1]) and word in ("r", "sr"):
            made[-1] += word
        else:
            made.append(number(word) if word[0].isdigit() or word[0] == "." else word)
    return [word.rstrip("x/-") for word in made if word.strip("x/-+")]


def _says_millimetres(words: list[str], at: int) -> bool:
    """Tell whether the unit adds nothing: after 9, 9 x 19 or an inch calibre such as .380."""
    before = words[at - 1]
    if not before[-1].isdigit():
        return False
    inches = before.startswith((".", "0."))
    return inches or float(before) < 10 or (at > 1 and words[at - 2] == "x")


def _with_point(dimensions: str) -> str:
    return _JOINED.sub(
        lambda m: f"{m[1] or m[3]}.{m[2] or m[4]}x{m[5]}" if m.end() == len(dimensions) else m[0],
        dimensions,
    )
