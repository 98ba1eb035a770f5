"""What the text of a cell means to a declared field; pure but for reference names."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from importers.reading.reader.parts import fold
from salsa_ext.core.codes import LANGUAGES, MARK_CONDITIONS
from salsa_ext.core.errors import Message, message
from salsa_ext.core.fields import Member
from salsa_ext.firearms.marks.marking_words import find_term, guess_marking, is_craft, marking_of
from salsa_ext.firearms.marks.other_texts import find_damage
from salsa_ext.reference import names
from salsa_ext.reference.placeholders import UNDECIDED, fold_words, read_denial

DATE_ORDERS: Final = ("dmy", "mdy", "ymd")
EPOCH: Final = date(1899, 12, 30)
LONGEST_MONTH: Final = 31
SERIAL_DAYS: Final = range(10_000, 80_000)
"""Days of spreadsheets from 1927 to 2119, as numbers."""
TWO_DIGITS: Final = 69
"""Two digits of a year up to here are of this century."""
MONTHS: Final = {
    name[:length]: number
    for number, several in enumerate(
        """enero janeiro janvier january;febrero fevereiro fevrier february;marzo marco mars march
        ;abril avril april;mayo maio mai may;junio junho juin june;julio julho juillet july
        ;agosto aout august;septiembre setiembre setembro septembre september
        ;octubre outubro octobre october;noviembre novembro novembre november
        ;diciembre dezembro decembre december""".split(";"),
        1,
    )
    for name in several.split()
    for length in {min(len(name), 3), min(len(name), 4), len(name)}
    if not (length == 3 and name == "juillet")
}
"""Months by name, whole or cut, in four languages."""
WEEKDAYS: Final = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat
    sun lunes martes miercoles jueves viernes sabado domingo lun mie jue vie sab dom lundi mardi
    mercredi jeudi vendredi samedi dimanche mer jeu ven sam dim segunda terca quarta quinta sexta
    feira seg ter qua qui sex""".split()
)
"""Days of the week, whole or cut, in four languages; `mar` may be a month, too."""
TIME_OF_DAY: Final = re.compile(
    r"[T ,]\s*(\d{1,2})[:h.](\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(?:([ap])\.?\s?m\.?|hs?\.?|hrs\.?)?$",
    re.I,
)
ZONED: Final = re.compile(r"T\d\d:\d\d.*(?:Z|[+-]\d\d:?\d\d)$")
DATE_FILLERS: Final = WEEKDAYS | frozenset(
    """de del of do da du le la el las as the er ro st nd rd th courant current curso corriente corrente en
    em in na no on mes mois month mediados meados mi mid fines finales fin fim final finais late inicio inicios
    principios debut comeco early nuit noche noite night madrugada entre between from desde al au ao to a et
    y e and para vers hacia circa about aprox environ""".split()
)
"""Words of dates in four languages that say no more than a day, month or year does."""
QUARTER: Final = re.compile(r"(?:\b|\d)(?:trim\w*|quarter|semestr\w*|[tq][1-4])\b")
YES: Final = frozenset("true yes y si s sim oui o 1 x verdadero verdadeiro vrai".split())
NO: Final = frozenset("false no n nao non 0 falso faux".split())
WORDS: Final = {
    **dict.fromkeys(
        "robo robado roubo roubado furto furtado hurto vol vole stolen robbery".split(), "theft"
    ),
    **dict.fromkeys("extravio extraviado perdido perdu lost".split(), "loss"),
}
"""Words of police files for codes that are named otherwise."""
STATES: Final = {
    **dict.fromkeys(
        ("eua", "e u a", "eeuu", "ee uu", "u s a", "usa eua", "estados unidos da america"), "USA"
    ),
    **dict.fromkeys(("estados unidos de america", "etats unis d amerique", "u s"), "USA"),
    **dict.fromkeys(("urss", "u r s s", "ussr", "union sovietica", "uniao sovietica"), "SUN"),
    **dict.fromkeys(("alemanha ocidental", "alemania occidental", "rfa"), "DEU"),
    **dict.fromkeys(("alemania federal", "west germany", "allemagne de l ouest"), "DEU"),
    **dict.fromkeys(("rda", "alemanha oriental", "alemania oriental", "east germany"), "DDR"),
    **dict.fromkeys(("inglaterra", "gran bretana", "gra bretanha", "england"), "GBR"),
    **dict.fromkeys(("angleterre", "grande bretagne", "great britain", "uk"), "GBR"),
    **dict.fromkeys(("holanda", "hollande", "holland"), "NLD"),
    **dict.fromkeys(("republique tcheque", "republica checa", "republica tcheca"), "CZE"),
    **dict.fromkeys(("corea", "coreia", "coree", "korea"), "KOR"),
}
"""Countries as files name them, besides their names."""
ABSENT_NOUNS: Final = frozenset(
    """dato datos dado dados data fecha date lugar local lieu place modelo model modele numero number
    expediente informacion informacao info nombre nome nom name serie serial registro especificar
    identificar municipio municipality direccion adresse endereco""".split()
)
"""What a cell may say that there is none of: `sin dato`."""
NO_VALUE: Final = re.compile(
    r"[\W_0]*|[\W_]*x(?:[\W_]*x){2,}[\W_]*|[ns][/.\\ -]+[a-z][/.]?|n\.?[adi]\.?|null|none|nil|nan",
    re.I,
)
"""Signs and short forms for no value: `-`, `0000`, `XXX`, `N/D`, `s.d.`, `NULL`."""
NUMBERED: Final = re.compile(r"[^#:]*[1-9][^#:]*")
"""Texts with a digit are values, but for zeros and the errors of spreadsheets: `Err:502`."""
MODEL_WORD: Final = re.compile(r"^mod(?:el|elo|ele|èle)?\b[. :]*", re.I)
DAMAGED: Final = ("date", "scientific", "error", "width")
"""What a spreadsheet makes of names such as 10/22."""
OPEN_LISTS: Final = ("make", "calibre", "type")
"""Lists whose fields hold other texts, too."""
AMOUNT: Final = re.compile(r"-?\d{1,3}(?:([.,\s'])\d{3})*(?:[.,]\d+)?|-?\d+(?:[.,]\d+)?")


