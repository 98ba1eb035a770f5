"""Drafts a profile of an unknown file: by its headings in four languages, and by its values."""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import chain, islice, pairwise
from typing import Any, Final

from rapidfuzz import fuzz

from importers.profiles import DocumentMapping, Profile, Skip, Source
from importers.reading.cells import (
    SHORT,
    CellError,
    has_word,
    is_no_value,
    list_kind,
    read_cell,
    read_date,
)
from importers.reading.code_keys import find_keys
from importers.reading.descriptions import describe, is_description
from importers.reading.patterns import SERIALS, split_text
from importers.reading.row_kinds import Cells, columns_above, find_skips, is_ditto
from importers.reading.tables import LEVEL, Table, fold
from importers.serial_columns import FILLERS, is_serial, is_starred, serial_source, unread_signs
from importers.subjects import REPORTED, SUBJECTS, Path, Subject, is_required, targets
from salsa_ext.core.errors import message
from salsa_ext.reference import names

SAMPLE_ROWS: Final = 1_000
SAMPLE_VALUES: Final = 60
FEW_VALUES: Final = 15
SAMPLE_DATES: Final = 1_000
MAX_GUESSED: Final = 100
"""Columns that are guessed; a person maps others."""
LEAST: Final = 0.45
"""Confidence under which a column is left to a person."""
NEAR: Final = 88
HEADING, PLAIN_HEADING, NEAR_HEADING, PART_OF_HEADING = 0.9, 0.8, 0.7, 0.6
COUNTED: Final = 0.6
"""How much a column of 1, 2, 3 is worth as the number of a document: it is that of the row."""
FEW_TEXTS: Final = 12
"""Texts of a column that may name the subject: theft, loss."""
SHORT_WORDS: Final = {"dt": "data", "fec": "fecha", "mun": "municipio", "obs": "observaciones"}
SUBJECT_WORDS: Final = {
    "seizures": re.compile(
        r"incaut|decomis|secuestr|apreen|saisi|seiz|delito|crim|causa|evento|custod"
        r"|deposit|depot|deposant|scelle|bodega|evidenc"
    ),
    "transfers": re.compile(r"vent[ae]|sale|dealer|compra|titular|transfer|porte|holder|vendedor"),
    "reports": re.compile(
        r"rob[oa]\b|roub|theft|stolen|\bvol|extrav|\bloss|lost|perdid|furto|perte"
    ),
    "permits": re.compile(r"exporta|importa|certific|guia|guide|usuario final|end user|autoriza"),
    "licensees": re.compile(r"licencia|licenca|licence|license|agrement|rubro|vigen|valid|venc"),
    "shipments": re.compile(
        r"embarque|despacho|remesa|expedi|shipment|consignment|manifest|env[ií]o"
    ),
    "receipts": re.compile(r"recib|receb|recep|receipt|received|recu\b|llegada|arriv|chegada"),
    "handovers": re.compile(
        r"custodia|cadena|cadeia|chain|custody|entrega|handover|hand over|remise"
    ),
    "origins": re.compile(r"desvi|divert|diversion|detourn|origen establecido|established"),
    "dispositions": re.compile(r"destruc|destruic|destroy|destin|disposi|dispose|disposal|acta"),
}
TOTALS: Final = Skip(
    str(message("a row of totals")),
    {"*": r"(grand? |(sub|sous)[ -]?)?tota(l|is|les|ux)\b.{0,60}|(suma|soma|somme)( total)?:?"},
)
BETWEEN_NAMES: Final = re.compile(r"\s*(?:[/&+,]|\s[-–]\s|\b(?:y|e|et|and)\b)\s*", re.IGNORECASE)
YEAR: Final = re.compile(r"(19|20)\d\d")
LEAST_DATES: Final = 0.8
"""Share of years in a column from which on the rest of a date is looked for beside it."""
LABELS_OF_GUN: Final = ("make", "calibre", "type")
Labels = Mapping[str, Sequence[str]]
"""The labels of fields in four languages, by their English text."""


@dataclass(frozen=True)
class ColumnGuess:
    """The field that a column most likely fills, with confidence from 0 to 1 and examples.

    `repeats`: some text of it comes again.
    """

    column: str
    path: str
    confidence: float
    examples: tuple[str, ...]
    repeats: bool


