"""Drafts a profile of an unknown file: by its headings in four languages, and by its values."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from importers.drafting.evidence import (
    SAMPLE_VALUES,
    Labels,
    find_date_order,
    is_read,
    reads,
    score_column,
)
from importers.drafting.serial_columns import (
    is_starred,
    letters_and_digits,
    serial_source,
    unread_signs,
)
from importers.profiles import DocumentMapping, Profile, Skip, Source
from importers.reading.cells import is_no_value, read_date
from importers.reading.code_keys import find_keys
from importers.reading.patterns import SERIALS, split_text
from importers.reading.row_kinds import Cells, columns_above, find_skips, is_ditto
from importers.reading.tables import Table, fold
from importers.subjects import SUBJECTS, Subject, is_required, targets
from salsa_ext.core.errors import message

SAMPLE_ROWS: Final = 1_000
MAX_GUESSED: Final = 100
"""Columns that are guessed; a person maps others."""
LEAST: Final = 0.45
"""Confidence under which a column is left to a person."""
FEW_TEXTS: Final = 12
"""Texts of a column that may name the subject: theft, loss."""
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
    {
        "*": r"((grand? |(sub|sous)[ -]?)?tota(l|is|les|ux)|(carried|brought) (forward|down))\b.{0,60}"
        r"|(suma|soma|somme)( total)?:?"
    },
)
MOST_LETTERS: Final = 5
YEAR: Final = re.compile(r"(19|20)\d\d")
LEAST_DATES: Final = 0.8
"""Share of years in a column from which on the rest of a date is looked for beside it."""


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
    order = find_date_order([text for texts in values.values() for text in {*texts}])
    pairs = (letters_and_digits(column, [*values]) for column in values)
    halves = {each for pair in pairs if pair and _is_short(values[pair[0]]) for each in pair}
    scores = [
        (
            score_column(path, members, column, texts, labels, order)
            * (0.9 + 0.1 * len(texts) / len(rows) if path == "number" else 1),  # the fullest
            column,
            path,
        )
        for column, texts in islice(values.items(), MAX_GUESSED)
        for path, members in known.items()
        if texts and (path not in subject.constants or is_read(members, texts, order))
        if column not in halves or members[-1].name == "serial"
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
            len({*texts}) < sum(bool(row.get(column)) for row in rows),  # a ditto sign repeats
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


def _is_short(texts: Sequence[str]) -> bool:
    """Return whether texts are the letters of serials, and not whole ones."""
    return 2 * sum(len(text) <= MOST_LETTERS for text in texts) > len(texts)


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
            reads(lambda each: read_date(each, order, is_rough=False), text) for text in texts
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
    return number, bool(subject.items)  # whatever the first rows are like


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
