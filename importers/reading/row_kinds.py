"""Rows that hold no gun of their own, and cells that mean the row above; pure."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import not_
from typing import Final

from importers.profiles import Profile, Skip
from importers.reading.cells import MONTHS
from importers.reading.patterns import MAX_TEXT, NO_TEXT, compile_pattern
from importers.reading.tables import SHEET, fold
from importers.subjects import SUBJECTS, is_item, targets
from salsa_ext.core.errors import message

ANY: Final = "*"
"""The first cell of a row that holds something."""
OF_GUN: Final = ("type", "description", "make", "model")
RULES: Final = (
    (message("cancelled"), "*cancelled", ()),
    (message("ammunition"), "*ammunition", OF_GUN),
    (message("toy or replica"), "*toy", (*OF_GUN, "note")),
    (message("no gun in the row"), "*no_gun", ("type", "description")),
)
"""Reason, pattern, and the fields that say it; without one any but type, make and model."""
DITTO: Final = re.compile(r"[\s'’´`\"“”″〃,.-]*['’´`\"“”″〃][\s'’´`\"“”″〃,.-]*|,,")
WORDS: Final = re.compile(r"\D{1,29}")
DITTO_WORDS: Final = frozenset(
    """idem;id;ibid;ibidem;ditto;dito;igual;lo mismo;el mismo;la misma;mismo;misma;o mesmo;a mesma;mesmo;mesma
    ;le meme;la meme;meme;same;same as above;as above;ut supra;igual anterior;comme ci dessus""".replace(
        "\n    ", ""
    ).split(";")
)
TELLING: Final = ("occurred_on", "place.name", "to.name")
"""Fields in which the rows of one document agree."""
SHARED: Final = ("place.", "from.", "to.", "party.")
ASIDE: Final = (
    r".{1,25}\s=\s.+|(fuente|fonte|source|elaborad[oa]|nota|note|c[oó]digos?|leyenda|legenda|l[eé]gende"
    r"|key)\b.*:.*"
)
"""First cells of keys and remarks below a table."""
YEAR: Final = re.compile(r"(?<!\d)(?:19[5-9]\d|20[0-4]\d)(?!\d)")
YEAR_ROW: Final = re.compile(rf"(?:a[ñn]o|ano|ann[ée]e|year)?\W*({YEAR.pattern})\W*", re.IGNORECASE)
MAX_SUMMARY: Final = 80
Cells = Mapping[str, str]


@lru_cache(maxsize=4_000)
def is_ditto(text: str) -> bool:
    """Return whether a cell says that it is as the one above: `ídem`, `"`."""
    return bool(DITTO.fullmatch(text) or (WORDS.fullmatch(text) and fold(text) in DITTO_WORDS))


def find_skips(rows: Sequence[Cells], fields: Mapping[str, str]) -> Iterator[Skip]:
    """Yield rules for the rows that are no guns; `fields` are the columns' fields by column.

    They hold for rows below the first ones, too.
    """
    columns = [*rows[0]] if rows else []
    names = {column: fields.get(column, "").rpartition(".")[2] for column in columns}
    for reason, pattern, only in RULES:
        for column in columns:
            is_own = names[column] in (only or {names[column]} - {"type", "make", "model"})
            if is_own and any(len(fold(row.get(column, ""))) > 2 for row in rows):
                yield Skip(str(reason), {column: pattern})
    headings = "|".join(re.escape(column) for column in columns[:10])
    rule = compile_pattern(headings, True)
    if any(rule.fullmatch(first_cell(row)) for row in rows):
        yield Skip(str(message("a heading again")), {ANY: headings})
    yield Skip(str(message("a remark")), {ANY: ASIDE})
    guns = [each for each in columns if names[each] in (*OF_GUN, "serial", "calibre")]
    empty = [row for row in rows if not any(row.get(column, "").strip() for column in guns)]
    if len(guns) > 1 and len(empty) < len(rows) / 2:
        yield Skip(str(message("no gun in the row")), dict.fromkeys(guns, NO_TEXT))


def is_heading(cells: Cells) -> bool:
    """Return whether a row repeats the heading."""
    given = [(column, text) for column, text in cells.items() if text and column != SHEET]
    return len(given) > 1 and all(fold(column) == fold(text) for column, text in given)


class SkipRules:
    """The rules of a profile for rows that become nothing, in their order."""

    def __init__(self, skips: Sequence[Skip]) -> None:
        self._rules = [
            (
                skip,
                [
                    (name, _matcher(skip.when[name]))
                    for name in sorted(skip.when, key=skip.when.__getitem__)
                ],
            )
            for skip in skips
        ]  # empty cells, the quickest to see, come first

    def find(self, texts: Cells, cells: Cells) -> Skip | None:
        """Return the first rule that a row fits; `texts` are its cells as the profile has them."""
        first = first_cell(cells)
        for skip, conditions in self._rules:
            if all(fits(texts.get(name, first)[:MAX_TEXT]) for name, fits in conditions):
                return skip
        return None


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that says whether a text fits; what repeats is compared once."""
    if not pattern:
        return not_
    compiled = compile_pattern(pattern, True)
    return lru_cache(maxsize=4_000)(lambda text: compiled.fullmatch(text) is not None)


