"""The mapping of an import: what each column of a waiting file means, and the sheet that is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from flask import request

from api.i18n.messages import format_day, translate
from api.import_profiles import draft, judge_by, read_first_rows, with_known_meanings
from api.web import choices
from api.web.forms import REQUIRED, Field, Form
from api.web.pages import account_pages
from api.web.pages.imports.runs import (
    PAGES,
    RUN,
    SUBJECT_TEXTS,
    assumption_texts,
    code_kind,
    field_name,
    is_simple,
    may_record,
)
from api.web.record_pages import register_form, render_page
from importers import subjects
from importers.assumptions import Assumption, assume, find_assumptions, with_columns_of
from importers.guess import ColumnGuess, natural_key, needed_fields
from importers.profiles import DocumentMapping, Profile, Source, from_data, name_of_file, to_data
from importers.reading.cells import CellError, read_cell
from importers.reading.patterns import SERIALS
from importers.reading.tables import Table, fold
from importers.subjects import SUBJECTS, targets
from salsa_ext.administration import imports
from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import parse_date
from salsa_ext.core.errors import IllegalTransition, Invalid, Message, message

DATE_ORDER: Final = Field(
    "dates",
    message("Order of dates"),
    "choice",
    (
        ("dmy", message("Day, month, year")),
        ("mdy", message("Month, day, year")),
        ("ymd", message("Year, month, day")),
    ),
    hint=message(
        "Which comes first in 3/9/2020? Months in words and numbers of days are read, too."
    ),
)
SEVERAL: Final = Field(
    "several",
    message("A cell may hold several serial numbers"),
    "flag",
    hint=message(
        "Each becomes a firearm of its own. They are cut at commas, semicolons, / and “and”."
    ),
)


@dataclass(frozen=True)
class _Columns:
    """The columns of a waiting file, its profile so far, and the mapping to one subject."""

    table: Table
    profile: Profile
    mapping: DocumentMapping
    guesses: tuple[ColumnGuess, ...]
    drafted: Profile
    assumptions: tuple[Assumption, ...]

    @property
    def subject(self) -> subjects.Subject:
        """Return what the rows are to become."""
        return SUBJECTS[self.mapping.subject]

    def form(self) -> Form:
        """Return the form as the mapping so far fills it."""
        sources = self.mapping.fields.items()
        fields = {column: path for path, source in sources for column in source.columns}
        keyed = [each for each in fields if fields[each] in self.subject.key]
        fields |= dict.fromkeys({*self.mapping.number_columns()} - {*keyed}, "number")
        values = {"name": self.profile.name, "dates": self.profile.dates}
        values["several"] = "true" if self.profile.serials else ""
        for at, guess in enumerate(self.guesses):
            values[f"columns.{at}"] = fields.get(guess.column, "")
        for at, each in enumerate(self.assumptions):
            values[f"assumed.{at}"] = "true" if each.is_on else ""
        constants = self.mapping.constants.items()
        return Form(values | {f"constants.{path}": str(text) for path, text in constants})

    def profile_of(self, form: Form) -> Profile:
        """Return the profile that a form gives; raises Invalid."""
        columns: dict[str, list[ColumnGuess]] = {}
        for at, guess in enumerate(self.guesses):
            if (path := form.get(f"columns.{at}")) in targets(self.subject.value):
                columns.setdefault(path, []).append(guess)
        numbers = [each for path in self.subject.key for each in columns.get(path, ())]
        columns.pop("number", None)
        fields = {path: self._source(path, guesses) for path, guesses in columns.items()}
        needed = needed_fields(self.subject, fields)
        typed = {path: text for path in needed if (text := form.get(f"constants.{path}"))}
        if missing := {*needed} - {*fields, *typed}:
            raise Invalid({f"constants.{path}": [REQUIRED] for path in missing})
        others = {key: text for key, text in self.mapping.constants.items() if key not in needed}
        mapping = replace(self.mapping, fields=fields, constants=others | typed)
        if [each.column for each in numbers] != mapping.number_columns():
            number, is_grouped = natural_key(self.subject, numbers)
            mapping = replace(mapping, number=number, group=is_grouped)
        serials = {
            guess.column: self.profile.serials.get(guess.column, SERIALS)
            for path in columns
            if path.rpartition(".")[2] == "serial" and form.get("several")
            for guess in columns[path]
        }
        changed = replace(
            self.profile,
            name=name_of_file(form.get("name")),
            dates=form.get("dates"),
            serials=serials,
            documents=(mapping,),
        )
        chosen = {
            each: form.get(f"assumed.{at}") == "true" for at, each in enumerate(self.assumptions)
        }
        return from_data(to_data(assume(changed, self.drafted, chosen)))

    def _source(self, path: str, guesses: Sequence[ColumnGuess]) -> Source:
        """Return the source of a field, as it was where the columns are."""
        columns = tuple(guess.column for guess in guesses)
        before = self.mapping.fields.get(path)
        return before if before and before.columns == columns else Source(columns)


def _read_columns(actor: Actor, import_id: UUID) -> _Columns:
    """Return the columns of a waiting file; raises IllegalTransition for another one."""
    run = imports.read_run(actor, import_id)
    profile = from_data(run.definition)
    if run.status not in imports.MAPPED_STATUSES or not is_simple(profile):
        raise IllegalTransition("import", run.status, message("map the columns"))
    name, sheet = request.args.get("subject", ""), request.args.get("sheet")
    names = [each for each in SUBJECTS if may_record(actor, SUBJECTS[each])]
    if name in SUBJECTS or not sheet:
        names = [name if name in SUBJECTS else profile.documents[0].subject]
    table = read_first_rows(actor, import_id, profile, sheet)
    rows = [*table.rows]
    drafted = draft(actor, replace(table, rows=iter(rows)), profile.name, names)
    spellings = profile.spellings()
    guesses = (
        replace(guess, column=spellings.get(fold(guess.column), guess.column))
        for guess in drafted.columns
    )
    [mapping] = profile.documents
    if (
        sheet or mapping.subject not in names
    ):  # what was mapped is of other columns, or of other fields
        profile = replace(drafted.profile, sheet=sheet or profile.sheet)
    [mapping] = profile.documents
    other = with_columns_of(profile, drafted.profile)
    assumptions = tuple(find_assumptions(profile, other, rows))
    return _Columns(table, profile, mapping, (*guesses,), other, assumptions)


def _show_mapping(actor: Actor, form: Form | None, import_id: UUID) -> str:
    columns = _read_columns(actor, import_id)
    subject = PAGES.find(actor, import_id)
    known, name = targets(columns.subject.value), columns.subject.name
    return render_page(
        "account/import_mapping.html",
        actor,
        trail=(*PAGES.trail, (subject.address, subject.title)),
        form=form or columns.form(),
        table=columns.table,
        guesses=columns.guesses,
        examples=[_examples(guess, known, columns.profile.dates) for guess in columns.guesses],
        assumptions=[
            assumption_texts(columns.profile, columns.drafted, each) for each in columns.assumptions
        ],
        options=_target_options(columns.subject),
        constants=[*_constant_fields(columns.subject)],
        settings=(SEVERAL, DATE_ORDER)
        if any("serial" in path for path in known)
        else (DATE_ORDER,),
        subject_name=name,
        subject_text=translate(SUBJECT_TEXTS[name][1]),
        subjects=[
            (each, translate(SUBJECT_TEXTS[each][0]))
            for each in SUBJECTS
            if may_record(actor, SUBJECTS[each])
        ],
    )


def _map(actor: Actor, form: Form, import_id: UUID) -> str:
    """Store the profile, and let the file be checked by it."""
    profile = _read_columns(actor, import_id).profile_of(form)
    judge_by(actor, import_id, with_known_meanings(actor, profile))
    return PAGES.address(import_id, done="mapping")


def _target_options(subject: subjects.Subject) -> choices.Groups:
    """Return the fields that a column can fill, under the object that they are part of."""
    groups: dict[str, choices.Options] = {}
    for path, members in targets(subject.value).items():
        heading = field_name(members[:-1]) or translate(SUBJECT_TEXTS[subject.name][0])
        groups.setdefault(heading, []).append((path, field_name(members)))
    return [*groups.items()]


def _examples(guess: ColumnGuess, known: Any, dates: str) -> str:
    """Return examples of a column; days that are numbers or words with how they are read."""
    member = known[guess.path][-1] if guess.path in known else None
    texts = []
    for text in guess.examples:
        example = text[:40]
        if member and member.type is date:
            with suppress(CellError):
                read = read_cell(member, text, dates)
                example = f"{example} ({format_day(parse_date(read))})"
        texts.append(example)
    return " · ".join(texts)


def _constant_fields(subject: subjects.Subject) -> Iterator[Field]:
    """Yield the fields of what every document needs, for what no column says."""
    for path in needed_fields(subject):
        members = targets(subject.value)[path]
        member = members[-1]
        name, limits = f"constants.{path}", member.limits
        options: Any = tuple((code, code) for code in limits.choices) or None
        kind = code_kind(subject, members)
        options = kind if kind in choices.CODE_LISTS else options
        options = "own_agency" if member.name == "agency" else options
        widget = "choice" if options else "date" if limits.form == "rough" else "text"
        yield Field(name, Message(member.field.label, {}), widget, options)


register_form(
    account_pages,
    "/imports/<uuid:import_id>/mapping",
    "import_mapping_form",
    RUN,
    _show_mapping,
    _map,
)