class CellError(ValueError):
    """A cell that means nothing to its field; `unknown` names the list that lacks its `text`."""

    def __init__(self, problem: Message, unknown: str = "", text: str = "") -> None:
        super().__init__(str(problem))
        self.problem, self.unknown, self.text = problem, unknown, text


def read_cell(member: Member, text: str, dates: str, zone: str = "UTC") -> Any:
    """Return what JSON has of a cell's text for a field; raises CellError.

    Moments are of the `zone` where they name no other.
    """
    if member.limits.choices:
        return _read_code(member.limits.choices, text)
    if member.limits.form == "state":
        return _read_state(text)
    if member.type is date:
        return read_date(text, dates, is_rough=member.limits.form == "rough")
    if member.type is datetime:
        return read_moment(text, dates, zone)
    if member.type is bool:
        return _read_flag(text)
    if member.type in (int, float, Decimal):
        return _read_number(member.type, text)
    return text


# --- dates --------------------------------------------------------------------------------------


@lru_cache(maxsize=20_000)  # days come again and again in a file
def read_date(text: str, order: str, *, is_rough: bool = True) -> str:
    """Return the ISO text of a date, to the month or year where that is known; raises CellError.

    Reads ISO, digits in the `order` given, names of months in four languages, days as spreadsheets
    number them. A time or day of the week is left out. A night is its first day, other days of a month
    that month, a quarter its year; 31 April is April. A day and month that are impossible in the
    order are not exchanged.
    """
    try:
        day = _find_date(text.strip(), order)
    except (ValueError, OverflowError):
        day = ""
    if not day or (len(day) < len("2020-01-01") and not is_rough):
        raise CellError(message("This is no date that can be read: {cell}.", cell=text[:60]))
    return day


def read_moment(text: str, order: str, zone: str) -> str:
    """Return the ISO text of a day with its time of day; raises CellError."""
    if ZONED.search(text):
        return text
    if not (match := TIME_OF_DAY.search(text)):
        raise CellError(
            message("Give the time of day, too, such as 14:30: {cell}.", cell=text[:60])
        )
    hour, minute, second, half = match.groups()
    hours = int(hour) % 12 + 12 * (half.lower() == "p") if half else int(hour)
    day = read_date(text[: match.start()], order, is_rough=False)
    try:
        at = time(hours, int(minute), int(second or 0), tzinfo=ZoneInfo(zone))
    except ValueError:
        raise CellError(message("This is no time of day: {cell}.", cell=text[:60])) from None
    return datetime.combine(date.fromisoformat(day), at).isoformat()


