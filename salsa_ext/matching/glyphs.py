"""Glyphs that could not be read, in the notations that people use, into `?`, `*` and `[8B]`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from salsa_ext.matching.marks import skeleton

ILLEGIBLE: Final = (
    r"(?:ileg[ií]ve(?:l|is)|ilegibles?|illegibles?|unreadable|illisibles?"
    r"|(?:no|n[aã]o) leg(?:ibles?|[ií]vel|[ií]veis)"
    r"|no (?:se )?(?:visibles?|ven?|leen?|aprecian?|distinguen?|observan?)"
    r"|n[aã]o (?:vis[ií]vel|vis[ií]veis|se l[eê])"
    r"|not (?:visible|legible|readable)|(?:non|pas) (?:visible|lisible)s?)"
)  # fmt: skip
_COUNTS: Final = {
    word: count
    for count, words in enumerate((
        "un uno una um uma une one", "two dos dois duas deux", "three tres trois três",
        "four cuatro quatro quatre", "five cinco cinq", "six seis",
    ), 1)
    for word in words.split()
}  # fmt: skip
COUNT: Final = rf"\d|{'|'.join(_COUNTS)}"
_GLYPH: Final = r"[A-Za-z0-9]"
_OR: Final = r"\s*(?:/|\||\bo\b|\bou\b|\bor\b|\bu\b)\s*"
_READ: Final = r"[A-Za-z0-9?*\]]"
_NEXT: Final = r"[A-Za-z0-9?*\[]"
_UNSEEN: Final = (
    r"(?:d[ií]gitos?|caracteres|car[aá]cter|digits?|characters?|chars?|chiffres?|n[uú]meros?"
    r"|letras?|letters?)"
)

_LABEL: Final = (
    r"(?:s[eé]rie|serial|number|n[uú]mero|num[eé]ro|numera(?:ci[oó]n|[cç][aã]o)|matr[ií]cula|matricule|nro|n[º°]"
    r"|no|sn|de|da|do|el|la|le|o|a|the|with|con|com|avec)"
)
_ENDING: Final = (
    r"(?:(?:que )?termina(?:d[oa]|ndo)? (?:en|em|con|com)|(?:which )?end(?:ing|s) (?:in|with|on)"
    r"|(?:se terminant|finissant|finit|se termine) (?:par|en)"
    rf"|(?:(?:los|as|las|os|the|les) )?(?:[uú]ltim[oa]s|last|derniers)"
    rf"(?: (?P<ends>{COUNT}))?(?: (?:{_UNSEEN}|algarismos|cifras))?)"
)


def _either(match: re.Match[str]) -> str:
    """Write one of two glyphs where it stands in a mark, or where they are look-alikes."""
    glyphs = re.findall(_GLYPH, re.sub(r"\b(?:o|ou|or|u)\b", " ", match["glyphs"]))
    if len(glyphs) < 2 or len(set(glyphs)) != len(glyphs):
        return match[0]
    whole, at = match.string, match.span()
    attached = (at[0] and whole[at[0] - 1].isalnum()) or whole[at[1] : at[1] + 1].isalnum()
    alike = len({skeleton(glyph.upper()) for glyph in glyphs}) == 1
    return f"[{''.join(glyphs)}]" if attached or alike else match[0]


def _between(match: re.Match[str]) -> str:
    one, other = match["one"], match["other"]
    alike = one != other and skeleton(one.upper()) == skeleton(other.upper())
    return f"[{one}{other}]" if alike else match[0]


def _ending(match: re.Match[str]) -> str:
    """Write the end of a mark, unless a count of its glyphs says that it is none."""
    end, count = match["end"], match["ends"]
    is_whole = not count or count_of(count.lower()) == len(end)
    return f"{match['label']}*{end}" if is_whole else match[0]


def _one_each(match: re.Match[str]) -> str:
    return "?" * sum(glyph not in "[](){}<> " for glyph in match[0])


def _counted(match: re.Match[str]) -> str:
    return "?" * count_of((match["count"] or match["count2"]).lower()) or match[0]


def count_of(word: str) -> int:
    """Return what a word or digit of `COUNT` counts."""
    return int(word) if word.isdigit() else _COUNTS[word]


_RULES: Final[tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]] = (
    (r"\A¿([^?]*)\?\Z", r"\1 (?)"),
    # terminada en 1234, last four 1234: all that is before it cannot be read
    (rf"\A(?P<label>(?:{_LABEL}\.?[ :]+)*){_ENDING}:? [\"'“]?(?P<end>(?=[A-Z0-9-]*\d)[A-Z0-9-]{{2,}})[\"'”]?"
        rf"(?! ?{ILLEGIBLE})(?=\Z|[\s,;.)])",
     _ending),
    # (8 o B), [8/B], {8|B}
    (rf"[(\[{{]\s*(?P<glyphs>{_GLYPH}(?:{_OR}{_GLYPH}){{1,3}})\s*[)\]}}]", _either),
    (rf"(?<={_READ}) (?P<one>{_GLYPH})(?:/| (?:o|ou|or) )(?P<other>{_GLYPH}) (?={_NEXT})", _between),
    # [?] anywhere beside a glyph; (?) before one, for behind the last it doubts the whole
    (rf"(?<={_READ})\[\?+\]|\[\?+\](?={_NEXT})|[({{]\?+[)}}](?={_NEXT})", _one_each),
    # [_], (X), <?> touching a glyph, as is one that is written over by ~ or ^
    (rf"(?<={_READ})(?:[\[(]_+[\])]|[\[(]x+[\])]|<[?_x]+>)|(?:[\[(]_+[\])]|[\[(]x+[\])]|<[?_x]+>)(?={_NEXT})",
     _one_each),
    # (but 1001~1010 is a range)
    (rf"(?!(?<=\d\d\d)~\d\d\d)(?:(?<={_READ})[~^]+|[~^]+(?={_NEXT}))", _one_each),
    # (2 ilegibles), [three digits illegible]
    (rf"(?:(?<={_READ})|(?<={_READ} ))[(\[{{](?P<count>{COUNT}) (?:{_UNSEEN} )?{ILLEGIBLE}[)\]}}]"
     rf"|[(\[{{](?P<count2>{COUNT}) (?:{_UNSEEN} )?{ILLEGIBLE}[)\]}}](?=\s?{_NEXT})",
     _counted),
    (rf"(?<={_READ})[(\[{{<](?:{ILLEGIBLE}|\.{{2,}}|…)[)\]}}>]|[(\[{{<](?:{ILLEGIBLE}|\.{{2,}}|…)[)\]}}>](?={_NEXT})",
     "*"),
    (rf"(?<={_READ}) [(\[{{<](?:{ILLEGIBLE}|\.{{2,}}|…)[)\]}}>] (?={_NEXT})", " * "),
    (rf"(?<={_READ})(?:…|\.{{3,}})|(?:…|\.{{3,}})(?={_NEXT})", "*"),
    (rf"(?<={_READ} )(?:…|\.{{3,}})(?= {_NEXT})", "*"),
    (r"\*{2,}", _one_each),
    # a row of them beside a glyph, one for each; one alone where no separator would stand
    (rf"(?<={_READ})[_#]{{2,}}|[_#]{{2,}}(?={_NEXT})|(?<={_READ})-{{2,}}|-{{2,}}(?={_NEXT})", _one_each),
    (r"(?<=[0-9?])[_#](?=[0-9?])|(?<=[A-Za-z?])_(?=[A-Za-z?])|(?<=[A-Za-z?])#(?=[A-Za-z?])", "?"),
    (rf"(?<![\w-])_(?={_NEXT})|(?<={_READ})[_#](?![\w-])", "?"),
    (r"(?<!\S)_(?=\s[A-Za-z0-9?_](?![A-Za-z]{2}))|(?<=[A-Za-z0-9?]\s)_(?!\S)", "?"),
    (rf"(?<={_READ})[¿•■□▯◻�]+|[•■□▯◻�]+(?={_NEXT})", _one_each),
)  # fmt: skip


_COMPILED: Final = tuple((re.compile(form, re.IGNORECASE), put) for form, put in _RULES)
_SUSPECT: Final = re.compile(
    r"[\[({<*_#…¿•■□▯◻�~^]|--|\.\.\.| o | ou | or |/|termin|end|fini|[uú]ltim|last|dernier",
    re.IGNORECASE,
)


def in_place(text: str) -> str:
    """Return a text in which every unreadable glyph that is shown in its place is written `?`.

    A run of unknown length becomes `*`, one of several glyphs `[8B]`. A single `_` or `#` counts
    where it stands between two glyphs of a kind or at an end; two asterisks and more are as many
    glyphs. A hyphen alone is a separator. Glyphs that were read stay, in their order.
    """
    if not _SUSPECT.search(text):
        return text
    for form, put in _COMPILED:
        text = form.sub(put, text)
    return text
