"""What the rows of a file become: documents, refused rows with reasons, and counts of both."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from importers.reading.row_kinds import summary
from importers.reading.tables import Row, find_place
from importers.subjects import Subject, is_gun
from salsa_ext.core.errors import Invalid, Message, SalsaError, message
from salsa_ext.firearms.marks.values import Firearm

EXAMPLES: Final = 3
MAX_UNKNOWN: Final = 10_000
MAX_SKIPPED: Final = 10_000
MAX_LISTED: Final = 100
"""Texts without a code, and texts with one, that a report has."""
MAX_NOTE: Final = 2_000
LEAST_TOWN: Final = 3
"""Rows of a town without which nobody is asked where it is."""
MAX_ODD: Final = 20
"""Serials of each kind of oddity that are named."""


class Problem(NamedTuple):
    """Why a row is refused: the column at fault, if there is one, and what is wrong."""

    column: str
    text: Message


@dataclass
class Reject:
    """A row that becomes no document, with its reasons."""

    row: Row
    problems: Sequence[Problem]


@dataclass
class Candidate:
    """A document that rows became: its body as HTTP has it, and its value once it is judged.

    `parts` are the documents of its rows, `refused` those of its rows that it is without.
    """

    subject: Subject
    number: str
    body: dict[str, Any]
    rows: list[Row]
    columns: Callable[[str], Sequence[str]]
    """Returns the columns of the file that filled a field."""
    data: Any = None
    parts: Sequence[Candidate] = ()
    refused: Sequence[Reject] = ()

    def column(self, field: str) -> str:
        """Return the first column that filled a field, else one of the party or place that it is of."""
        above = field.rpartition(".")[0]
        is_of_gun = above in ("", self.subject.items, "firearm")
        others = () if is_of_gun else self.columns(f"{above}.")
        return next(iter(self.columns(field) or others), "")

    def without(self, rejects: Sequence[Reject]) -> Candidate | None:
        """Return the document without the rows that have problems of their own.

        None where no row is left, or where a later file could not add the others.
        """
        wrong = [each for each in rejects if [*each.problems] != [ANOTHER_ROW]]
        numbers = {each.row.number for each in wrong}
        rest = [each for each in self.parts if each.rows[0].number not in numbers]
        if not rest or not self.subject.correct:
            return None
        first, *others = rest
        merge(first, others)
        first.refused = [*self.refused, *wrong]
        return first

    def sound_rows(self) -> list[Reject]:
        """Return its rows for the file of refused ones, whose document they make whole."""
        return [Reject(row, [SOUND_ROW]) for row in self.rows if self.refused]

    def row_of(self, item: int) -> int:
        """Return the place among its rows of the one that has an item."""
        places = {row.number: at for at, row in enumerate(self.rows)}
        for part in self.parts:
            item -= len(part.body.get(self.subject.items, ()))
            if item < 0:
                return places[part.rows[0].number]
        return 0

    def pieces(self) -> Iterator[tuple[Candidate, Sequence[Firearm]]]:
        """Yield the document of each row with the guns that it has."""
        start = 0
        for part in self.parts or (self,):
            end = start + len(part.body.get(self.subject.items, (1,)))
            yield part, self.guns[start:end]
            start = end

    @property
    def guns(self) -> Sequence[Firearm]:
        """Return its guns, none for documents of other things."""
        subject, single = self.subject, getattr(self.data, "firearm", None)
        several = subject.lists and is_gun(subject.lists[0].type)
        guns: Sequence[Firearm] = getattr(self.data, subject.items) if several else ()
        return (single,) if single else guns

    def digest(self) -> bytes:
        """Return a hash of the body."""
        return hashlib.sha256(orjson.dumps(self.body, option=orjson.OPT_SORT_KEYS)).digest()


@dataclass
class Judgement:
    """What a file would become, or became.

    `counts`: documents `created`, `changed`, `unchanged`, and rows `rejected` and `skipped`.
    `problems`: by column and English text, how often, with examples. `unknown`: texts without a
    code, by kind; `known` those with one. `odd_serials`: by what is odd, how many, and sheet, row and
    text of the first. `vanished`: numbers that a full file no longer has. `rows_in_all` is about
    how many rows there are. `skipped_examples`: number and beginning of the first row, by reason.
    `skipped_rows` are those of the batch. `readings`: examples of cells by column and kind.
    `starts` are the rows in the file before each sheet that
    is read, where there are several.
    """

    rows_read: int = 0
    rows_in_all: int = 0
    began_at: datetime | None = None
    counts: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    skipped_examples: dict[str, tuple[int, str]] = field(default_factory=dict)
    skipped_rows: list[Reject] = field(default_factory=list)
    problems: dict[tuple[str, str], tuple[Message, list[str], int]] = field(default_factory=dict)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    known: Counter[tuple[str, str]] = field(default_factory=Counter)
    odd_serials: dict[str, tuple[Message, int, list[tuple[str, int, str]]]] = field(
        default_factory=dict
    )
    vanished: list[str] = field(default_factory=list)
    preview: list[dict[str, Any]] = field(default_factory=list)
    readings: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)
    unread_columns: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    starts: Mapping[str, int] = field(default_factory=dict)
    other_sheets: list[str] = field(default_factory=list)

    @property
    def usable(self) -> int:
        """Return the number of rows that are not refused."""
        return self.rows_read - self.counts["rejected"]

    def add_skipped(self, reason: str, row: Row) -> None:
        """Count a row that is left out."""
        if not self.skipped[reason]:
            _, number = find_place(self.starts, row.number)
            self.skipped_examples[reason] = number, summary(row.cells)
        self.skipped[reason] += 1
        self.counts["skipped"] += 1
        if len(self.skipped_rows) < MAX_SKIPPED:
            self.skipped_rows.append(Reject(row, [Problem("", Message(reason, {}))]))

    def add_reject(self, reject: Reject) -> None:
        """Count a refused row under each of its problems."""
        self.counts["rejected"] += 1
        for column, text in reject.problems:
            key = (column, str(text) if text.text == "{text}" else text.text)
            first, examples, count = self.problems.get(key, (text, [], 0))
            example = reject.row.cells.get(column, "")
            if example and example not in examples and len(examples) < EXAMPLES:
                examples = [*examples, example[:60]]
            self.problems[key] = first, examples, count + 1

    def add_unknown(self, kind: str, text: str) -> None:
        """Count a text without a code."""
        if (kind, text) in self.unknown or len(self.unknown) < MAX_UNKNOWN:
            self.unknown[kind, text] += 1

    def asked_texts(self) -> list[tuple[tuple[str, str], int]]:
        """Return the texts without a code, the most frequent first, towns last."""
        counts = self.unknown.most_common()
        frequent = [each for each in counts if each[0][0] != "place" or each[1] >= LEAST_TOWN]
        return sorted(frequent, key=lambda each: each[0][0] == "place")

    def add_known(self, kind: str, text: str) -> None:
        """Count a text that is read as a code."""
        if (kind, text) in self.known or len(self.known) < MAX_UNKNOWN:
            self.known[kind, text] += 1

    def add_odd_serial(self, reason: Message, text: str, row: Row) -> None:
        """Count a serial that a person had better look at."""
        _, count, rows = self.odd_serials.get(reason.text, (reason, 0, []))
        if count < MAX_ODD:
            rows.append((*find_place(self.starts, row.number), text[:60]))
        self.odd_serials[reason.text] = reason, count + 1, rows

    def top_problems(self, most: int = 10) -> list[tuple[Problem, list[str], int]]:
        """Return the most frequent problems, with examples and counts."""
        ranked = sorted(self.problems.items(), key=lambda each: -each[1][2])[:most]
        return [
            (Problem(column, text), examples, count)
            for (column, _), (text, examples, count) in ranked
        ]


class RowRefused(Exception):
    """A row that cannot become a document; `key` names the document that it would be part of."""

    def __init__(self, *problems: Problem, key: tuple[str, str] = ("", "")) -> None:
        super().__init__(*problems)
        self.problems, self.key = problems, key


def merge(first: Candidate, others: Sequence[Candidate]) -> None:
    """Add the guns of other rows to a document, and what the first row left empty."""
    subject, all_of_it = first.subject, (first, *others)
    body: dict[str, Any] = {}
    for each in reversed(all_of_it):
        body |= each.body
    if notes := dict.fromkeys(filter(None, (each.body.get("note") for each in all_of_it))):
        body["note"] = "; ".join(notes)[:MAX_NOTE]
    for name in {each.key for each in subject.lists} & {*body}:
        body[name] = [item for each in all_of_it for item in each.body.get(name, ())]
    for line, item in enumerate(body[subject.items] if subject.has_own_lines else (), 1):
        item["line"] = line
    first.parts = [replace(first), *others]
    first.body = body
    first.rows = [*{row.number: row for each in all_of_it for row in each.rows}.values()]


ANOTHER_ROW: Final = Problem("", message("Another row of the same document is refused."))
SOUND_ROW: Final = Problem(
    "", message("This row has no problem. Leave it here, so that its document stays whole.")
)


def refuse(candidate: Candidate, errors: Mapping[str, Sequence[Message | str]]) -> list[Reject]:
    """Return the rows of a refused document; each has the problems of its gun and column."""
    by_row: dict[int, list[Problem]] = {}
    rows = candidate.rows
    for path, texts in errors.items():
        parts = path.split(".")
        plain = ".".join(part for part in parts if not part.isdigit())
        column = candidate.column(plain)
        is_of_item = len(parts) > 1 and parts[0] == candidate.subject.items and parts[1].isdigit()
        at = candidate.row_of(int(parts[1])) if is_of_item else 0
        for text in texts:
            sentence = text if isinstance(text, Message) else Message(str(text))
            if plain and not candidate.columns(plain):
                sentence = Message(f"{plain}: {sentence.text}", sentence.params)
            by_row.setdefault(at, []).append(Problem(column, sentence))
    return [Reject(row, by_row.get(at, [ANOTHER_ROW])) for at, row in enumerate(rows)]


def errors_of(error: SalsaError) -> Mapping[str, Sequence[Message | str]]:
    """Return what is wrong with a document, by field."""
    return error.errors if isinstance(error, Invalid) else {"": [error.message]}


# --- as data ------------------------------------------------------------------------------------


def message_data(text: Message) -> dict[str, Any]:
    """Return a message as JSON has it, to be translated for its reader."""
    return {"text": text.text, "params": {name: str(value) for name, value in text.params.items()}}


def reject_row(reject: Reject, starts: Mapping[str, int]) -> dict[str, Any]:
    """Return a refused or skipped row as it is stored, by its number in its sheet."""
    problems = [{"column": each.column, **message_data(each.text)} for each in reject.problems]
    cells = [{"column": name, "text": text} for name, text in reject.row.cells.items()]
    _, number = find_place(starts, reject.row.number)
    return {"row": number, "cells": cells, "problems": problems}


def report_data(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement as a run stores it."""
    return {
        "rows_in_all": judgement.rows_in_all,
        "began_at": judgement.began_at and judgement.began_at.isoformat(),
        "counts": dict(judgement.counts),
        "skipped": dict(judgement.skipped),
        "skipped_examples": dict(judgement.skipped_examples),
        "problems": [
            {"column": problem.column, "count": count, "examples": examples}
            | message_data(problem.text)
            for problem, examples, count in judgement.top_problems()
        ],
        "unknown": [
            {"kind": kind, "text": text, "count": count}
            for (kind, text), count in judgement.asked_texts()[:MAX_LISTED]
        ],
        "known": [
            {"kind": kind, "text": text, "count": count}
            for (kind, text), count in judgement.known.most_common(MAX_LISTED)
        ],
        "odd_serials": [
            {"count": count, "rows": [*map(list, rows)]} | message_data(reason)
            for reason, count, rows in judgement.odd_serials.values()
        ],
        "vanished": judgement.vanished,
        "unread_columns": judgement.unread_columns,
        "sheets": judgement.read,
        "other_sheets": judgement.other_sheets,
    }