def _find_date(text: str, order: str) -> str:
    if match := re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[T ].*)?", text):
        return date.fromisoformat(match[1]).isoformat()
    if match := re.fullmatch(r"(\d{4})(\d\d)(\d\d)", text):
        year, month, day = map(int, match.groups())  # a month or year alone ends in zeros
        length = 10 if day else 7 if month else 4
        return date(year, month or 1, day or 1).isoformat()[:length]
    if re.fullmatch(r"\d{5}(\.\d+)?", text) and int(float(text)) in SERIAL_DAYS:
        return (EPOCH + timedelta(int(float(text)))).isoformat()
    if re.fullmatch(r"(1[4-9]|20|21)\d\d", text):
        return text
    text = re.sub(r"[T ]\s*\d{1,2}:\d\d.*$", "", text)
    words = re.findall(r"\d+|[^\W\d]+", fold(text))
    if (
        QUARTER.search(fold(text))
        and len(years := [each for each in words if len(each) == 4 and each.isdigit()]) == 1
    ):
        return date(int(years[0]), 1, 1).isoformat()[:4]
    pieces = [each for each in words if each not in DATE_FILLERS]
    if len(pieces) == 1 and len(words) > 1 and len(pieces[0]) == 4:
        return date(int(pieces[0]), 1, 1).isoformat()[:4]
    if len(pieces) > 3 and "mar" in (pieces[0], pieces[-1]):
        del pieces[0 if pieces[0] == "mar" else -1]
    parts = [MONTHS.get(each, each) for each in pieces]
    named = [at for at, part in enumerate(parts) if isinstance(part, int)]
    numbers = [int(part) for part in parts]
    if len(numbers) == 4 and not named and order == "dmy":
        named = [2]
    if len(numbers) in (4, 5) and named:
        return _first_of_days(numbers, named)
    if len(numbers) == 2:
        month_at = named[0] if named else (1 if len(str(parts[0])) == 4 else 0)
        year = _year(str(parts[1 - month_at]))
        return date(year, numbers[month_at], 1).isoformat()[:7]
    if len(numbers) != 3:
        return ""
    if len(str(parts[0])) == 4:
        order = "ymd"
    elif named:
        order = "mdy" if named[0] == 0 else "dmy"
    by_part = dict(zip(order, parts, strict=True))
    year, month, day = _year(str(by_part["y"])), int(by_part["m"]), int(by_part["d"])
    if monthrange(year, month)[1] < day <= LONGEST_MONTH:
        return date(year, month, 1).isoformat()[:7]
    return date(year, month, day).isoformat()


def _first_of_days(numbers: list[int], named: list[int]) -> str:
    """Return the first of two days in a row, else their month or year: `26, 27, March, 2021`."""
    *days, year = numbers
    months = [days[at] for at in named]
    first, last = (day for at, day in enumerate(days) if at not in named)
    on, until = date(year, months[0], first), date(year, months[-1], last)
    if until - on == timedelta(1):
        return on.isoformat()
    if until < on:
        raise ValueError(numbers)
    return on.isoformat()[: 7 if on.month == until.month else 4]


def _year(digits: str) -> int:
    if len(digits) == 2:
        return int(digits) + (2000 if int(digits) <= TWO_DIGITS else 1900)
    if len(digits) != 4:
        raise ValueError(digits)
    return int(digits)


# --- numbers, codes, states ---------------------------------------------------------------------


def _read_number(kind: type, text: str) -> int | float:
    plain = text.strip()
    if not AMOUNT.fullmatch(plain):
        raise CellError(message("This is no number that can be read: {cell}.", cell=text[:60]))
    signs = [sign for sign in plain if sign in ".,"]
    decimal = signs[-1] if signs and (len({*signs}) == 2 or signs.count(signs[-1]) == 1) else ""
    if len(signs) == 1 and len(plain.rpartition(signs[0])[2]) == 3 and kind is not float:
        decimal = ""  # 1.500 pieces
    whole, _, part = plain.rpartition(decimal) if decimal else (plain, "", "")
    number = Decimal(re.sub(r"[.,\s']", "", whole) + (f".{part}" if part else ""))
    return int(number) if number == int(number) and kind is not float else float(number)


def _read_flag(text: str) -> bool:
    word = fold(text)
    if word in YES or word in NO:
        return word in YES
    raise CellError(message("Yes or no is needed here: {cell}.", cell=text[:60]))


@lru_cache(maxsize=4_000)
def find_state(text: str) -> str | None:
    """Return the code of a country, or None."""
    return names.find_state(text) or _by_alpha2().get(text.upper()) or STATES.get(fold(text))


def _read_state(text: str) -> str:
    if (state := find_state(text)) is None:
        raise CellError(
            message("There is no country {code}, today or in the past.", code=text[:60]),
            "state",
            text,
        )
    return state


@cache
def _by_alpha2() -> dict[str, str]:
    codes = {names.alpha2(state): state for state in names.labels("state", "en")}
    return {short: state for short, state in codes.items() if short}


def _read_code(choices: tuple[str, ...], text: str) -> str:
    code = find_code(choices, text)
    if code is None:
        kind, _ = code_texts(choices)
        problem = message("“{cell}” is not on the list. Say what it means.", cell=text[:60])
        raise CellError(problem, kind or choices[0], text)
    return code


