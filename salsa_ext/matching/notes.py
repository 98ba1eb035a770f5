"""Notes on glyphs beside a mark: which of them could not be read, by their place in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from salsa_ext.matching.glyphs import COUNT, ILLEGIBLE, count_of

# All of these are matched against text without case and accents.
_FIRST: Final = (
    r"first|primer[oa]?s?|primeir[oa]s?|premier(?:e|s|es)?|1st|1er[oa]?|1ro|1ra|1[oa]|1ere|leading"
    r"|initial|inicial|iniciais|iniciales"
)
_LAST: Final = r"last|ultim[oa]s?|dernier(?:e|s|es)?|trailing|final(?:es)?|finais"
_NTH: Final = {
    2: r"second|segund[oa]|deuxieme|2nd|2d[oa]|2[oa]|2e|2eme",
    3: r"third|tercer[oa]?|terceir[oa]|troisieme|3rd|3r[oa]|3er|3[oa]|3e|3eme",
    4: r"fourth|cuart[oa]|quart[oa]|quatrieme|4th|4t[oa]|4[oa]|4e|4eme",
    5: r"fifth|quint[oa]|cinquieme|5th|5t[oa]|5[oa]|5e|5eme",
    6: r"sixth|sext[oa]|sixieme|6th|6t[oa]|6[oa]|6e|6eme",
}  # fmt: skip
_ORDER: Final = rf"(?:{_FIRST}|{_LAST}|{'|'.join(_NTH.values())})"
_GLYPH: Final = (
    r"(?:digitos?|digits?|caracter(?:es|e)?|characters?|chars?|numeros?|numbers?|cifras?|chiffres?"
    r"|letras?|letters?|lettres?|algarismos?|guarismos?|symbols?|posicion(?:es)?)"
)
_THE: Final = r"(?:(?:the|el|la|los|las|o|a|os|as|le|les|its|su|sus|del|de) )?"
_IS: Final = r"(?: (?:is|are|was|were|es|esta|estan|son|e|estao|sao|foi|foram|est|sont))?"
_FILED: Final = (
    r"(?:borrad|raspad|limad|apagad|suprimid|lixad|picotad|adulterad)[oa]s?|effacee?s?|limee?s?"
    r"|meulee?s?|filed(?: off)?|ground(?: off)?|removed|obliterated|defaced|scratched(?: off)?"
)
_GONE: Final = (
    rf"(?:{ILLEGIBLE}|not identified|unidentified|missing|unknown|worn(?: off)?|gone|faltantes?"
    r"|falta[nm]?|ausentes?|no (?:se )?(?:identificad[oa]s?|identifican?|lee|ve|aprecia|distingue)"
    r"|nao (?:se )?(?:identificad[oa]s?|le|ve|visualizad[oa]s?|lid[oa]s?)|manquent|manquante?s?"
    r"|non (?:identifiee?s?|lue?s?)|manque|desconocid[oa]s?|desconhecid[oa]s?|inconnue?s?"
    rf"|desgastad[oa]s?|(?P<filed>{_FILED}))"
)
_NAMED: Final = (
    rf"{_THE}(?:(?P<order>{_ORDER}) )?(?:(?P<count>{COUNT}) )?(?:(?P<order2>{_ORDER}) )?{_GLYPH}"
    rf"(?: (?P<order3>{_ORDER}))?"
)
_NAMED_AGAIN: Final = re.sub(r"\?P<(order\d?|count)>", r"?P<b_\1>", _NAMED)
_FILED_AGAIN: Final = _GONE.replace("?P<filed>", "?P<b_filed>")
_REST: Final = (
    rf"{_THE}(?:rest|remainder|resto|restante|demas|reste|restants?)"
    rf"(?: d[eoa]l? (?:serie|serial|numero))?{_IS}:? {_GONE.replace('filed>', 'r_filed>')}"
)
_SIGN: Final = r"[\"'“‘]?(?P<sign>[x_*#\-•])[\"'”’]?"
_LEGEND: Final = (
    rf"(?:{_GLYPH} )?{_SIGN} ?(?:=|:|->|significa|means?|es|e|is|signifie|para|for|pour|por"
    r"|representa|denota|indica)?"
    rf" ?{_THE}(?:{_GLYPH} )?{ILLEGIBLE}(?: {_GLYPH})?"
)  # fmt: skip
_EITHER: Final = (
    rf"{_THE}(?P<e_order>{_FIRST}|{_LAST}) {_GLYPH}(?:,| :|:)?"
    r"(?: (?:is|es|e|est|puede ser|pode ser|may be|could be|peut etre))?"
    r" (?P<one>[a-z0-9])(?: (?:o|ou|or) |/)(?P<other>[a-z0-9])"
)  # fmt: skip
_PLURAL: Final = re.compile(
    r"(?:digitos|digits|caracteres|characters|chars|numeros|numbers|cifras|chiffres|letras|letters"
    r"|lettres|algarismos|guarismos|symbols|posiciones)\b"
)
_EDGE: Final = r"(?<![\w])(?:{})(?![\w])"
_NOTE: Final = re.compile(
    "|".join(
        _EDGE.format(form)
        for form in (
            _EITHER, rf"(?P<rest>{_REST})", rf"(?P<legend>{_LEGEND})",
            rf"(?P<after>{_NAMED}{_IS}:? {_GONE})", rf"(?P<before>{_FILED_AGAIN}{_IS} {_NAMED_AGAIN})",
        )
    )
)  # fmt: skip


_ORDERS: Final = ("order", "order2", "order3", "b_order", "b_order2", "b_order3")


@dataclass(frozen=True)
class Note:
    """What a note says: `count` glyphs (None: some) at `at` (1 first, -1 last, None unsaid).

    `sign` stands for an unreadable glyph by a legend, `either` names the two that one may be;
    `filed` tells that somebody took the glyphs away.
    """

    at: int | None = None
    count: int | None = 1
    sign: str | None = None
    either: tuple[str, str] | None = None
    filed: bool = False


def notes_of(plain: str) -> list[tuple[int, int, Note]]:
    """Return the notes of a text without case and accents, each with its place."""
    found = (match for match in _NOTE.finditer(plain) if not _is_of_all(match))
    return [(*match.span(), _note(match)) for match in found]


def _is_of_all(match: re.Match[str]) -> bool:
    """Tell “the number is illegible”, which is said of the mark, from a note on a glyph."""
    said = match.groupdict()
    counted = any(said[name] for name in (*_ORDERS, "count", "b_count", "one", "legend", "rest"))
    return not counted and re.search(r"\b(?:numero|number)s?\b", match[0]) is not None


def _note(match: re.Match[str]) -> Note:
    said = match.groupdict()
    if said["one"]:
        return Note(_place(said["e_order"]), either=(said["one"], said["other"]))
    if said["legend"]:
        return Note(sign=said["sign"])
    filed = any(said[name] for name in ("filed", "b_filed", "r_filed"))
    if said["rest"]:
        return Note(-1, None, filed=filed)
    order = next((said[name] for name in _ORDERS if said[name]), None)
    count = said["count"] or said["b_count"]
    plural = _PLURAL.search(match[0])
    some = None if plural else 1
    return Note(_place(order), count_of(count) if count else some, filed=filed)


def _place(order: str | None) -> int | None:
    if order is None:
        return None
    if re.fullmatch(_FIRST, order):
        return 1
    nth = (place for place, form in _NTH.items() if re.fullmatch(form, order))
    return next(nth, -1)


def applied(text: str, note: Note) -> str | None:
    """Return a mark with a note written into it, or None where its place cannot be told."""
    if note.sign:
        sign = note.sign if note.sign in text else note.sign.upper()
        return text.replace(sign, "?") if sign in text else None
    if note.either:
        return _either(text, note.at, note.either)
    if note.at == 1:
        return _leading(text, note.count)
    if note.at == -1:
        tail = _leading(text[::-1], note.count) if "[" not in text else None
        return tail[::-1] if tail else None
    return _inside(text, note)


_UNREAD: Final = re.compile(r"[xX?_.#*•-]+")


def _leading(text: str, count: int | None) -> str | None:
    shown = _UNREAD.match(text)
    if shown is None:
        return None if re.search(r"[?*x]", text) else ("*" if count is None else "?" * count) + text
    if count is None or len(shown[0]) == count:
        return ("*" if shown[0] == "*" else "?" * len(shown[0])) + text[shown.end() :]
    return "?" * count + text[1:] if shown[0] == "*" else None


def _inside(text: str, note: Note) -> str | None:
    """Put a note where the mark has as many signs that can be one, or one at its place."""
    if note.at is not None:
        at = note.at - 1
        fits = text[at : at + 1] in tuple("xX?_#*•") and "[" not in text
        return text[:at] + "?" + text[at + 1 :] if fits else None
    for sign in "?_#•xX":
        found = text.count(sign)
        if found and note.count in (None, found):
            return text.replace(sign, "?")
    return None


def _either(text: str, at: int | None, glyphs: tuple[str, str]) -> str | None:
    upper = tuple(glyph.upper() for glyph in glyphs)
    end = text[-1:] if at == -1 else text[:1]
    if end.upper() not in (*upper, "?"):
        return None
    wanted = f"[{''.join(upper)}]"
    return text[:-1] + wanted if at == -1 else wanted + text[1:]
