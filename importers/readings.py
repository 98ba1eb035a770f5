"""How the cells of a file are read: an example of each kind of cell, with how many are alike."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from typing import Any, Final

from importers.judgement import Candidate, Judgement
from importers.reading.tables import find_place
from importers.serial_words import words_of
from salsa_ext.firearms.marks.firearm_marks import marking_of_firearm, stamped_marks
from salsa_ext.firearms.marks.values import Firearm

GUN_FIELDS: Final = ("type", "make", "model", "calibre")
MOST_KINDS: Final = 1_000
MOST_OF_COLUMN: Final = 30
MOST_TEXT: Final = 120
LETTERS: Final = re.compile(r"[^\W\d_]+(?:[ .]+[^\W\d_]+)*")
NUMBER: Final = re.compile(r"[^\W_]*\d[^\W_]*")
REPEATED: Final = re.compile(r"([^\w\s])\1+")


def stored_gun(gun: Firearm) -> dict[str, Any]:
    """Return a gun as it will be searched: its marks with their part and condition."""
    marks = [
        {"text": mark.text, "location": mark.location, "condition": mark.condition}
        for mark in stamped_marks(gun)
    ]
    about = {name: getattr(gun, name) for name in GUN_FIELDS}
    return about | {"marks": marks, "marking": marking_of_firearm(gun)}


def add_readings(judgement: Judgement, candidate: Candidate) -> None:
    """Count the cells of a document by column, by shape and by what they became."""
    for row, pieces in groupby(candidate.pieces(), key=lambda piece: piece[0].rows[0]):
        parts, guns = zip(*pieces, strict=True)
        stored = [*map(stored_gun, chain(*guns))]
        for field, columns, outcome, value in _readings(parts[0], stored):
            column = " + ".join(columns)
            cell = " ".join(filter(None, (row.cells.get(each, "") for each in columns)))
            key = (field, column, _shape(field, cell), outcome)
            if key in judgement.readings:
                judgement.readings[key]["count"] += 1
            elif len(judgement.readings) < MOST_KINDS:
                _, place = find_place(judgement.starts, row.number)
                example = {"field": field, "column": column, "cell": cell[:MOST_TEXT]}
                judgement.readings[key] = example | {"row": place, "value": value, "count": 1}


def _readings(
    part: Candidate, guns: Sequence[dict[str, Any]]
) -> Iterator[tuple[str, Sequence[str], Any, Any]]:
    """Yield field, columns, kind of outcome and value of the cells that are read in several ways."""
    of_gun = part.subject.items or "firearm"
    if guns and (columns := part.columns(f"{of_gun}.serial")):
        yield "serial", columns, str([(len(gun["marks"]), gun["marking"]) for gun in guns]), guns
    if guns and (columns := part.columns(f"{of_gun}.description")):
        filled = [[name for name in gun if gun[name]] for gun in guns]
        yield "description", columns, str(filled), guns
    day = part.body.get("occurred_on", "")
    if day and (columns := part.columns("occurred_on")):
        yield "occurred_on", columns, len(day), day
    if columns := part.columns("number"):
        yield "number", columns, "", part.number


def _shape(field: str, cell: str) -> str:
    """Return what cells that are written alike have in common: `0-0`, `0?`, `a / 0`, their words."""
    words = words_of(cell).casefold() if field == "serial" else ""
    return words + REPEATED.sub(r"\1", LETTERS.sub("a", NUMBER.sub("0", cell)))


def listed_readings(judgement: Judgement) -> list[dict[str, Any]]:
    """Return the examples by field, the most frequent first, of each column not too many."""
    listed, counts = [], Counter[str]()
    for each in sorted(judgement.readings.values(), key=lambda each: -each["count"]):
        counts[each["column"]] += 1
        listed += [each] if counts[each["column"]] <= MOST_OF_COLUMN else []
    fields = [*dict.fromkeys(key[0] for key in judgement.readings)]
    return sorted(listed, key=lambda each: fields.index(each["field"]))
