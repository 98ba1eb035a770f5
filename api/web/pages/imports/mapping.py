"""The mapping of a waiting file as a form: what its columns and codes mean."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Final
from uuid import UUID

from flask import request

from api.i18n.messages import format_day, translate
from api.import_profiles import draft, read_first_rows
from api.web import choices
from api.web.forms import REQUIRED, Field, Form
from api.web.pages.imports.meanings import list_options
from api.web.pages.imports.runs import DATE_ORDER_TEXTS, is_simple, may_record
from importers import subjects
from importers.drafting.assumptions import (
    Assumption,
    assume,
    find_assumptions,
    follow_columns,
    literal_rule,
    with_columns_of,
)
from importers.drafting.guess import ColumnGuess, natural_key, needed_fields
from importers.profiles import (
    DocumentMapping,
    Profile,
    Skip,
    Source,
    from_data,
    name_of_file,
    to_data,
)
from importers.reading.cells import (
    DATE_ORDERS,
    OPEN_LISTS,
    CellError,
    find_code,
    list_kind,
    read_date,
)
from importers.reading.patterns import SERIALS
from importers.reading.tables import Row, Table, fold
from importers.subjects import SUBJECTS, targets
from salsa_ext.administration import imports
from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import parse_date
from salsa_ext.core.errors import IllegalTransition, Invalid, Message, message
from salsa_ext.reference import names

MOST_CODES: Final = 20
DIGITS: Final = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b.*")
SEVERAL: Final = Field(
    "several",
    message("Where a cell holds several serial numbers"),
    "choice",
    (
        ("guns", message("Each becomes a firearm of its own")),
        ("marks", message("All are numbers of one firearm, as of its barrel and its frame")),
    ),
    hint=message("They are cut at commas, semicolons, / and “and”."),
)
UNREAD: Final = Field(
    "unread",
    message("Signs in a serial number that are one unread character each"),
    hint=message("Type all of them without blanks, such as .#x. A dot sets no thousands apart."),
    max_length=10,
)
JOINS: Final = {"first": None, "joined": "", "blank": " ", "hyphen": "-", "several": "; "}
JOIN: Final = Field(
    "join",
    message("Where several columns fill one field"),
    "choice",
    (
        ("first", message("The first that holds something counts")),
        ("joined", message("They are joined to one text, with no sign between")),
        ("blank", message("They are joined with a blank between")),
        ("hyphen", message("They are joined with a hyphen between")),
        ("several", message("Each is a value of its own, as the numbers of several parts")),
    ),
    hint=message("A serial number in two columns, its letters and its digits, is joined."),
)


@dataclass(frozen=True)
class _Code:
    """A code that the file explains: its column, its text, and what that is in the list."""

    column: str
    code: str
    text: str
    means: str
    options: choices.Options | choices.Groups


@dataclass(frozen=True)
class _Columns:
    """The columns of a waiting file, its profile so far, and the mapping to one subject."""

    table: Table
    profile: Profile
    mapping: DocumentMapping
    guesses: tuple[ColumnGuess, ...]
    drafted: Profile
    assumptions: tuple[Assumption, ...]
    codes: tuple[_Code, ...]
    rows: Sequence[Row]

    @property
    def left_out(self) -> list[tuple[str, str, str]]:
        """Return column, text and reason of the rows that a person left out."""
        rules = ((literal_rule(each), each.reason) for each in self.profile.skip)
        return [(*rule, reason) for rule, reason in rules if rule]

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
        values["several"] = "guns" if self.profile.serials else "marks"
        values |= {"join": self._join(), "unread": self.profile.unread}
        for at, (column, text, reason) in enumerate(self.left_out):
            values |= {f"left.{at}.column": column, f"left.{at}.text": text}
            values[f"left.{at}.reason"] = reason
        for at, guess in enumerate(self.guesses):
            values[f"columns.{at}"] = fields.get(guess.column, "")
        for at, each in enumerate(self.assumptions):
            values[f"assumed.{at}"] = "true" if each.is_on else ""
        for at, sheet in enumerate(self.table.alike):
            values[f"sheets.{at}"] = "true" if sheet in self.table.read else ""
        values |= {f"codes.{at}": each.means for at, each in enumerate(self.codes)}
        constants = self.mapping.constants.items()
        return Form(values | {f"constants.{path}": str(text) for path, text in constants})

    def _mapping_of(self, form: Form) -> DocumentMapping:
        """Return which columns fill which fields by a form; raises Invalid."""
        columns: dict[str, list[ColumnGuess]] = {}
        for at, guess in enumerate(self.guesses):
            if (path := form.get(f"columns.{at}")) in targets(self.subject.value):
                columns.setdefault(path, []).append(guess)
        numbers = [each for path in self.subject.key for each in columns.get(path, ())]
        columns.pop("number", None)
        join = form.get("join")
        fields = {path: self._source(path, guesses, join) for path, guesses in columns.items()}
        needed = needed_fields(self.subject, fields)
        offered = (*needed, *shared_fields(self.subject))
        typed = {path: text for path in offered if (text := form.get(f"constants.{path}"))}
        missing = [f"constants.{path}" for path in {*needed} - {*fields, *typed}]
        missing += [] if fold(form.get("name")) else ["name"]
        if missing:
            raise Invalid({name: [REQUIRED] for name in missing})
        others = {key: text for key, text in self.mapping.constants.items() if key not in offered}
        mapping = replace(self.mapping, fields=fields, constants=others | typed)
        if [each.column for each in numbers] != mapping.number_columns():
            number, is_grouped = natural_key(self.subject, numbers)
            mapping = replace(mapping, number=number, group=is_grouped)
        return mapping

    def profile_of(self, form: Form) -> Profile:
        """Return the profile that a form gives; raises Invalid."""
        mapping = self._mapping_of(form)
        serials = {
            column: self.profile.serials.get(column, SERIALS)
            for path, source in mapping.fields.items()
            if path.rpartition(".")[2] == "serial" and form.get("several") == "guns"
            for column in source.columns
        }
        changed = replace(
            self.profile,
            name=name_of_file(form.get("name")),
            dates=form.get("dates"),
            serials=serials,
            unread=re.sub(r"[\s,]", "", form.get("unread")),
            sheets=self._sheets(form),
            documents=(mapping,),
            skip=(
                *(each for each in self.profile.skip if not literal_rule(each)),
                *self._typed_rules(form),
            ),
        )
        changed = follow_columns(changed, self.mapping, self.drafted, self.rows)
        chosen = {
            each: form.get(f"assumed.{at}") == "true" for at, each in enumerate(self.assumptions)
        }
        changed = assume(changed, self.drafted, chosen)
        keys = {column: {**key} for column, key in changed.values.items()}
        for at, each in enumerate(self.codes):
            typed_code = form.get(f"codes.{at}")
            if each.column in keys and typed_code not in ("", each.means):
                keys[each.column][each.code] = typed_code
        return from_data(to_data(replace(changed, values=keys)))

    def _typed_rules(self, form: Form) -> Iterator[Skip]:
        """Yield the rules for rows that a form leaves out; raises Invalid for half of one."""
        columns = {guess.column for guess in self.guesses}
        for at in form.row_numbers("left"):
            column, text, reason = (
                form.get(f"left.{at}.{part}") for part in ("column", "text", "reason")
            )
            if text and column in columns:
                meant = self.profile.values.get(column, {}).get(text, text)
                yield Skip(reason or text, {column: re.escape(meant)})
            elif text or column:
                raise Invalid({f"left.{at}.{'text' if column else 'column'}": [REQUIRED]})

    def _sheets(self, form: Form) -> tuple[str, ...]:
        """Return the sheets that a form has ticked; raises Invalid for none."""
        alike = self.table.alike
        if len(alike) < 2:
            return self.profile.sheets
        ticked = [each for at, each in enumerate(alike) if form.get(f"sheets.{at}") == "true"]
        if not ticked:
            raise Invalid({"sheets.0": [message("Choose at least one sheet.")]})
        return ("*",) if len(ticked) == len(alike) else tuple(ticked)

    def date_order(self) -> Field:
        """Return the field of the order of dates, each with three dates of the file read so."""
        known = targets(self.subject.value)
        paths = {
            column: path for path, each in self.mapping.fields.items() for column in each.columns
        }
        texts = [
            text
            for guess in self.guesses
            for text in guess.examples
            if DIGITS.fullmatch(text)
            and (guess.column not in paths or known[paths[guess.column]][-1].type is date)
        ][:3]
        options = tuple((order, _order_text(order, texts)) for order in DATE_ORDERS)
        return Field(
            "dates",
            message("Order of dates"),
            "choice",
            options,
            hint=message("Months in words and numbers of days are read in any order."),
        )

    def _join(self) -> str:
        """Return how the columns of fields with several are put together."""
        joins = {each.join for each in self.mapping.fields.values() if len(each.columns) > 1}
        return next((name for name, join in JOINS.items() if {join} == joins), "first")

    def _source(self, path: str, guesses: Sequence[ColumnGuess], join: str) -> Source:
        """Return the source of a field, as it was where the columns and their join are."""
        columns, before = {guess.column for guess in guesses}, self.mapping.fields.get(path)
        if before and {*before.columns} == columns and (join == self._join() or len(columns) < 2):
            return before
        names = tuple(guess.column for guess in guesses)
        values = before.values if before else {}
        return Source(names, JOINS.get(join) if len(names) > 1 else None, values=values)


def read_columns(actor: Actor, import_id: UUID) -> _Columns:
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
    if sheet or mapping.subject not in names:  # what was mapped is of other columns or fields
        profile = replace(drafted.profile, sheets=(sheet,) if sheet else profile.sheets)
    [mapping] = profile.documents
    other = with_columns_of(profile, drafted.profile)
    assumptions = tuple(
        each for each in find_assumptions(profile, other, rows) if each.kind != "unread"
    )
    codes = tuple(_codes(actor, profile, other, mapping))
    return _Columns(table, profile, mapping, (*guesses,), other, assumptions, codes, rows)


def _codes(
    actor: Actor, profile: Profile, drafted: Profile, mapping: DocumentMapping
) -> Iterator[_Code]:
    """Yield the codes that the file explains, of columns whose fields have lists to choose from."""
    known = targets(SUBJECTS[mapping.subject].value)
    for path, source in mapping.fields.items():
        kind = list_kind(known[path][-1])
        options = list_options(actor, kind, known[path]) if kind else []
        keys = {**drafted.values, **profile.values}
        for column in source.columns if options else ():
            for code, text in islice(keys.get(column, {}).items(), MOST_CODES):
                choices_of = known[path][-1].limits.choices
                means = (
                    find_code(choices_of, text)
                    if choices_of
                    else names.resolve(kind, text)
                    if kind in OPEN_LISTS
                    else text
                )
                yield _Code(column, code, text, str(means or ""), options)


def _order_text(order: str, texts: Sequence[str]) -> Message:
    """Return the name of an order of dates, and examples as they are read by it."""
    read = []
    for text in texts:
        day = translate(message("no date"))
        with suppress(CellError):
            day = format_day(parse_date(read_date(text, order)))
        read.append(f"{text} = {day}")
    name = translate(DATE_ORDER_TEXTS[order])
    return Message("{text}", {"text": f"{name} ({' · '.join(read)})" if read else name})


def shared_fields(subject: subjects.Subject) -> list[str]:
    """Return what all rows may have in common: a division with their towns, legible numbers."""
    shared = ("place.admin1", "items.marking", "firearm.marking")
    return [path for path in shared if path in targets(subject.value)]