@dataclass(frozen=True)
class Draft:
    """A profile as far as it could be guessed; a person completes and stores it."""

    profile: Profile
    columns: tuple[ColumnGuess, ...]
    missing: tuple[str, ...]


def draft_profile(
    table: Table, labels: Labels, *, name: str, state: str, subjects: Iterable[str] = SUBJECTS
) -> Draft:
    """Return the likeliest profile of a table, to one of `subjects`."""
    rows = [{**row.cells} for row in islice(table.rows, SAMPLE_ROWS)]
    values = _texts_by_column(rows, table.columns)
    keys = find_keys(table.asides, values)
    if keys:
        for row in rows:
            row |= {each: keys[each].get(row.get(each, ""), row.get(each, "")) for each in keys}
        values = _texts_by_column(rows, table.columns)
    drafts = [_draft(SUBJECTS[each], rows, values, labels, name, state) for each in subjects]
    sheets = ("*",) if len(table.read) > 1 else ()
    texts = [text for texts in values.values() for text in texts]
    unread = unread_signs(texts)
    starred = "*" not in unread and is_starred(texts, table.asides)
    drafts = [
        replace(
            each,
            profile=replace(
                each.profile,
                values=keys,
                sheets=sheets,
                restored=starred and each.profile.once,
                unread=unread if each.profile.once else "",
            ),
        )
        for each in drafts
    ]
    few = [each for texts in values.values() if len(each := {*texts}) <= FEW_TEXTS]
    words = fold(
        " ".join(
            [
                name,
                table.sheet or "",
                table.title,
                *table.columns,
                *(text for texts in few for text in sorted(texts)),
            ]
        )
    )
    return max(drafts, key=lambda draft: _worth(draft, words))


def _texts_by_column(rows: Sequence[Cells], columns: Iterable[str]) -> dict[str, list[str]]:
    """Return the texts of each column, without ditto signs and words for no value."""
    return {
        column: [
            text
            for row in rows
            if (text := row.get(column, "")) and not is_ditto(text) and not is_no_value(text)
        ]
        for column in columns
    }


def _worth(draft: Draft, words: str) -> float:
    """Return how much of a file a draft explains; words of its subject count, too."""
    known = sum(guess.confidence for guess in draft.columns if guess.path)
    named = len({*SUBJECT_WORDS[draft.profile.documents[0].subject].findall(words)})
    return known - 0.2 * len(draft.missing) + named


def _draft(
    subject: Subject,
    rows: Sequence[Cells],
    values: Mapping[str, list[str]],
    labels: Labels,
    name: str,
    state: str,
) -> Draft:
    known = {
        path: members
        for path, members in targets(subject.value).items()
        if (path != "number" or path in subject.key) and path != "place.country"
    }
    order = _date_order([text for texts in values.values() for text in {*texts}])
    scores = [
        (
            _score(path, members, column, texts, labels, order)
            * (0.9 + 0.1 * len(texts) / len(rows) if path == "number" else 1),  # the fullest
            column,
            path,
        )
        for column, texts in islice(values.items(), MAX_GUESSED)
        for path, members in known.items()
        if texts and (path not in subject.constants or _is_read(members, texts, order))
    ]
    chosen: dict[str, tuple[str, float]] = {}
    for score, column, path in sorted(scores, key=lambda each: (-each[0], len(each[2]))):
        if score < LEAST:
            break
        if column not in chosen and path not in {each for each, _ in chosen.values()}:
            chosen[column] = path, score
    fields = {path: Source((column,)) for column, (path, _) in chosen.items() if path != "number"}
    for path in [each for each in fields if known[each][-1].name == "serial"]:
        [column] = fields[path].columns
        free = [each for each in values if each == column or each not in chosen]
        fields[path] = serial_source(column, free)
        chosen |= dict.fromkeys(fields[path].columns, chosen[column])
    if "occurred_on" in fields:
        [column] = fields["occurred_on"].columns
        free = [each for each in values if each == column or each not in chosen]
        fields["occurred_on"] = _date_source(column, [*values], free, rows, order)
        chosen |= dict.fromkeys(fields["occurred_on"].columns, chosen[column])
    guesses = tuple(
        ColumnGuess(
            column,
            *chosen.get(column, ("", 0.0)),
            tuple(dict.fromkeys(texts[:50]))[:3],
            len({*texts}) < len(texts),
        )
        for column, texts in values.items()
    )
    keyed = [guess for path in subject.key for guess in guesses if guess.path == path]
    paths = {column: path for column, (path, _) in chosen.items()}
    above = columns_above(rows, paths, [each.column for each in keyed])
    keyed = [replace(each, repeats=each.repeats or each.column in above) for each in keyed]
    number, is_grouped = natural_key(subject, keyed)
    mapping = DocumentMapping(subject.name, number, fields, subject.constants, group=is_grouped)
    known_already = (*fields, *mapping.constants)
    missing = tuple(
        path for path in needed_fields(subject, known_already) if path not in known_already
    )
    counts = [column for column, (path, _) in chosen.items() if path.endswith(".quantity")]
    serials = {
        column: SERIALS
        for column, (path, _) in chosen.items()
        if known[path][-1].name == "serial"
        and any(
            len(split_text(SERIALS, row.get(column, ""))) > 1
            for row in rows
            if all(row.get(each) != "1" for each in counts)  # else of one gun's parts
        )
    }
    profile = Profile(
        name,
        (mapping,),
        state=state,
        dates=order,
        skip=(TOTALS, *find_skips(rows, paths)),
        serials=serials,
        above=tuple(above),
        once=any(path.endswith(".serial") for path in paths.values()),
    )
    return Draft(profile, guesses, missing)