def find_code(choices: tuple[str, ...], text: str) -> str | None:
    """Return the code of a text: by its names, or by the words for a mark's condition."""
    code = code_texts(choices)[1].get(fold(text))
    if code is None and choices == MARK_CONDITIONS:
        first, _, rest = text.partition(" ")
        label = find_term(first) if rest else None  # numeração íntegra
        term = find_term(rest if label and label.kind == "label" else text)
        code = term.code if term else guess_marking(text)
        code = "intact" if code == "visible" else code
    return code if code in choices else None


def read_agency(text: str, agencies: Mapping[str, str]) -> str:
    """Return the code of an agency by its folded code or name; raises CellError."""
    code = agencies.get(fold(text))
    if code is None:
        problem = message("Your state has no agency “{cell}”. Say which it is.", cell=text[:60])
        raise CellError(problem, "agency", text)
    return code


@cache
def code_texts(choices: tuple[str, ...]) -> tuple[str, Mapping[str, str]]:
    """Return the kind of codes and each code by its folded names in four languages."""
    kind = label_kind(choices)
    by_text = {fold(code): code for code in choices}
    for language in LANGUAGES if kind else ():
        for code, text in names.labels(kind, language).items():
            if code in choices:
                by_text.setdefault(fold(text), code)
    for text, code in WORDS.items():
        if code in choices:
            by_text.setdefault(text, code)
    return kind, by_text


@cache
def label_kind(choices: tuple[str, ...]) -> str:
    """Return the kind of labels that names these codes, the smallest; empty for none."""
    sizes = {
        kind: len(codes)
        for kind, codes in names.codes_by_label_kind().items()
        if codes >= {*choices}
    }
    return min(sizes, key=sizes.__getitem__, default="")


def list_kind(member: Member) -> str:
    """Return the kind of list that names the values of a field; empty for free texts."""
    if choices := member.limits.choices:
        return label_kind(choices) or choices[0]
    if member.limits.form == "state":
        return "state"
    return member.name if member.name in (*OPEN_LISTS, "agency") else ""


@lru_cache(maxsize=20_000)
def is_no_value(text: str) -> bool:
    """Return whether a text means no value: signs, zeros, `N/D`, `sin dato`, `à compléter`."""
    if NUMBERED.fullmatch(text):
        return False
    if NO_VALUE.fullmatch(text) or find_damage(text) in ("error", "width"):
        return True
    if any(map(str.isdigit, text)) or is_craft(text):
        return False
    if marking_of(text) in ("unknown", "unmarked"):
        return True
    words = fold_words(text)
    return bool(UNDECIDED.fullmatch(words)) or read_denial(words, ABSENT_NOUNS) is not None


def sift(path: Sequence[Member], text: str) -> tuple[str, str]:
    """Return a field's text, empty where it is no value, and the list that lacks the text.

    A code of up to three letters is no type without its key.
    """
    member = path[-1]
    if member.name in ("serial", "note", "description") or member.type in (
        bool,
        int,
        float,
        Decimal,
    ):
        return text, ""
    if member.limits.choices and find_code(member.limits.choices, text):
        return text, ""
    if is_no_value(text):
        return "", ""
    if member.name == "make" and (importer := _importer(text)):
        return importer, ""
    if member.name in ("make", "model", "calibre"):
        if find_damage(text) in DAMAGED and not names.resolve(member.name, text):
            return "", member.name
        if names.find_placeholder(member.name, text) in ("unknown", "unmarked"):
            return "", ""
    if member.name == "model":
        text = MODEL_WORD.sub("", text) or text
    kind = unknown_kind(path, text)
    if member.name == "type" and len(fold(text)) <= SHORT and not member.limits.choices:
        return "", "type"
    if member.limits.form == "state" and any(each.is_optional for each in path):
        try:
            read_cell(member, text, "")
        except CellError:
            return "", "state"
    return text, kind


def _importer(text: str) -> str:
    """Return the name of an importer, who is no make but may be what a gun bears; else nothing."""
    likely = names.find_candidates("make", text, 1)
    is_sure = bool(likely) and likely[0].how == "importer" and likely[0].confidence == 1
    return names.display_name("make", likely[0].code, "en") if is_sure else ""


SHORT: Final = 3
"""Letters of a code that may mean anything."""


def has_word(text: str) -> bool:
    """Return whether a text has a word, and is no code of its source."""
    return bool(re.search(r"[^\W\d_]{3}", text))


def unknown_kind(path: Sequence[Member], text: str) -> str:
    """Return make, calibre or type if that field's text has no code, or an empty text."""
    kind = path[-1].name
    if kind not in OPEN_LISTS:
        return ""
    return "" if names.resolve(kind, text) or names.find_placeholder(kind, text) else kind