def summary(cells: Cells) -> str:
    """Return the beginning of a row, to know it by."""
    return " · ".join(filter(None, cells.values()))[:MAX_SUMMARY]


def first_cell(cells: Cells) -> str:
    """Return the first cell that holds something."""
    return next(filter(None, cells.values()), "")


def is_of_table(skip: Skip) -> bool:
    """Return whether skipped rows are part of the list, so that the rows below refer to them."""
    return ANY not in skip.when and any(pattern != NO_TEXT for pattern in skip.when.values())


class YearAbove:
    """Gives months without a year that of a row above, `AÑO 2023`, else of the sheet or the title."""

    def __init__(self, title: str, columns: Collection[str]) -> None:
        self._title, self._columns = title, columns
        self._sheet, self._year = "", find_year(title)

    def fill(self, texts: dict[str, str], cells: Cells) -> None:
        """Add the year to the months of a row."""
        if (sheet := cells.get(SHEET, "")) != self._sheet:
            self._sheet, self._year = sheet, find_year(sheet) or find_year(self._title)
        given = [text for column, text in cells.items() if text and column != SHEET]
        if len(given) == 1 and (match := YEAR_ROW.fullmatch(given[0])):
            self._year = match[1]
        for name in self._columns if self._year else ():
            if fold(texts[name]) in MONTHS:
                texts[name] = f"{texts[name]} {self._year}"


def find_year(text: str) -> str:
    """Return the only year in a text, empty for none or several."""
    years = {*YEAR.findall(text)}
    return years.pop() if len(years) == 1 else ""


class RowAbove:
    """Fills in what a row leaves to the one above.

    A ditto sign is as above in any column; of a serial only words, as no two guns share one. An
    empty cell is so in the columns of a profile's `above`: in those of the number, and within one
    number in the others but those of guns. A row with another date, place or holder has no number;
    with a ditto sign for it and another date it is of the same case, on that day.
    """

    def __init__(self, profile: Profile) -> None:
        numbers, guns, telling, self._serials = set[str](), set[str](), set[str](), set[str]()
        self._days = list[str]()
        for mapping in profile.documents:
            known = targets(SUBJECTS[mapping.subject].value)
            numbers |= {*mapping.number_columns()}
            for path, source in mapping.fields.items():
                of_gun = any(is_item(member.type) for member in known[path][:-1])
                guns.update(source.columns if of_gun else ())
                telling.update(source.columns if path in TELLING else ())
                self._days += source.columns[:1] if path == "occurred_on" else ()
                self._serials.update(source.columns if path.endswith("serial") else ())
        self._numbers = [each for each in profile.above if each in numbers]
        self._keys = [*numbers]
        self._others = [each for each in profile.above if each not in numbers | guns]
        self._telling = [each for each in profile.above if each in telling - numbers]
        self._last: dict[str, str] = {}

    def fill(self, texts: dict[str, str]) -> dict[str, str]:
        """Return a row's texts with those of the row above where they are left to it."""
        last = self._last
        filled = texts
        if any(map(is_ditto, texts.values())):
            filled = {
                name: self._above(name) if is_ditto(text) else text for name, text in texts.items()
            }
            for day in self._days:
                if filled[day] not in ("", last.get(day)):
                    again = [name for name in self._keys if is_ditto(texts[name]) and filled[name]]
                    filled |= {name: f"{filled[name]} ({filled[day]})" for name in again}
        is_other = any(filled[name] not in ("", last.get(name)) for name in self._telling)
        for name in self._numbers:
            filled[name] = filled[name] or ("" if is_other else last.get(name, ""))
        if all(filled[name] == last.get(name) for name in self._keys):
            for name in self._others:
                filled[name] = filled[name] or last.get(name, "")
        self._last = filled
        return filled

    def _above(self, name: str) -> str:
        text = self._last.get(name, "")
        return "" if name in self._serials and any(map(str.isdigit, text)) else text


def columns_above(
    rows: Sequence[Cells], fields: Mapping[str, str], numbers: Collection[str]
) -> list[str]:
    """Return the columns in which cells are left to the row above."""
    shared = [each for each in fields if fields[each] in TELLING]
    above = []
    for column, path in fields.items():
        texts = [row.get(column, "") for row in rows]
        has_ditto = any(map(is_ditto, texts)) and not path.endswith("serial")
        empties = sum(not text for text in texts)
        if column in numbers and empties:
            follows = [
                all(
                    not row.get(each) or is_ditto(row[each]) or row[each] == before.get(each)
                    for each in shared
                )
                for before, row in pairwise(rows)
                if not row.get(column)
            ]
            if has_ditto or sum(follows) >= len(follows) / 2:
                above.append(column)
        elif has_ditto or (empties and _is_shared(path)):
            above.append(column)
    return above


def _is_shared(path: str) -> bool:
    """Return whether all rows of a document say the same of a field."""
    return path in ("occurred_on", "agency", "licence") or path.startswith(SHARED)
