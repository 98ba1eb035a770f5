"""Rows interpreted by a profile, and judged by the schemas and checks of the service."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final

from importers.bodies import (
    add_note,
    complete,
    guns_of,
    interpret_guns,
    write_constants,
    write_field,
)
from importers.fields import (
    DocumentSteps,
    FieldStep,
    compile_steps,
    fold_keys,
    is_rougher,
    read_once,
    replace_text,
    text_of,
)
from importers.judgement import (
    Candidate,
    Judgement,
    Problem,
    Reject,
    RowRefused,
    errors_of,
    merge,
    refuse,
)
from importers.occurrences import Occurrences
from importers.pieces import cut_row
from importers.profiles import DocumentMapping, Profile
from importers.reading.calibres import complete_calibre
from importers.reading.cells import CellError, is_no_value
from importers.reading.descriptions import take_apart
from importers.reading.row_kinds import RowAbove, SkipRules, YearAbove, is_heading, is_of_table
from importers.reading.tables import SHEET, Row, Table, find_place, fold
from importers.serial_words import WORD_MEANINGS, apply_meaning, is_understood, words_of
from importers.subjects import DESCRIPTION, REPORTED, SUBJECTS, Check, Subject
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import ImportRejected, SalsaError, Unavailable, message
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.reference.agencies import agency_names
from salsa_ext.reference.calendars import state_zone
from salsa_ext.reference.gazetteer import complete_place

LESS_EXACT: Final = ("agency", "kind")
"""Fields whose text says more than what a person said it means: it goes to the remarks, too."""
LEAST_SERIAL: Final = 4
"""Glyphs of a serial that one document has once."""
HEADING_AGAIN: Final = message("a heading again")
REPEATED: Final = message("the same gun again")
NO_NUMBER: Final = message("The row has no number of its own, so a second run would load it twice.")
NO_DATE: Final = message(
    "The row has no date. Map the column with the date of the report, or write the year."
)
TWO_NUMBERS: Final = re.compile(
    r"(.+?)\s*[(\[]\s*(?:ant(?:erior|igu[oa]|es)?|ex|old|former(?:ly)?|previous(?:ly)?|anc(?:ien(?:ne)?)?|viejo"
    r"|velho|previo)\b[.:\s]*(?:n[º°ro.]*\s*)?([^()\[\]]*\d[^()\[\]]*?)\s*[)\]]",
    re.IGNORECASE,
)
"""A number with the one before in brackets: `ANI-22-017 (ant. 0502-2022-144)`."""
ReadBody = Callable[[type, Mapping[str, Any]], Any]
"""Returns the value of a body as HTTP receives it; raises Invalid."""


class Interpreter:
    """Makes documents of the rows of a table, by a profile."""

    def __init__(self, profile: Profile, table: Table, actor: Actor, judgement: Judgement) -> None:
        """Raises ImportRejected if columns are missing."""
        self.profile, self.actor, self.judgement = profile, actor, judgement
        self._columns = _match_columns(profile, table, judgement)
        self._sources: dict[str, Any] = dict.fromkeys(profile.used_columns()) | self._columns
        self._grouping = {each.subject: each.group for each in profile.documents}
        self._values = {
            column: read_once(partial(replace_text, fold_keys(values)))
            for column, values in profile.values.items()
            if values
        }
        self._skip = SkipRules(profile.skip)
        own = agency_names(actor.own_state()) | {each.code: "" for each in profile.agencies}
        agencies = {fold(text): code for code in own for text in (own[code], code)}
        zone = state_zone(actor.own_state())
        self._mappings = [
            compile_steps(mapping, profile, agencies, zone) for mapping in profile.documents
        ]
        self._words = dict[str, str]()  # as the file first spells them
        self._repeats, self._numbers = Occurrences(), Occurrences()
        self._above = RowAbove(profile)
        dates = [
            column
            for mapping in self._mappings
            for step in mapping.fields
            for column in step.source.columns
            if step.path[-1].type is date
        ]
        self._year = YearAbove(table.title, dates)
        self._guns = Occurrences() if profile.once else None

    def grouping_keys(self, row: Row) -> Iterator[str]:
        """Yield the number of each document that a row may share with others."""
        texts = self._texts(row)
        for mapping, *_ in self._mappings if texts else ():
            if mapping.group and texts and (number := self._number(mapping, texts, row)):
                yield f"{mapping.subject} {number}"

    def _texts(self, row: Row) -> dict[str, str] | None:
        """Return the texts of a row with what it leaves to the one above; None if it is skipped."""
        get = row.cells.get
        texts = {name: get(column, "") for name, column in self._sources.items()}
        for name, replace in self._values.items():
            texts[name] = replace(texts[name])
        self._year.fill(texts, row.cells)
        if is_heading(row.cells):
            self.judgement.add_skipped(str(HEADING_AGAIN), row)
            return None
        skip = self._skip.find(texts, row.cells)
        if skip is None or is_of_table(skip):
            texts = self._above.fill(texts)
        if skip:
            self.judgement.add_skipped(skip.reason, row)
        return None if skip else texts

    def documents(self, row: Row) -> list[Candidate]:
        """Return the documents of a row, none if it is skipped; raises RowRefused."""
        if row.beyond:
            raise RowRefused(Problem("", message("The row has more cells than the header.")))
        if (texts := self._texts(row)) is None:
            return []
        documents = [
            self._document(steps, piece, row)
            for steps in self._mappings
            if all(texts[name] for name in steps.mapping.when)
            for piece in cut_row(texts, steps.columns, self.profile.serials)
        ]
        if not documents:
            columns = ", ".join(name for mapping, *_ in self._mappings for name in mapping.when)
            raise RowRefused(
                Problem("", message("None of these is filled in: {names}.", names=columns))
            )
        repeated = [self._is_repeated(each) for each in documents] if self._guns else [False]
        if all(repeated):
            self.judgement.add_skipped(str(REPEATED), row)
            return []
        return self._grouped(documents)

    def _is_repeated(self, candidate: Candidate) -> bool:
        """Return whether the document has the row's gun already, by its serial and day."""
        assert self._guns is not None
        body, items, number = candidate.body, candidate.subject.items, candidate.number
        gun = (body.get(items) or [{}])[0] if items else body.get("firearm", {})
        serial = normalise(gun.get("serial", ""))
        if len(serial) < LEAST_SERIAL or not any(map(str.isdigit, serial)):
            return False
        number = number if items else number.rpartition("/")[0] or number
        key = (candidate.subject.name, number, body.get("occurred_on"), serial)
        return self._guns.add("\x1f".join(map(str, key)))[0] > 1

    def _document(self, steps: DocumentSteps, texts: Mapping[str, str], row: Row) -> Candidate:
        mapping, fields = steps.mapping, steps.fields
        subject = SUBJECTS[mapping.subject]
        body, problems = dict[str, Any](), list[Problem]()
        number, reported = self._number(mapping, texts, row), ("", "")
        calibres: Mapping[str, str] = {}  # as a person said
        unclear = ""
        for step in fields:
            text = texts[step.column] if step.column else text_of(step, texts)
            if not text:
                continue
            try:
                value, unknown = step.read(text)
            except CellError as error:
                if error.unknown:
                    self.judgement.add_unknown(error.unknown, error.text)
                problems.append(Problem(self._column_of(step, texts), error.problem))
                continue
            listed = [(unknown or step.kind, value or text if unknown else text, not unknown)]
            if step.path[-1] is DESCRIPTION:
                write_field(body, step.path, {})
                listed = take_apart(body, step.path, value, step.meanings)
            elif step.path[-1] is REPORTED:
                reported = value or "", f"{self._column_of(step, texts)}: {text}"
            elif value not in (None, "", []):
                write_field(body, step.path, value)
            is_rough = step.name == "occurred_on" and value and is_rougher(value, text)
            if is_rough or (step.name in LESS_EXACT and step.meanings.get(fold(text), "-") != "-"):
                add_note(body, f"{self._column_of(step, texts)}: {text}")
            for kind, part, is_known in listed:
                if kind == "calibre":
                    calibres, unclear = step.meanings, "" if is_known else part
                if kind and (is_known or kind != "calibre"):
                    add = self.judgement.add_known if is_known else self.judgement.add_unknown
                    add(kind, part)
        for gun in body.get(subject.items, ()) if subject.items else (body.get("firearm", {}),):
            question = complete_calibre(gun, calibres)
            if question or (unclear and not gun.get("calibre")):
                self.judgement.add_unknown("calibre", question or unclear)
        dated = steps.columns.get("occurred_on")
        given = {"occurred_on", "occurred_at"} & {*body, *mapping.constants}
        if dated and not given and not problems:
            if not reported[0]:
                problems.append(Problem(self._columns.get(dated[0], ""), NO_DATE))
            body["occurred_on"] = reported[0][:4]
            add_note(body, reported[1])
        if number is None:
            problems.append(Problem("", NO_NUMBER))
        write_constants(body, steps.constants)
        complete(body, subject.value, self.actor.own_state())
        self._interpret(body, subject, steps.words, row)
        if number is None or problems:
            raise RowRefused(*problems, key=(subject.name, number or ""))
        body["number"] = number
        of_number = mapping.number_columns() if subject.has_external_ids else []
        for name in of_number:
            case, before = _two_numbers(texts[name])
            is_repeated = len(of_number) == 1 and number.startswith(f"{case}/")
            for each in filter(None, (before, case if is_repeated else "")):
                body.setdefault("external_ids", []).append({"system": name, "number": each})
        if "place" in body:
            complete_place(body["place"])
            self._ask_about(body["place"], fields)
        columns = partial(self._columns_named, steps, texts)
        return Candidate(subject, number, body, [row], columns)

    def _interpret(
        self, body: dict[str, Any], subject: Subject, meanings: Mapping[str, str], row: Row
    ) -> None:
        """Read the serials of a document; count their words, and what is odd about them."""
        guns = guns_of(body, subject)
        cells = [gun.get("serial", "") for gun in guns]
        given = {cell: meanings.get(fold(words_of(cell)), "") for cell in cells}
        for gun, cell in zip(guns, cells, strict=True):
            if cell and given[cell] in (*WORD_MEANINGS, "-"):
                apply_meaning(gun, body, given[cell])
        for reason, text in interpret_guns(
            body, subject, is_starred=self.profile.restored, unread=self.profile.unread
        ):
            self.judgement.add_odd_serial(reason, text, row)
        for gun, cell in zip(guns, cells, strict=True):
            if words := words_of(cell):
                is_known = given[cell] or is_understood(gun, cell)
                add = self.judgement.add_known if is_known else self.judgement.add_unknown
                add("serial", self._words.setdefault(fold(words), words))

    def _ask_about(self, place: Mapping[str, Any], fields: Sequence[FieldStep]) -> None:
        """Count a town that the gazetteer lacks and nobody has said anything of."""
        name = place.get("name", "")
        texts = (text for step in fields if step.name == "place.name" for text in step.meanings)
        if name and "latitude" not in place and fold(name) not in texts:
            self.judgement.add_unknown("place", name)

    def _columns_named(
        self, steps: DocumentSteps, texts: Mapping[str, str], name: str
    ) -> Sequence[str]:
        """Return the columns that fill a field, or a field of `object.`; of alternatives the first."""
        if name == "number":
            return [self._columns.get(each, "") for each in steps.mapping.number_columns()]
        prefix = name if name.endswith(".") else f"{name}/"
        of_it = (step for step in steps.fields if f"{step.name}/".startswith(prefix))
        if (step := next(of_it, None)) is None:
            return ()
        if step.source.join is None:
            return (self._column_of(step, texts),)
        return [self._columns.get(each, "") for each in step.source.columns]

    def _column_of(self, step: FieldStep, texts: Mapping[str, str]) -> str:
        """Return the column of the file that filled a field, else the first that could."""
        columns = step.source.columns
        return self._columns.get(next((name for name in columns if texts[name]), columns[0]), "")

    def _number(self, mapping: DocumentMapping, texts: Mapping[str, str], row: Row) -> str | None:
        """Return the natural key of a row's document; None if a part of it is empty."""
        number = ""
        pieces, columns = mapping.number_parts
        for piece, name in zip(pieces, columns, strict=False):
            number += piece
            if name == "#":
                count = self._repeats.add(f"{mapping.subject} {number}")[0]
                if count == 1 and number.endswith("/"):
                    number = number[:-1]  # 004/20, then 004/20/2
                else:
                    number += str(count)
            elif name == "*":
                number += _digest(row)
            elif not (text := _two_numbers(texts[name])[0]):
                return None
            elif is_no_value(text):  # S/E: a document of its own
                digest = _digest(row)
                return f"{digest}-{self._repeats.add(f'{mapping.subject} {digest}')[0]}"
            else:
                number += text
        return (number + pieces[-1])[:100]

    def _grouped(self, documents: Sequence[Candidate]) -> list[Candidate]:
        """Return documents with the pieces of one number put together; raises RowRefused."""
        by_key = {(each.subject.name, each.number): each for each in documents[:1]}
        pieces: dict[tuple[str, str], list[Candidate]] = {}
        for at, candidate in enumerate(documents[1:], 1):
            key = (candidate.subject.name, candidate.number)
            if key in by_key and candidate.subject.items:
                pieces.setdefault(key, []).append(candidate)
                continue
            if key in by_key:
                candidate.number = candidate.body["number"] = f"{candidate.number}/{at + 1}"
                key = (candidate.subject.name, candidate.number)
            by_key[key] = candidate
        for key, others in pieces.items():
            merge(by_key[key], others)
        row = documents[0].rows[0].number
        for subject, number in by_key:
            times, first = self._numbers.add(f"{subject} {number}", row)
            if times > 1 and not self._grouping[subject]:
                sheet, place = find_place(self.judgement.starts, first)
                where = f"{place} ({sheet})" if sheet else place
                text = message(
                    "The number {number} is in row {row} already.", number=number, row=where
                )
                raise RowRefused(Problem("", text))
        return [*by_key.values()]


