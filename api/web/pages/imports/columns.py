"""The mapping of an import: what each column of a waiting file means, and the sheet that is read."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any, Final
from uuid import UUID

from flask import request

from api.i18n.messages import format_day, translate
from api.import_profiles import draft, judge_by, read_first_rows, with_known_meanings
from api.web import choices
from api.web.formatting import label
from api.web.forms import REQUIRED, Field, Form
from api.web.pages import account_pages
from api.web.pages.imports.meanings import list_options
from api.web.pages.imports.runs import (
    DATE_ORDER_TEXTS,
    PAGES,
    RUN,
    SUBJECT_TEXTS,
    assumption_texts,
    code_kind,
    field_name,
    found_assumptions,
    is_simple,
    may_record,
)
from api.web.record_pages import register_form, render_page
from importers import subjects
from importers.assumptions import (
    Assumption,
    assume,
    find_assumptions,
    follow_columns,
    literal_rule,
    with_columns_of,
)
from importers.guess import ColumnGuess, natural_key, needed_fields
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
    read_cell,
    read_date,
)
from importers.reading.patterns import SERIALS
from importers.reading.tables import SHEET, Row, Table, fold
from importers.subjects import DESCRIPTION, SUBJECTS, targets
from salsa_ext.administration import imports
from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import parse_date
from salsa_ext.core.errors import IllegalTransition, Invalid, Message, message
from salsa_ext.custody.values import NEEDED_BY_DISPOSITION
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

    def profile_of(self, form: Form) -> Profile:
        """Return the profile that a form gives; raises Invalid."""
        columns: dict[str, list[ColumnGuess]] = {}
        for at, guess in enumerate(self.guesses):
            if (path := form.get(f"columns.{at}")) in targets(self.subject.value):
                columns.setdefault(path, []).append(guess)
        numbers = [each for path in self.subject.key for each in columns.get(path, ())]
        columns.pop("number", None)
        join = form.get("join")
        fields = {path: self._source(path, guesses, join) for path, guesses in columns.items()}
        needed = needed_fields(self.subject, fields)
        offered = (*needed, *_shared_fields(self.subject))
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
        serials = {
            guess.column: self.profile.serials.get(guess.column, SERIALS)
            for path in columns
            if path.rpartition(".")[2] == "serial" and form.get("several") == "guns"
            for guess in columns[path]
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
        lacking=[*_lacking(columns.mapping)],
        settings=(
            JOIN,
            columns.date_order(),
            *([SEVERAL, UNREAD] if any("serial" in path for path in known) else []),
        ),
        codes=columns.codes,
        left_out=range(len(columns.left_out) + 1),
        columns=[
            (name, translate(message("Name of the sheet")) if name == SHEET else name)
            for name in (guess.column for guess in columns.guesses)
        ],
        subject_name=name,
        subject_text=translate(SUBJECT_TEXTS[name][1]),
        subjects=[
            (each, translate(SUBJECT_TEXTS[each][0]))
            for each in SUBJECTS
            if may_record(actor, SUBJECTS[each])
        ],
    )


def _lacking(mapping: DocumentMapping) -> Iterator[str]:
    """Yield the kinds of dispositions whose rows are refused, as no column has what they need."""
    given = {each.partition(".")[0] for each in (*mapping.fields, *mapping.constants)}
    for kind, (name, text) in NEEDED_BY_DISPOSITION.items():
        if mapping.subject == "dispositions" and {"receiver": "to"}.get(name, name) not in given:
            yield f"{label('disposition_kind', kind)}: {translate(text)}"


def _map(actor: Actor, form: Form, import_id: UUID) -> str:
    """Store the profile, and let the file be checked by it."""
    columns = _read_columns(actor, import_id)
    profile = columns.profile_of(form)
    judge_by(actor, import_id, with_known_meanings(actor, profile, columns.profile))
    return PAGES.address(import_id, done="mapping")


def _assume(actor: Actor, form: Form, import_id: UUID) -> str:
    """Take back what the check page no longer has ticked, and let the file be checked again."""
    run = imports.read_run(actor, import_id)
    profile, offered = from_data(run.definition), enumerate(found_assumptions(run))
    chosen = {each: form.get(f"assumed.{at}") == "true" for at, each in offered}
    judge_by(actor, import_id, from_data(to_data(assume(profile, profile, chosen))))
    return PAGES.address(import_id, done="mapping")


def _target_options(subject: subjects.Subject) -> choices.Groups:
    """Return the fields that a column can fill, under the object that they are part of."""
    groups: dict[str, choices.Options] = {}
    for path, members in targets(subject.value).items():
        heading = field_name(members[:-1]) or translate(SUBJECT_TEXTS[subject.name][0])
        name = field_name(members)
        if members[-1] is DESCRIPTION:
            name = translate(message("{field} (make, model and calibre in one cell)", field=name))
        groups.setdefault(heading, []).append((path, name))
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


def _shared_fields(subject: subjects.Subject) -> list[str]:
    """Return what all rows may have in common: a division with their towns, legible numbers."""
    shared = ("place.admin1", "items.marking", "firearm.marking")
    return [path for path in shared if path in targets(subject.value)]


def _constant_fields(subject: subjects.Subject) -> Iterator[Field]:
    """Yield the fields of what every document needs or may share, for what no column says."""
    for path in (*needed_fields(subject), *_shared_fields(subject)):
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
register_form(
    account_pages,
    "/imports/<uuid:import_id>/assumed",
    "import_assumed_form",
    RUN,
    _show_mapping,
    _assume,
)
