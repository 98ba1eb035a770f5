"""Scores which field a column fills, by its heading and its values."""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import chain, islice, pairwise
from typing import Any, Final

from rapidfuzz import fuzz

from importers.drafting.serial_columns import FILLERS, is_serial
from importers.reading.cells import SHORT, CellError, has_word, list_kind, read_cell, read_date
from importers.reading.descriptions import describe, is_description
from importers.reading.tables import LEVEL, fold
from importers.subjects import REPORTED, SUBJECTS, Path, targets
from salsa_ext.firearms.marks.firearm_marks import marking_instead_of_serial
from salsa_ext.reference import names

SAMPLE_VALUES: Final = 60
FEW_VALUES: Final = 15
SAMPLE_DATES: Final = 1_000
NEAR: Final = 88
HEADING, PLAIN_HEADING, NEAR_HEADING, PART_OF_HEADING = 0.9, 0.8, 0.7, 0.6
COUNTED: Final = 0.4
"""How much a column of 1, 2, 3 is worth as the number of a document: it is that of the row."""
SHORT_WORDS: Final = {"dt": "data", "fec": "fecha", "mun": "municipio", "obs": "observaciones"}
BETWEEN_NAMES: Final = re.compile(r"\s*(?:[/&+,]|\s[-–]\s|\b(?:y|e|et|and)\b)\s*", re.IGNORECASE)
LABELS_OF_GUN: Final = ("make", "calibre", "type")
Labels = Mapping[str, Sequence[str]]
"""The labels of fields in four languages, by their English text."""


def is_read(members: Path, texts: Sequence[str], order: str) -> bool:
    """Return whether most texts mean something to a field that is the same for a whole file."""
    return (_value_score(members, texts[:SAMPLE_VALUES], order) or 0) > 0.5


