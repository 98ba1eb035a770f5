"""The mapping of an import: what each column of a waiting file means, and the sheet that is read."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from api.i18n.messages import format_day, translate
from api.import_profiles import judge_by, with_known_meanings
from api.web import choices
from api.web.formatting import label
from api.web.forms import Field, Form
from api.web.pages import account_pages
from api.web.pages.imports.mapping import JOIN, SEVERAL, UNREAD, read_columns, shared_fields
from api.web.pages.imports.runs import (
    PAGES,
    RUN,
    SUBJECT_TEXTS,
    assumption_texts,
    code_kind,
    field_name,
    found_assumptions,
    may_record,
)
from api.web.record_pages import register_form, render_page
from importers import subjects
from importers.drafting.assumptions import assume
from importers.drafting.guess import ColumnGuess, needed_fields
from importers.profiles import DocumentMapping, from_data, to_data
from importers.reading.cells import CellError, read_cell
from importers.reading.tables import SHEET
from importers.subjects import DESCRIPTION, SUBJECTS, targets
from salsa_ext.administration import imports
from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import parse_date
from salsa_ext.core.errors import Message, message
from salsa_ext.custody.values import NEEDED_BY_DISPOSITION


def _show_mapping(actor: Actor, form: Form | None, import_id: UUID) -> str:
    columns = read_columns(actor, import_id)
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
    columns = read_columns(actor, import_id)
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


def _constant_fields(subject: subjects.Subject) -> Iterator[Field]:
    """Yield the fields of what every document needs or may share, for what no column says."""
    for path in (*needed_fields(subject), *shared_fields(subject)):
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