def _date_source(
    column: str, columns: Sequence[str], free: Sequence[str], rows: Sequence[Cells], order: str
) -> Source:
    """Return where a date is: in a column, or with the columns beside one of years alone."""
    at, some = columns.index(column), [row for row in rows if row.get(column)][:SAMPLE_VALUES]
    if sum(bool(YEAR.fullmatch(row[column])) for row in some) < LEAST_DATES * len(some):
        return Source((column,))
    for start, end in ((at - 2, at + 1), (at, at + 3), (at - 1, at + 1), (at, at + 2)):
        several = tuple(columns[max(start, 0) : end])
        texts = [" ".join(row.get(each, "") for each in several) for row in some]
        days = sum(
            _reads(lambda each: read_date(each, order, is_rough=False), text) for text in texts
        )
        if {*several} <= {*free} and days >= LEAST_DATES / 2 * len(some):
            return Source(several, join=" ")
    return Source((column,))


def natural_key(subject: Subject, columns: Sequence[ColumnGuess]) -> tuple[str, bool]:
    """Return the number of documents by columns, and whether rows of a number are one document."""
    if not columns:
        return "{*}-{#}", False
    number = "/".join(f"{{{guess.column}}}" for guess in columns)
    repeats = all(guess.repeats for guess in columns)
    if repeats and not subject.items:
        return f"{number}/{{#}}", False
    return number, repeats


def needed_fields(subject: Subject, given: Collection[str] = ()) -> list[str]:
    """Return the fields that a column or a constant has to fill; a number is made up otherwise.

    The day is that of the moment, if that is `given`.
    """
    return [
        path
        for path, members in targets(subject.value).items()
        if is_required(members)
        and path != "number"
        and not (path == "occurred_on" and "occurred_at" in given)
        and members[-1].key not in ("country", "legal_grounds", "crime_context")
        and "individual" not in members[-1].limits.choices
    ]


def _is_read(members: Path, texts: Sequence[str], order: str) -> bool:
    """Return whether most texts mean something to a field that is the same for a whole file."""
    return (_value_score(members, texts[:SAMPLE_VALUES], order) or 0) > 0.5


def _date_order(texts: Sequence[str]) -> str:
    """Return the order of day and month in which most texts are dates; day first if in doubt."""

    def count(order: str) -> int:
        return sum(_reads(lambda text: read_date(text, order), text) for text in texts)

    texts = [text for text in texts if re.match(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}", text)]
    texts = texts[:SAMPLE_DATES]
    return max(("dmy", "mdy", "ymd"), key=count)


def _reads(read: Callable[[str], Any], text: str) -> bool:
    with suppress(CellError):
        read(text)
        return True
    return False


# --- evidence -----------------------------------------------------------------------------------


def _score(
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
    text = files("importers").joinpath("headings.toml").read_text("utf-8")
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
    if member.name == "number":
        return _share(texts, lambda text: any(map(str.isdigit, text)))
    if member.type is datetime or (
        member.type is str and not member.limits.choices and not member.limits.form
    ):
        return None
    if member.is_many and member.is_nested:
        return None
    return _share(texts, lambda text: _reads(lambda each: read_cell(member, each, order), text))


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