def find_date_order(texts: Sequence[str]) -> str:
    """Return the order of day and month in which most texts are dates; day first if in doubt."""

    def count(order: str) -> int:
        return sum(reads(lambda text: read_date(text, order), text) for text in texts)

    texts = [text for text in texts if re.match(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}", text)]
    texts = texts[:SAMPLE_DATES]
    return max(("dmy", "mdy", "ymd"), key=count)


def reads(read: Callable[[str], Any], text: str) -> bool:
    """Return whether a text can be read."""
    with suppress(CellError):
        read(text)
        return True
    return False


def score_column(
    path: str, members: Path, column: str, texts: Sequence[str], labels: Labels, order: str
) -> float:
    """Return how likely a column fills a field: its heading, confirmed or denied by its values."""
    heading = max(
        _heading_score(path, fold(each), labels) for each in {column, column.rpartition(LEVEL)[2]}
    )
    short = sum(len(fold(text)) <= SHORT for text in texts)
    is_code = members[-1].name == "type" and short > len(texts) / 2
    if not heading and (is_code or not _is_telling(members)):
        return 0.0
    heading *= COUNTED if path == "number" and _is_counted(texts) else 1
    value = _value_score(members, texts[:SAMPLE_VALUES], order)
    if value is None:
        return heading
    if members[-1].name == "description":
        if names_two_fields(column, labels):
            return HEADING
        if heading:
            value = max(value, _share(texts[:SAMPLE_VALUES], _has_two_parts))
        return 0.95 * value if value > 0.5 else 0.0
    if value < 0.2:  # the texts of a list are often others, and a person says what they mean
        named = list_kind(members[-1]) and _share(texts[:SAMPLE_VALUES], has_word) > 0.5
        return heading * (0.55 if named else 0.3)
    return 1 - (1 - heading) * (1 - 0.6 * value)


def find_headings(texts: Sequence[str], paths: Iterable[str], labels: Labels) -> dict[str, int]:
    """Return the position of the heading of each field that has one among the texts."""
    scores = [
        (-_heading_score(path, fold(text), labels), at, path)
        for path in paths
        for at, text in enumerate(texts)
    ]
    columns: dict[str, int] = {}
    for score, at, path in sorted(scores):
        if score and path not in columns and at not in columns.values():
            columns[path] = at
    return columns


def _heading_score(path: str, heading: str, labels: Labels) -> float:
    spellings = _spellings(path, labels)
    if heading in spellings:
        return HEADING
    if (plain := _plain(heading)) and plain in {*map(_plain, spellings)}:
        return PLAIN_HEADING
    if any(fuzz.ratio(heading, each) >= NEAR for each in spellings if len(each) > 4):
        return NEAR_HEADING
    words = {*heading.split()}
    return (
        PART_OF_HEADING
        if heading not in _all_synonyms()
        and any({*each.split()} <= words for each in spellings if len(each) > 3)
        else 0.0
    )


def names_two_fields(column: str, labels: Labels) -> bool:
    """Return whether a heading names two things of a gun: `Marca y modelo`, `Modelo/Calibre`."""
    pieces = [fold(piece) for piece in BETWEEN_NAMES.split(column)]
    of_gun = (*LABELS_OF_GUN, "model")
    kinds = [
        {kind for kind in of_gun if piece in _spellings(f"items.{kind}", labels)}
        for piece in pieces
    ]
    return all(kinds) and len({*chain(*kinds)}) > 1 and len(pieces) > 1


def _has_two_parts(text: str) -> bool:
    return len({*LABELS_OF_GUN} & {*describe(text)}) > 1


@cache
def _plain(heading: str) -> str:
    """Return a heading without the words that headings have or lack, short ones in full."""
    words = [SHORT_WORDS.get(word, word) for word in heading.split()]
    return " ".join(word for word in words if word not in FILLERS)


def _is_counted(texts: Sequence[str]) -> bool:
    """Return whether a column counts the rows."""
    some = [int(text) for text in texts[:SAMPLE_VALUES] if text.isdigit() and len(text) < 7]
    if len(some) < 3 or len(some) < 0.8 * len(texts[:SAMPLE_VALUES]):
        return False
    steps = [after for before, after in pairwise(some) if after in (before + 1, 1)]
    return len(steps) >= 0.8 * (len(some) - 1)


def _spellings(path: str, labels: Labels) -> frozenset[str]:
    """Return the folded headings of a field; of a party only those that name the party."""
    known, (above, _, last) = _synonyms(), path.rpartition(".")
    own = known.get(path, ())
    if above in ("", "items", "lines", "firearm", "place"):
        own = (*own, *known.get(last, ()), *_label_spellings(path, labels))
    return frozenset(own)


def _label_spellings(path: str, labels: Labels) -> tuple[str, ...]:
    for subject in SUBJECTS.values():
        if members := targets(subject.value).get(path):
            label = members[-1].field.label
            return tuple(fold(text) for text in (label, *labels.get(label, ())))
    return ()


@cache
def _synonyms() -> Mapping[str, Sequence[str]]:
    text = files("importers.drafting").joinpath("headings.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _all_synonyms() -> frozenset[str]:
    return frozenset(text for texts in _synonyms().values() for text in texts)


def _value_score(members: Path, texts: Sequence[str], order: str) -> float | None:
    """Return the share of values that mean something to a field; None where any text would."""
    member = members[-1]
    if member.name == "description":
        return _share(texts, is_description)
    if member.name in LABELS_OF_GUN and not member.limits.choices:
        return _share(texts, lambda text: bool(names.resolve(member.name, text)))
    if member.name == "serial":
        distinct = min(1.0, 2 * len({*texts}) / len(texts))
        return _share(texts, is_serial) * distinct * (1 - _share_as_above(texts))
    if member.name == "number":  # none is raspado
        is_serial_number = any(marking_instead_of_serial(text) for text in texts)
        return _share(texts, lambda text: any(map(str.isdigit, text))) / (1 + is_serial_number)
    if member.type is datetime or (
        member.type is str and not member.limits.choices and not member.limits.form
    ):
        return None
    if member.is_many and member.is_nested:
        return None
    return _share(texts, lambda text: reads(lambda each: read_cell(member, each, order), text))


def _is_telling(members: Path) -> bool:
    """Return whether values of a field are like those of few others."""
    member = members[-1]
    is_event = member.limits.form == "rough" and len(members) == 1 and member != REPORTED
    return (
        is_event
        or member.name in (*LABELS_OF_GUN, "serial", "description")
        or len(member.limits.choices) > 3
    )


def _share_as_above(texts: Sequence[str]) -> float:
    """Return how many of the texts with a digit are the one above again, as numbers of cases are."""
    numbers = [text for text in texts if any(map(str.isdigit, text))]
    return sum(above == text for above, text in pairwise(numbers)) / max(1, len(numbers))


def _share(texts: Sequence[str], holds: Callable[[str], bool]) -> float:
    """Return the share of texts that hold; none of them where none of the first few does."""
    counts = Counter(texts)
    some = {text for text in islice(counts, FEW_VALUES) if holds(text)}
    rest = islice(counts, FEW_VALUES, None) if some else ()
    some.update(text for text in rest if holds(text))
    return sum(counts[text] for text in some) / len(texts)
