"""Convert notations for unreadable glyphs to `?`, `*`, `[8B]`: first signs, then remarks."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from salsa_ext.firearms.marks.keys import skeleton

ILLEGIBLE_WORDS: Final = (
    r"(?:ileg[ií]ve(?:l|is)|ilegibles?|illegibles?|unreadable|illisibles?"
    r"|(?:no|n[aã]o) leg(?:ibles?|[ií]vel|[ií]veis)"
    r"|no (?:se )?(?:visibles?|ven?|leen?|aprecian?|distinguen?|observan?)"
    r"|n[aã]o (?:vis[ií]vel|vis[ií]veis|se l[eê])"
    r"|not (?:visible|legible|readable)|(?:non|pas) (?:visible|lisible)s?)"
)
_NUMBER_WORDS: Final = (
    "un uno una um uma une one|two dos dois duas deux|three tres trois três"
    "|four cuatro quatro quatre|five cinco cinq|six seis"
)
_COUNT_BY_WORD: Final = {
    word: count for count, words in enumerate(_NUMBER_WORDS.split("|"), 1) for word in words.split()
}
COUNT_WORDS: Final = rf"\d|{'|'.join(_COUNT_BY_WORD)}"
_PLAIN_GLYPH: Final = r"[A-Za-z0-9]"
_ARTICLE: Final = r"(?:(?:the|el|la|los|las|o|a|os|as|le|les|its|su|sus|del|de) )?"
_OR_SIGN: Final = r"\s*(?:/|\||\bo\b|\bou\b|\bor\b|\bu\b)\s*"
_GLYPH_BEFORE: Final = r"[A-Za-z0-9?*\]]"
_GLYPH_AFTER: Final = r"[A-Za-z0-9?*\[]"
_GLYPH_WORDS: Final = (
    r"(?:d[ií]gitos?|caracteres|car[aá]cter|digits?|characters?|chars?|chiffres?|n[uú]meros?"
    r"|letras?|letters?)"
)

_LABEL_WORDS: Final = (
    r"(?:s[eé]rie|serial|number|n[uú]mero|num[eé]ro|numera(?:ci[oó]n|[cç][aã]o)|matr[ií]cula|matricule|nro|n[º°]"
    r"|no|sn|de|da|do|el|la|le|o|a|the|with|con|com|avec)"
)
_ENDING_WORDS: Final = (
    r"(?:(?:que )?(?:termina|finaliza|acaba)(?:d[oa]|ndo)? (?:en|em|con|com)|(?:which )?end(?:ing|s) (?:in|with|on)"
    r"|(?:se terminant|finissant|finit|se termine) (?:par|en)"
    r"|termina(?:ci[oó]n|[cç][aã]o)|finais|final(?:es)?|ending"
    rf"|(?:(?:los|as|las|os|the|les) )?(?:(?:dos|tres|cuatro|duas|tr[eê]s|quatro|deux|trois|two|three) )?(?:[uú]ltim[oa]s|last|derniers)"
    rf"(?: (?P<ends>{COUNT_WORDS}))?(?: (?:{_GLYPH_WORDS}|algarismos|cifras))?)"
)

_BEGINNING_WORDS: Final = (
    r"(?:(?:que )?(?:comien[zc]a|comenzando|empieza|empezando|inicia(?:ndo)?|come[cç]a(?:ndo)?) (?:con|por|com|en|em)"
    r"|(?:which )?(?:begin|start)(?:s|ning|ing)? (?:with|in|by)|(?:commen[cç]ant|commence|d[eé]butant|d[eé]bute) par"
    r"|letras?|letters?|lettres?|iniciais|iniciales|initials|prefi[jx]o|prefix|pr[eé]fixe|inicio|in[ií]cio|d[eé]but|(?:(?:os|los|the|les) )?(?:primeros|primeiros|first|premiers)"
    rf"(?: (?:{COUNT_WORDS}))?(?: {_GLYPH_WORDS})?)"
)
_REMOVED_WORDS: Final = (
    r"(?:borrad|raspad|limad|apagad|suprimid|lixad|picotad|adulterad)[oa]s?"
    r"|(?:effac|lim|meul)[eé]e?s?|filed(?: off)?|ground(?: off)?|removed|obliterated|defaced|scratched(?: off)?"
)
_PARTLY_REMOVED_WORDS: Final = (
    rf"(?:(?:(?:parcial|partial|partielle)\w*|partly|semi|en parte|em parte|en partie) (?:{_REMOVED_WORDS})"
    rf"|(?:{_REMOVED_WORDS}) (?:(?:parcial|partial|partielle)\w*|partly|en parte|em parte|en partie))"
)
_REST_WORDS: Final = r"(?:rest|remainder|resto|restante|demas|demais|reste|seguid[oa]s? (?:de|por)|followed by|suivie?s? (?:de|par))"
# Capitals of a mark: a word before “ilegible” is none.
_PREFIX_LETTERS: Final = r"(?!(?:no|nao|n[aã]o|non|not|pas|sin|sem|muy|bem|est|sn|nr|nro|num|ser|s[eé]r)\b)(?P<begin>(?-i:[A-Z]{2,3}))"
_ONLY_WORDS: Final = (
    r"(?:s[oó]lo|s[oó]|[uú]nicamente|apenas|somente|only|just|seulement|seules?)(?: (?:se )?(?:leen?|l[eê]|ven?|read|visible))?"
    rf"(?: {_ARTICLE}{_GLYPH_WORDS})?"
)
_ONLY: Final = r"(?:s[oó](?:lo|mente)?|[uú]nicamente|solamente|apenas|only|just|seule?s?(?:ment)?)"
_READ_WORDS: Final = (
    r"(?:(?:s[oó]lo|s[oó]|[uú]nicamente|apenas|somente|only|just) (?:se )?"
    r"(?:leen?|l[eê](?:em)?|ven?|v[eê]|reads?|readable|legible|visible)|on ne (?:lit|voit) que|seul(?:ement)? lisible"
    r"|(?:leg[ií]ve(?:l|is)|legibles?|vis[ií]ve(?:l|is)|visibles?|readable|lisibles?)"
    rf" {_ONLY})"
)
_SIGHT_WORDS: Final = (
    r"(?:se )?(?:leen?|l[eê](?:em)?|ven?|v[eê]|reads?|readable|legible|visible|lisible)"
)
_ONLY_END_WORDS: Final = (
    rf"(?:{_SIGHT_WORDS} )?(?:(?:s[oó]lo|s[oó]|[uú]nicamente|apenas|somente|only|just|seule?(?:ment)?)|on ne (?:lit|voit) que) (?:{_SIGHT_WORDS} )?"
    r"(?:(?:al?|n?o|ao|le|la|[aà] la|(?:at )?the|en el|el) )?(?:finale?|fin|fim|end)"
    rf"(?: {_ARTICLE}{_GLYPH_WORDS})?"
)
_VISIBLE_WORDS: Final = (
    r"(?:visi(?:bles?|vel|veis)|leg[ií](?:bles?|vel|veis)|readable|lisibles?|can be read)"
)
_PARTIAL_WORDS: Final = (
    r"(?:parcial(?:mente)?(?: (?:leg[ií](?:ble|vel)|le[ií]d[oa]|lid[oa]))?|partial(?:ly)?(?: (?:legible|read))?|partielle?"
    r"|(?:le[ií]d[oa]|legible|leg[ií]vel|read|lu) (?:en parte|em parte|in part|parcialmente)|incomplet[aoe]?|incomplete|fragmento?)"
)


def _write_alternatives(match: re.Match[str]) -> str:
    """Write alternatives if next to a glyph or look-alike."""
    glyphs = re.findall(_PLAIN_GLYPH, re.sub(r"\b(?:o|ou|or|u)\b", " ", match["glyphs"]))
    if len(glyphs) < 2 or len(set(glyphs)) != len(glyphs):
        return match[0]
    whole, at = match.string, match.span()
    attached = (at[0] and whole[at[0] - 1].isalnum()) or whole[at[1] : at[1] + 1].isalnum()
    alike = len({skeleton(glyph.upper()) for glyph in glyphs}) == 1
    return f"[{''.join(glyphs)}]" if attached or alike else match[0]


def _write_inner_alternatives(match: re.Match[str]) -> str:
    glyph, other = match["one"], match["other"]
    alike = glyph != other and skeleton(glyph.upper()) == skeleton(other.upper())
    return f"[{glyph}{other}]" if alike else match[0]


def _write_ending(match: re.Match[str]) -> str:
    """Write the end of a mark, unless its count of glyphs disagrees."""
    end, count = match["end"], match["ends"]
    is_whole = not count or word_to_count(count.lower()) == len(end)
    return f"{match['label']}*{end}" if is_whole else match[0]


def _write_unreadable(match: re.Match[str]) -> str:
    return "?" * sum(glyph not in "[](){}<> " for glyph in match[0])


def _write_counted(match: re.Match[str]) -> str:
    return "?" * word_to_count((match["count"] or match["count2"]).lower()) or match[0]


def word_to_count(word: str) -> int:
    """Return the number for a word or digit of `COUNT_WORDS`."""
    return int(word) if word.isdigit() else _COUNT_BY_WORD[word]


_Rule = tuple[str, str | Callable[[re.Match[str]], str]]
# Words around the glyphs of a whole cell, then signs among them.
_WORD_RULES: Final[tuple[_Rule, ...]] = (
    # terminada en 1234, last four 1234: all that is before it cannot be read
    (
        rf"\A(?P<label>(?:{_LABEL_WORDS}\.?[ :]+)*){_ENDING_WORDS}:? [\"'“]?(?P<end>(?=[A-Z0-9-]*\d)[A-Z0-9-]{{2,}})[\"'”]?"
        rf"(?! ?{ILLEGIBLE_WORDS})(?=\Z|[\s,;.)])",
        _write_ending,
    ),
    # comienza con A43, prefijo TKR: what follows cannot be read
    (
        rf"\A(?P<label>(?:{_LABEL_WORDS}\.?[ :]+)*){_BEGINNING_WORDS}:?(?: (?:la letra|a letra|the letter|la lettre))? [\"'“]?(?P<begin>(?=[A-Z0-9-]*\d)[A-Z0-9-]{{2,}}|(?-i:[A-Z]{{1,4}}))[\"'”]?\Z",
        r"\g<label>\g<begin>*",
    ),
    # TKR ilegible, TKR (resto raspado), TKR seguido de números ilegibles
    (
        rf"\A(?P<label>(?:{_LABEL_WORDS}\.?[ :]+)*){_PREFIX_LETTERS}[ ,(\[:/+-]+(?:(?:e|y|et|and) )?"
        rf"(?:{ILLEGIBLE_WORDS}|{_ARTICLE}{_REST_WORDS} (?:{_ARTICLE}(?:(?:{COUNT_WORDS}) )?{_GLYPH_WORDS} )?(?:{ILLEGIBLE_WORDS}|{_REMOVED_WORDS}))[)\]]?\Z",
        r"\g<label>\g<begin>*",
    ),
    (
        rf"\A(?P<label>(?:{_LABEL_WORDS}\.?[ :]+)*){_ONLY_WORDS} {_PREFIX_LETTERS}(?: {_VISIBLE_WORDS})?\Z",
        r"\g<label>\g<begin>*",
    ),
    # solo se lee al final 4452, seul le final 28 lisible
    (
        rf"\A(?P<label>(?:{_LABEL_WORDS}\.?[ :]+)*){_ONLY_END_WORDS}:? (?P<end>(?=[A-Z0-9-]*\d)[A-Z0-9-]{{2,}})"
        rf"(?: (?:est |is |es |[eé] )?{_VISIBLE_WORDS})?\Z",
        r"\g<label>*\g<end>",
    ),
    # parcial 4452, solo se lee N243: the place is not given
    (
        rf"\A(?P<label>(?:{_LABEL_WORDS}\.?[ :]+)*)(?:{_PARTLY_REMOVED_WORDS}[,;:]? )?(?:{_PARTIAL_WORDS}|{_READ_WORDS}):? (?P<piece>(?=[A-Z0-9-]*\d)[A-Z0-9-]{{2,}})\Z",
        r"\g<label>*\g<piece>*",
    ),
    (
        rf"\A(?P<label>(?:{_LABEL_WORDS}\.?[ :]+)*)(?:{_PARTLY_REMOVED_WORDS}[,;:]? )?{_ONLY}"
        rf" (?P<piece>(?=[A-Z0-9-]*\d)[A-Z0-9-]{{2,}}) {_VISIBLE_WORDS}\Z",
        r"\g<label>*\g<piece>*",
    ),
    (
        rf"\A(?P<label>(?:{_LABEL_WORDS}\.?[ :]+)*)(?P<piece>(?=[A-Z0-9-]*\d)[A-Z0-9-]{{2,}}),? \(?{_PARTIAL_WORDS}\)?\Z",
        r"\g<label>*\g<piece>*",
    ),
    # 1) TKR44560 2) TKR44561
    (r"\A1[).]-? (?=.* 2[).]-? )|(?<=[A-Z0-9,;.]) [2-9][).]-? (?=\S*\d)", "; "),
)
_SIGN_RULES: Final[tuple[_Rule, ...]] = (
    (r"\A¿([^?]*)\?\Z", r"\1 (?)"),
    # (8 o B), [8/B], {8|B}
    (
        rf"[(\[{{]\s*(?P<glyphs>{_PLAIN_GLYPH}(?:{_OR_SIGN}{_PLAIN_GLYPH}){{1,3}})\s*[)\]}}]",
        _write_alternatives,
    ),
    (
        rf"(?<={_GLYPH_BEFORE}) (?P<one>{_PLAIN_GLYPH})(?:/| (?:o|ou|or) )(?P<other>{_PLAIN_GLYPH}) (?={_GLYPH_AFTER})",
        _write_inner_alternatives,
    ),
    # [?] next to a glyph; (?) before one, for behind the last it doubts the whole
    (
        rf"(?<={_GLYPH_BEFORE})\[\?+\]|\[\?+\](?={_GLYPH_AFTER})|[({{]\?+[)}}](?={_GLYPH_AFTER})",
        _write_unreadable,
    ),
    # [_], (X), <?> touching a glyph, as is one that is written over by ~ or ^
    (
        rf"(?<={_GLYPH_BEFORE})(?:[\[(]_+[\])]|[\[(]x+[\])]|<[?_x]+>)|(?:[\[(]_+[\])]|[\[(]x+[\])]|<[?_x]+>)(?={_GLYPH_AFTER})",
        _write_unreadable,
    ),
    # (but 1001~1010 is a range)
    (
        rf"(?!(?<=\d\d\d)~\d\d\d)(?:(?<={_GLYPH_BEFORE})[~^]+|[~^]+(?={_GLYPH_AFTER}))",
        _write_unreadable,
    ),
    # (2 ilegibles), [three digits illegible]
    (
        rf"(?:(?<={_GLYPH_BEFORE})|(?<={_GLYPH_BEFORE} ))[(\[{{](?P<count>{COUNT_WORDS}) (?:{_GLYPH_WORDS} )?{ILLEGIBLE_WORDS}[)\]}}]"
        rf"|[(\[{{](?P<count2>{COUNT_WORDS}) (?:{_GLYPH_WORDS} )?{ILLEGIBLE_WORDS}[)\]}}](?=\s?{_GLYPH_AFTER})",
        _write_counted,
    ),
    (
        rf"(?<={_GLYPH_BEFORE})[(\[{{<](?:{ILLEGIBLE_WORDS}|\.{{2,}}|…)[)\]}}>]|[(\[{{<](?:{ILLEGIBLE_WORDS}|\.{{2,}}|…)[)\]}}>](?={_GLYPH_AFTER})",
        "*",
    ),
    (
        rf"(?<={_GLYPH_BEFORE}) [(\[{{<](?:{ILLEGIBLE_WORDS}|\.{{2,}}|…)[)\]}}>] (?={_GLYPH_AFTER})",
        " * ",
    ),
    (rf"(?<={_GLYPH_BEFORE})(?:…|\.{{3,}})|(?:…|\.{{3,}})(?={_GLYPH_AFTER})", "*"),
    (rf"(?<={_GLYPH_BEFORE} )(?:…|\.{{3,}})(?= {_GLYPH_AFTER})", "*"),
    (r"\*{2,}", _write_unreadable),
    # a row of them next to a glyph, one for each; a single one where no separator fits
    (
        rf"(?<={_GLYPH_BEFORE})[_#]{{2,}}|[_#]{{2,}}(?={_GLYPH_AFTER})|(?<={_GLYPH_BEFORE})-{{2,}}|-{{2,}}(?={_GLYPH_AFTER})",
        _write_unreadable,
    ),
    (r"(?<=[0-9?])[_#](?=[0-9?])|(?<=[A-Za-z?])_(?=[A-Za-z?])|(?<=[A-Za-z?])#(?=[A-Za-z?])", "?"),
    (rf"(?<![\w-])_(?={_GLYPH_AFTER})|(?<={_GLYPH_BEFORE})[_#](?![\w-])", "?"),
    (r"(?<!\S)_(?=\s[A-Za-z0-9?_](?![A-Za-z]{2}))|(?<=[A-Za-z0-9?]\s)_(?!\S)", "?"),
    (rf"(?<={_GLYPH_BEFORE})[¿•■□▯◻�]+|[•■□▯◻�]+(?={_GLYPH_AFTER})", _write_unreadable),
)


_SUSPECT_WORDS: Final = (
    r"termin|end|fini|[uú]ltim|last|dernier|final|finais|comien|comen|empie|empez|inic|in[ií]c|come[cç]|begin|start"
    r"|acaba|commen|d[eé]but|pr[eé]fi|prime|premie|first|parcial|partial|partiel|incompl|fragm|in part|en parte|em parte"
    r"|[12][).]-? |ileg|illeg|illis|unread|s[oó](?:lo)? |on ne |[uú]nica|apenas|soment|only|seul|resto|rest |dema[is]|leg[ií]|letra|letter|lettre"
)
_SUSPECT_SIGNS: Final = r"[\[({<*_#…¿•■□▯◻�~^]|--|\.\.\.| o | ou | or |/"
_COMPILED_RULES: Final = tuple(
    (
        re.compile(suspect, re.IGNORECASE),
        tuple((re.compile(form, re.IGNORECASE), written) for form, written in rules),
    )
    for suspect, rules in ((_SUSPECT_WORDS, _WORD_RULES), (_SUSPECT_SIGNS, _SIGN_RULES))
)


def rewrite_unreadable(text: str) -> str:
    """Return the text with unreadable glyphs written as `?`, `*`, `[8B]`.

    A run of unknown length becomes `*`. A single `_` or `#` counts between two glyphs of one kind
    or at an end; two or more asterisks are as many glyphs. A single hyphen is a separator. Readable
    glyphs keep their order.
    """
    for suspect, rules in _COMPILED_RULES:
        if suspect.search(text):
            for form, written in rules:
                text = form.sub(written, text)
    return text


# All of these are matched against text without case and accents.
_FIRST_WORDS: Final = (
    r"first|primer[oa]?s?|primeir[oa]s?|premier(?:e|s|es)?|1st|1er[oa]?|1ro|1ra|1[oa]|1ere|leading"
    r"|initial|inicial|iniciais|iniciales"
)
_LAST_WORDS: Final = r"last|ultim[oa]s?|dernier(?:e|s|es)?|trailing|final(?:es)?|finais"
_ORDINAL_WORDS: Final = {
    2: r"second|segund[oa]|deuxieme|2nd|2d[oa]|2[oa]|2e|2eme",
    3: r"third|tercer[oa]?|terceir[oa]|troisieme|3rd|3r[oa]|3er|3[oa]|3e|3eme",
    4: r"fourth|cuart[oa]|quart[oa]|quatrieme|4th|4t[oa]|4[oa]|4e|4eme",
    5: r"fifth|quint[oa]|cinquieme|5th|5t[oa]|5[oa]|5e|5eme",
    6: r"sixth|sext[oa]|sixieme|6th|6t[oa]|6[oa]|6e|6eme",
}
_ANY_ORDINAL: Final = rf"(?:{_FIRST_WORDS}|{_LAST_WORDS}|{'|'.join(_ORDINAL_WORDS.values())})"
_GLYPH_NOUN: Final = (
    r"(?:digitos?|digits?|caracter(?:es|e)?|characters?|chars?|numeros?|numbers?|cifras?|chiffres?"
    r"|letras?|letters?|lettres?|algarismos?|guarismos?|symbols?|posicion(?:es)?)"
)
_COPULA: Final = r"(?: (?:is|are|was|were|es|esta|estan|son|e|estao|sao|foi|foram|est|sont))?"
_UNREADABLE_WORDS: Final = (
    rf"(?:{ILLEGIBLE_WORDS}|not read|unread|(?:no|sin|nao) (?:leid[oa]s?|leer|lid[oa]s?)|not identified|unidentified|missing|unknown|worn(?: off)?|gone|faltantes?"
    r"|falta[nm]?|ausentes?|no (?:se )?(?:identificad[oa]s?|identifican?|lee|ve|aprecia|distingue)"
    r"|nao (?:se )?(?:identificad[oa]s?|le|ve|visualizad[oa]s?|lid[oa]s?)|manquent|manquante?s?"
    r"|non (?:identifiee?s?|lue?s?)|manque|desconocid[oa]s?|desconhecid[oa]s?|inconnue?s?"
    rf"|desgastad[oa]s?|(?P<filed>{_REMOVED_WORDS}))"
)
_NAMED_GLYPHS: Final = (
    rf"(?:{_ARTICLE}(?:(?P<order>{_ANY_ORDINAL}) )?(?:(?P<count>{COUNT_WORDS}) )?(?:(?P<order2>{_ANY_ORDINAL}) )?{_GLYPH_NOUN}"
    rf"(?: (?P<order3>{_ANY_ORDINAL}))?"
    rf"|{_ARTICLE}(?:(?P<order4>{_ANY_ORDINAL}) (?P<count4>{COUNT_WORDS})|(?P<count5>{COUNT_WORDS}) (?P<order5>{_ANY_ORDINAL})))"
)
_NAMED_GLYPHS_B: Final = re.sub(r"\?P<(order\d?|count\d?)>", r"?P<b_\1>", _NAMED_GLYPHS)
_UNREADABLE_WORDS_B: Final = _UNREADABLE_WORDS.replace("?P<filed>", "?P<b_filed>")
_REST_REMARK: Final = (
    rf"{_ARTICLE}(?:rest|remainder|resto|restante|demas|demais|reste|restants?)"
    rf"(?: d[eoa]l? (?:serie|serial|numero))?{_COPULA}:? {_UNREADABLE_WORDS.replace('filed>', 'r_filed>')}"
)
_LEGEND_SIGN: Final = r"[\"'“‘]?(?P<sign>[x_*#\-•])[\"'”’]?"
_LEGEND_REMARK: Final = (
    rf"(?:(?:ou|donde|onde|where) )?(?:{_GLYPH_NOUN} )?{_LEGEND_SIGN} ?(?:=|:|->|significa|means?|es|e|is|signifie|para|for|pour|por"
    r"|representa|denota|indica)?"
    rf" ?{_ARTICLE}(?:{_GLYPH_NOUN} )?{ILLEGIBLE_WORDS}(?: {_GLYPH_NOUN})?"
)
_ALTERNATIVES_REMARK: Final = (
    rf"{_ARTICLE}(?P<e_order>{_FIRST_WORDS}|{_LAST_WORDS}) {_GLYPH_NOUN}(?:,| :|:)?"
    r"(?: (?:is|es|e|est|puede ser|pode ser|may be|could be|peut etre))?"
    r" (?P<one>[a-z0-9])(?: (?:o|ou|or) |/)(?P<other>[a-z0-9])"
)
_PLURAL_NOUN: Final = re.compile(
    r"(?:digitos|digits|caracteres|characters|chars|numeros|numbers|cifras|chiffres|letras|letters"
    r"|lettres|algarismos|guarismos|symbols|posiciones)\b"
)
_WORD_BOUNDS: Final = r"(?<![\w])(?:{})(?![\w])"
_REMARK_PATTERN: Final = re.compile(
    "|".join(
        _WORD_BOUNDS.format(form)
        for form in (
            _ALTERNATIVES_REMARK,
            rf"(?P<rest>{_REST_REMARK})",
            rf"(?P<legend>{_LEGEND_REMARK})",
            rf"(?P<after>{_NAMED_GLYPHS}{_COPULA}:? {_UNREADABLE_WORDS})",
            rf"(?P<before>{_UNREADABLE_WORDS_B}{_COPULA} {_NAMED_GLYPHS_B})",
        )
    )
)


_ORDINAL_GROUPS: Final = tuple(f"{b}order{n}" for b in ("", "b_") for n in ("", 2, 3, 4, 5))
_COUNT_GROUPS: Final = tuple(f"{b}count{n}" for b in ("", "b_") for n in ("", 4, 5))


@dataclass(frozen=True)
class GlyphRemark:
    """A remark on unreadable glyphs of a mark.

    `count` glyphs (None: some) at `at` (1 first, -1 last, None unknown). `sign` means an unreadable
    glyph by a legend, `either` names two alternatives, `filed` means deliberately removed.
    """

    at: int | None = None
    count: int | None = 1
    sign: str | None = None
    either: tuple[str, str] | None = None
    filed: bool = False


def find_glyph_remarks(plain: str) -> list[tuple[int, int, GlyphRemark]]:
    """Return the remarks in a folded text, each with its place."""
    remarks = (
        match for match in _REMARK_PATTERN.finditer(plain) if not _is_about_whole_mark(match)
    )
    return [(*match.span(), _parse_remark(match)) for match in remarks]


def _is_about_whole_mark(match: re.Match[str]) -> bool:
    """Return whether a remark is on the whole mark ("the number is illegible")."""
    groups = match.groupdict()
    counted = any(
        groups[name] for name in (*_ORDINAL_GROUPS, *_COUNT_GROUPS, "one", "legend", "rest")
    )
    return not counted and re.search(r"\b(?:numero|number)s?\b", match[0]) is not None


def _parse_remark(match: re.Match[str]) -> GlyphRemark:
    groups = match.groupdict()
    if groups["one"]:
        return GlyphRemark(
            _ordinal_place(groups["e_order"]), either=(groups["one"], groups["other"])
        )
    if groups["legend"]:
        return GlyphRemark(sign=groups["sign"])
    filed = any(groups[name] for name in ("filed", "b_filed", "r_filed"))
    if groups["rest"]:
        return GlyphRemark(-1, None, filed=filed)
    order = next((groups[name] for name in _ORDINAL_GROUPS if groups[name]), None)
    count = next((groups[name] for name in _COUNT_GROUPS if groups[name]), None)
    plural = _PLURAL_NOUN.search(match[0])
    some = None if plural else 1
    return GlyphRemark(_ordinal_place(order), word_to_count(count) if count else some, filed=filed)


def _ordinal_place(order: str | None) -> int | None:
    if order is None:
        return None
    if re.fullmatch(_FIRST_WORDS, order):
        return 1
    nth = (place for place, form in _ORDINAL_WORDS.items() if re.fullmatch(form, order))
    return next(nth, -1)


def apply_remark(text: str, remark: GlyphRemark) -> str | None:
    """Return the mark with the remark applied; None if its place is unknown."""
    if remark.sign:
        sign = remark.sign if remark.sign in text else remark.sign.upper()
        return text.replace(sign, "?") if sign in text else None
    if remark.either:
        return _apply_alternatives(text, remark.at, remark.either)
    if remark.at == 1:
        return _apply_at_start(text, remark.count)
    if remark.at == -1:
        tail = _apply_at_start(text[::-1], remark.count) if "[" not in text else None
        return tail[::-1] if tail else None
    return _apply_inside(text, remark)


_UNREAD_SIGNS: Final = re.compile(r"[xX?_.#*•-]+")


def _apply_at_start(text: str, count: int | None) -> str | None:
    signs = _UNREAD_SIGNS.match(text)
    if signs is None:
        return None if re.search(r"[?*x]", text) else ("*" if count is None else "?" * count) + text
    if count is None or len(signs[0]) == count:
        return ("*" if signs[0] == "*" else "?" * len(signs[0])) + text[signs.end() :]
    return "?" * count + text[1:] if signs[0] == "*" else None


def _apply_inside(text: str, remark: GlyphRemark) -> str | None:
    """Apply a remark to signs of the same count, or at its place."""
    if remark.at is not None:
        at = remark.at - 1
        fits = text[at : at + 1] in tuple("xX?_#*•") and "[" not in text
        return text[:at] + "?" + text[at + 1 :] if fits else None
    for sign in "?_#•xX":
        count = text.count(sign)
        if count and remark.count in (None, count):
            return text.replace(sign, "?")
    return None


def _apply_alternatives(text: str, at: int | None, glyphs: tuple[str, str]) -> str | None:
    upper = tuple(glyph.upper() for glyph in glyphs)
    end = text[-1:] if at == -1 else text[:1]
    if end.upper() not in (*upper, "?"):
        return None
    alternatives = f"[{''.join(upper)}]"
    return text[:-1] + alternatives if at == -1 else alternatives + text[1:]