def _digest(row: Row) -> str:
    whole = "\x1f".join(row.cells.values()).encode()
    return hashlib.blake2b(whole, digest_size=6).hexdigest()


def _match_columns(profile: Profile, table: Table, judgement: Judgement) -> dict[str, str]:
    """Return the column of the file for each that the profile uses; raises ImportRejected."""
    spellings = profile.spellings()
    read = {column for mapping in profile.documents for column in mapping.used_columns()}
    matched: dict[str, str] = {}
    for column in table.columns:
        name = spellings.get(fold(column))
        if name not in read and column != SHEET:
            judgement.unread_columns.append(column)
        if name is not None:
            matched.setdefault(name, column)
    missing = [name for name in profile.used_columns() if name not in matched]
    if missing and not profile.lenient:
        text = message(
            "The file lacks the columns {names}. It has: {columns}.",
            names=", ".join(missing),
            columns=", ".join(table.columns)[:1000],
        )
        raise ImportRejected(text, rejects=[])
    return matched


def _two_numbers(text: str) -> tuple[str, str]:
    """Return the number of a case, and the one that it had before."""
    match = TWO_NUMBERS.fullmatch(text) if text.endswith((")", "]")) else None
    return (match[1], match[2]) if match else (text, "")


# --- judging ------------------------------------------------------------------------------------


class Judge:
    """Judges documents as HTTP and its commands would; one for each transaction."""

    def __init__(self, actor: Actor, read_body: ReadBody, agencies: Iterable[str]) -> None:
        self._read_body = read_body
        own = frozenset(agencies)
        self._checks: dict[str, Check] = {}
        self._actor, self._agencies = actor, own

    def judge(self, candidate: Candidate) -> list[Reject]:
        """Read a document's value; return its rows as refused if it has problems."""
        subject = candidate.subject
        if subject.name not in self._checks:
            self._checks[subject.name] = subject.checker(self._actor, self._agencies)
        try:
            candidate.data = self._read_body(subject.value, candidate.body)
            self._checks[subject.name](candidate.data)
        except Unavailable:
            raise
        except SalsaError as error:
            return refuse(candidate, errors_of(error))
        return []
