"""What a cell holds that is no mark: objects, makers, models, calibres, counts, cases."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

from salsa_ext.firearms.marks.marking_words import TERMS, find_term, fold_glyphs
from salsa_ext.reference.name_matching import CERTAIN
from salsa_ext.reference.packaged import packaged_index, read_csv

MONTHS: Final = (
    "jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|ene|abr|ago|dic|fev|mai|set|out|dez"
    "|janv|f[eé]vr?|mars|avr|juin|juil|ao[uû]t|d[eé]c"
)
_DATE_SIGNS: Final = r"[-/. ]"
_TIME: Final = r"(?:[ T]\d{1,2}:\d\d(?::\d\d)?)?"
_DAMAGE_FORMS: Final = {
    "error": r"#(?:[A-ZÀ-Ú¡¿/]{2,12}|DIV/0)[!?]|#N/[AD]|Err:\d{3}",
    "width": r"#{4,}",
    "scientific": r"[+-]?\d(?:[.,]\d+)?E\+\d{1,3}|[+-]?\d[.,]\d+E-?\d{1,3}",
    "date": rf"\d{{1,2}}{_DATE_SIGNS}(?:{MONTHS})\.?(?:{_DATE_SIGNS}\d\d(?:\d\d)?)?"
    rf"|(?:{MONTHS}){_DATE_SIGNS}(?:\d\d|(?:19|20)\d\d)"
    rf"|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)\d\d{_TIME}"
    rf"|(?:19|20)\d\d[-/](?:0[1-9]|1[0-2])[-/](?:0[1-9]|[12]\d|3[01]){_TIME}",
    "number": r"[+-]?\d+[.,]\d+|\d{1,3}(?:[.,]\d{3})+(?:[.,]\d+)?",
    "precision": r"[1-9]\d{14}0+",
}
_DAMAGE_PATTERNS: Final = {
    code: re.compile(form, re.IGNORECASE) for code, form in _DAMAGE_FORMS.items()
}
_BROKEN_ENCODING: Final = re.compile("�|Ã[\x80-\xbf]|Â[\x80-\xbf]|ï¿½|_x[0-9A-F]{4}_")
_CUT_LENGTHS: Final = frozenset((255, 256, 32_767))  # characters at which columns and cells are cut
LOST_VALUE_CODES: Final = frozenset(("error", "width"))  # of these not one glyph is left


def find_damage(text: str) -> str | None:
    """Return the code of spreadsheet damage to a cell, or None.

    `error`, `width`: the value is lost. `scientific`, `date`, `number` (thousands or decimals),
    `precision` (zeros after fifteen digits): converted as a number. `cut`: the end is lost;
    `encoding`: accents are lost. Lost leading zeros leave no trace, and `4-Jul` may be a mark: the
    flag asks to look at the source. Damage is reported, never undone.
    """
    for code, form in _DAMAGE_PATTERNS.items():
        if form.fullmatch(text):
            return code
    if _BROKEN_ENCODING.search(text):
        return "encoding"
    is_open = any(text.count(opening) > text.count(closing) for opening, closing in ("()", "[]"))
    return "cut" if is_open or len(text) in _CUT_LENGTHS else None


_NUMBER_WORDS: Final = (
    r"\d{1,3}|un|una|uno|um|uma|one|une|dos|dois|duas|two|deux|tres|three|trois|cuatro|quatro|four|quatre"
    r"|cinco|five|cinq|seis|six|siete|sete|seven|sept|ocho|oito|eight|huit|nueve|nove|nine|neuf|diez|dez|ten|dix"
)
_MAX_PHRASE: Final = 5  # words of a name
_MIN_NAME: Final = 4  # letters of a maker's name; shorter ones are prefixes of serials too
MAX_SHORT: Final = 8  # characters of a model or calibre written as a mark is

_TOKEN: Final = re.compile(r"[^\W_]+")
_SIGN_BEFORE: Final = re.compile(r"(?<!\S)(?:\.|[$£€]\s?)\Z")
_REGISTER_NUMBER: Final = re.compile(
    r"(?:[\s.:,#º°*-]|n[ro]{0,2}[.º°]|\b(?:n|no|nr|nro|num|number|numero|de|da|do|del|la|el|of|the|policial|pericial"
    r"|evidencia|seguridad|seguranca|custodia|judicial|penal|criminal|fiscal|ballistics?|balistic[oa]|forense)\b)*"
    r"(?:[a-z]{1,5}[-/. ]{0,2})?\d(?:[\w]|[./-](?=\w)|,(?=\d{3}))*(?:\s?/\s?\d+)?"
)
_RESTORED_BY: Final = re.compile(
    r"\b(?:restor|restaur|recuper|recover|revel|reveal|reaviv|regener|restitu|raised)\w*"
    r"\s(?:(?:a|al|ao|au|aux|by|da|dans|de|du|em|en|i|in|l|la|le|na|no|par|pela|pelo|por|the|with)[\s'])*\Z"
)
"""Before the expert or laboratory that made a serial legible: the number behind is that serial."""
_SHORT_NUMBER: Final = re.compile(
    r"[\s:]*(?:n[ro]{0,2}[.º°]?\s*)?(?:\.?\d{1,2}|(?:19|20)\d\d)(?![\w?*/-])"
)
_MODEL_AFTER: Final = re.compile(
    r"[\s-]*(?:[a-z]?-?\d{1,3}[a-z]{0,3}|(?:18|19)\d\d|\d{1,3}/\d)(?:\s?gen\.?\s?\d)?(?![\w?*/-])"
)
_NAMED_MODEL: Final = re.compile(r"[\s-]*([a-z]{1,4}[\s-]?\d{1,4}[a-z]{0,3})(?!\w)")
_CALIBRE: Final = re.compile(
    r"\.?\d{1,3}(?:[.,]\d{1,2})?(?:\s?x\s?\d{1,3}(?:[.,]\d)?)?(?:\s?[a-z&.]+(?!\w)){0,2}"
)
_CALIBRE_LABEL: Final = re.compile(
    rf"(?:cal|calibre|caliber|calib|kal)(?!\w)[.:\s]*(?:{_CALIBRE.pattern})?"
)
_COUNT: Final = re.compile(rf"({_NUMBER_WORDS})\s*(?:x\s+)?(?=[a-z])")
# What begins with a digit or a sign: dates, money, measures, times of day.
_MEASURE: Final = re.compile(
    rf"\d{{1,2}}(?: de)? (?:{MONTHS})[a-z]*\.?(?: del?)? (?:19|20)\d\d(?!\w)"
    r"|(?:0?[1-9]|[12]\d|3[01])[/.-](?:0?[1-9]|[12]\d|3[01])[/.-](?:19|20)?\d\d(?![\w/-])"
    r"|[$£€]\s?\d[\d.,]*(?!\w)|\d{1,2} (?:de|of|sur) \d{1,2}(?!\w)|\d{1,2}\s?\+\s?\d(?!\w)"
    r"|(?!\d{4,}[mg]\b)\d{1,5}(?:[.,]\d{1,3})?\s?(?:mm|cms?|mts?|m|kgs?|gr?|grs|lbs?|oz|pol|polegadas?|pulgadas?|pulg|in|inch(?:es)?"
    r"|pouces?|usd|dolares|dollars|pesos|reais|euros|%)(?!\w)\.?"
    r"|\d{1,2}(?:[.,]\d{1,2}|\s\d/\d)?\s?(?:\"|''|”|″)"
    r"|(?:[01]?\d|2[0-3])(?::[0-5]\d){1,2}(?:\s?(?:h|hs|hrs|am|pm))?(?!\w)|(?:[01]?\d|2[0-3])h[0-5]\d(?!\w)"
)
# What begins with a letter: money, dates, models, `PV 2231/2021`.
_LABELLED: Final = re.compile(
    r"(?:us\$|r\$|u\$s)\s?\d[\d.,]*(?!\w)"
    r"|(?:usd|brl|ars|eur|clp|cop|pen|mxn)(?:\s\d[\d.,]*|\d{1,3}(?:[.,]\d{2,3})*)(?!\w)"
    rf"|(?:{MONTHS})[a-z]*\.? (?:\d{{1,2}}(?:st|nd|rd|th)?,? |de )?(?:19|20)\d\d(?!\w)"
    r"|(?:mod|mdl|modelo|model|modele)[.:\s]\s*(?:[a-z]{0,6}[\s-]?\d{1,4}(?:[\s-]?[a-z]{1,3}(?!\w))?(?![\w?*])|[a-z]+(?!\w))"
    r"|(?P<code>[a-z]{2,5})[.\s:#nº°-]*\d{1,6}\s?[/-]\s?(?:19|20)\d\d(?:-[a-z\d]+)?(?!\w)"
)
_SHORT_SHAPE: Final = re.compile(r"\d{1,3}(?:[ -]?[a-z]+|x\d+[a-z]*)", re.IGNORECASE)
_BARE_NUMBER: Final = re.compile(r"[\d\s-]*")
_NUMBER_FIRST: Final = re.compile(r"[.,]?\d")
_BARE_DIMENSION: Final = re.compile(
    r"0?[.,](?:22|25|32|357|38|380|40|44|45|50)|\d{1,2}[.,]\d{1,2}(?:\s?mm)?"
)
_JOINED: Final = str.maketrans("", "", " -./")


@cache
def _names() -> dict[str, str]:
    """Return the kind of each name, as folded words with one blank between.

    `register` (the number behind is of a case, a register, a seal), `object`, `maker`, `unit`.
    """
    names: dict[str, str] = {}
    for row in read_csv("makes"):
        names |= dict.fromkeys(_folded(row["name"], *row["aliases"].split("|")), "maker")
    types = [(row["code"], row["aliases"].split("|")) for row in read_csv("types")]
    types += [(row["code"], [row["text"]]) for row in read_csv("labels") if row["kind"] == "type"]
    for code, texts in types:
        if code not in ("unknown", "other", "other_firearm", "homemade"):
            names |= dict.fromkeys(_folded(code.replace("_", " "), *texts), "object")
    names = {
        name: kind
        for name, kind in names.items()
        if len(name) >= _MIN_NAME and name not in TERMS and name.replace(" ", "").isalpha()
    }
    rows = sorted(read_csv("no_marks"), key=lambda row: row["kind"] == "register")  # it wins
    listed = {" ".join(_TOKEN.findall(row["text"])): row["kind"] for row in rows}
    return names | {name: kind for name, kind in listed.items() if kind != "model"}


def _folded(*texts: str) -> list[str]:
    return [" ".join(_TOKEN.findall(fold_glyphs(text))) for text in texts]


@cache
def _first_words() -> frozenset[str]:
    return frozenset(name.partition(" ")[0] for name in _names())


_MODELS: Final = frozenset(row["text"] for row in read_csv("no_marks") if row["kind"] == "model")
_WRITTEN_MODELS: Final = _MODELS | {
    re.sub(r"(?<=[a-z])(?=\d)", sign, model, count=1) for model in _MODELS for sign in " -"
}


def may_be_other(cell: str) -> bool:
    """Return whether a short cell that looks like a mark may be a model, calibre, count."""
    return cell.casefold() in _WRITTEN_MODELS or (
        cell[0].isdigit() and bool(_SHORT_SHAPE.fullmatch(cell))
    )


@lru_cache(maxsize=4_000)
def find_others(text: str) -> tuple[tuple[int, int], ...]:
    """Return the places in a text with digits that are no mark, in order."""
    if not any(map(str.isdigit, text)):
        return ()
    folded = fold_glyphs(text)
    if folded.translate(_JOINED) in _MODELS or _is_calibre(folded):
        return ((0, len(text)),)
    return tuple(_find_spans(folded))


def is_only_other(text: str) -> bool:
    """Return whether nothing of a text with digits can be a mark."""
    spans = find_others(text)
    left = list(text)
    for start, end in spans:
        left[start:end] = " " * (end - start)
    return bool(spans) and not any(glyph.isalnum() or glyph in "?*" for glyph in left)


def _find_spans(folded: str) -> Iterator[tuple[int, int]]:
    tokens = list(_TOKEN.finditer(folded))
    at = 0
    for n, token in enumerate(tokens):
        start = token.start()
        if start < at or folded[start - 1 : start] in ("?", "*"):  # 3?6945M is no length
            continue
        if token[0][0].isdigit():
            signs = _SIGN_BEFORE.search(folded, at, start)
            start = signs.start() if signs else start
            end = _end_of_number(folded, start, tokens[n : n + 2])
        else:
            end = _end_of_words(folded, tokens[n : n + _MAX_PHRASE])
        if end:
            yield start, end
            at = end


def _end_of_number(folded: str, start: int, tokens: list[re.Match[str]]) -> int | None:
    """Return the end of a measure, count, calibre or model that begins here, or None."""
    if measure := _MEASURE.match(folded, start):
        return measure.end()
    if end := _end_of_count(folded, start):
        return end
    calibre = _CALIBRE.match(folded, start)
    is_cut = calibre and folded[calibre.end() : calibre.end() + 1].isdigit()  # Cano 61.422
    if calibre and not is_cut and _is_calibre(calibre[0].strip()):
        return calibre.end()
    return _end_of_model(tokens)


def _end_of_words(folded: str, tokens: list[re.Match[str]]) -> int | None:
    """Return the end of a name or label, with its number, that begins here, or None."""
    start, words = tokens[0].start(), [token[0] for token in tokens]
    labelled = _LABELLED.match(folded, start)
    if labelled and not (labelled["code"] and find_term(words[0])):
        return labelled.end()
    if label := _CALIBRE_LABEL.match(folded, start):
        return label.end()
    for length in range(len(words) if words[0] in _first_words() else 0, 0, -1):
        kind, end = _names().get(" ".join(words[:length])), tokens[length - 1].end()
        if kind == "register":
            number = _REGISTER_NUMBER.match(folded, end)
            is_serial = number and "/" not in number[0] and _RESTORED_BY.search(folded, 0, start)
            return number.end() if number and not is_serial else None
        if kind == "maker":
            named = _NAMED_MODEL.match(folded, end)
            is_model = named and named[1].translate(_JOINED) in _MODELS
            model = named if is_model else _MODEL_AFTER.match(folded, end)
            return model.end() if model else end
        if kind:
            number = _SHORT_NUMBER.match(folded, end)
            return number.end() if number else end if kind == "object" else None
    return _end_of_count(folded, start) or _end_of_model(tokens[:2])


def _end_of_model(tokens: list[re.Match[str]]) -> int | None:
    for length in range(len(tokens), 0, -1):
        if "".join(token[0] for token in tokens[:length]) in _MODELS:
            return tokens[length - 1].end()
    return None


def _end_of_count(folded: str, start: int) -> int | None:
    """Return the end of a count: `3 cargadores`, `dos unidades`; `77 frame` is a mark."""
    count = _COUNT.match(folded, start)
    if count is None:
        return None
    words = list(_TOKEN.finditer(folded, count.end(), count.end() + 40))[:3]
    for length in range(len(words), 0, -1):
        phrase = " ".join(match[0] for match in words[:length])
        plural = any(phrase.endswith(end) and TERMS.get(phrase[: -len(end)]) for end in ("s", "es"))
        if _names().get(phrase) in ("object", "unit", "register") or (
            plural and len(count[1]) != 3
        ):
            return words[length - 1].end()
    return None


def _is_calibre(folded: str) -> bool:
    """Return whether a text is a calibre; digits alone, or with unread glyphs, are a mark."""
    if (
        len(folded) > 30
        or {*"?*"} & {*folded}
        or _BARE_NUMBER.fullmatch(folded)
        or not _NUMBER_FIRST.match(folded)
    ):
        return False
    if _BARE_DIMENSION.fullmatch(folded):
        return True
    candidates = packaged_index("calibre").read(folded)
    return bool(candidates) and (candidates[0].confidence >= CERTAIN or folded[0] == ".")
