"""Imports of files: upload, mapping of columns to fields, dry run, confirmation, undo."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from flask import Response, request, url_for

from api.http.context import without_turn
from api.i18n.messages import translate
from api.import_jobs import import_folder
from api.routes.imports import begin_import, find_profile, get_import_rejects, list_imports
from api.schemas.imports import ImportQuery, ImportResponse, field_labels
from api.web import choices
from api.web.access import login_required
from api.web.document_actions import Action, Subject
from api.web.formatting import capitalise, label
from api.web.forms import REQUIRED, Field, Form
from api.web.pages import account_pages
from api.web.record_pages import DocumentPages, register_form, render_page
from importers import subjects
from importers.guess import SAMPLE_ROWS, ColumnGuess, draft_profile, natural_key, needed_fields
from importers.profiles import (
    DocumentMapping,
    Profile,
    Source,
    from_data,
    name_of_file,
    shipped_profiles,
    to_data,
)
from importers.read import Table, fold, open_table
from importers.sealed_files import SealedFile, delete_file, seal_file
from importers.subjects import SUBJECTS, targets
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import imports
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    IllegalTransition,
    Invalid,
    Message,
    SalsaError,
    Unavailable,
    message,
)
from salsa_ext.core.ids import new_id

RUN: Final = Permission.IMPORT_RUN
WORKING: Final = ("judging", "loading", "undoing")
RETRY_SECONDS: Final = "2"
STATUS: Final = Field("status", message("Status"), "choice", "import_status")
SUBJECT_NAMES: Final = {
    "seizures": message("Seizures"),
    "transfers": message("Transfers"),
    "reports": message("Reports"),
    "permits": message("Permits"),
    "licensees": message("Licensees"),
    "dispositions": message("What became of seized firearms"),
}
DATE_ORDER: Final = Field(
    "dates",
    message("Order of dates"),
    "choice",
    (
        ("dmy", message("Day, month, year")),
        ("mdy", message("Month, day, year")),
        ("ymd", message("Year, month, day")),
    ),
)


ACTIONS: Final = (
    Action(
        "confirm",
        message("Load the file"),
        message("What is right becomes documents; what is refused stays in the file of rejects."),
        None,
        imports.confirm_run,
        RUN,
        ("judged",),
        success=message("The file is being loaded. You may close this page."),
        is_versioned=False,
        is_main=True,
    ),
    Action(
        "discard",
        message("Discard"),
        message("The file is deleted. None of it was loaded."),
        None,
        imports.begin_undo,
        RUN,
        (*imports.MAPPED_STATUSES, "judging"),
        success=message("The file is discarded."),
        is_versioned=False,
        is_destructive=True,
    ),
    Action(
        "undo",
        message("Undo the import"),
        message("Its documents are withdrawn, unless one of them was worked on since."),
        None,
        imports.begin_undo,
        RUN,
        ("loading", "loaded", "failed"),
        success=message("The import is being undone."),
        is_versioned=False,
        is_destructive=True,
    ),
)


def _find(actor: Actor, import_id: UUID) -> Subject:
    run = imports.read_run(actor, import_id)
    return Subject(run, run.file_name, run.owner_state, run.status)


def _detail(actor: Actor, subject: Subject) -> dict[str, Any]:
    """Return the report of a run, with its interpreted rows as fields and values."""
    report = ImportResponse().dump(subject.view)["report"]
    preview = [
        row | {"fields": [*_values(row["document"], SUBJECTS[row["subject"]])]}
        for row in report.get("preview", ())
    ]
    is_working = subject.status in WORKING
    return {
        "report": report,
        "preview": preview,
        "is_working": is_working,
        "is_mapped": subject.status in imports.MAPPED_STATUSES
        and _is_simple(from_data(subject.view.definition)),
        "progress": _progress(subject.view),
    }


def _values(document: Mapping[str, Any], subject: subjects.Subject) -> Any:
    """Yield the name and value of each field of a document that a file filled."""
    for path, members in targets(subject.value).items():
        values: list[Any] = [document]
        for key in path.split("."):
            inner = [value.get(key) for value in values if isinstance(value, Mapping)]
            values = [
                each for value in inner for each in (value if isinstance(value, list) else [value])
            ]
        kind = _code_kind(subject, members[-1].name)
        if texts := [label(kind, str(value)) for value in values if value not in (None, "")]:
            yield translate(members[-1].field.label), ", ".join(texts)


def _progress(run: Any) -> str:
    return f"{run.status}-{run.rows_read}"


PAGES = DocumentPages(
    account_pages,
    "import",
    "/imports",
    message("Imports"),
    _find,
    ACTIONS,
    {"mapping": message("The columns are mapped, and the file is being checked.")},
)
PAGES.add_list(ImportQuery, list_imports, (STATUS,), item=ImportResponse)
PAGES.add_detail(_detail)


@account_pages.get("/imports/<uuid:import_id>/live")
@login_required
def import_news(actor: Actor, import_id: UUID) -> Response:
    """Answer 200 once a run is further than the page shows, else 204 at once."""
    if _progress(imports.read_run(actor, import_id)) != request.args.get("version"):
        return Response(status=200)
    return Response(status=204, headers={"Retry-After": RETRY_SECONDS})


@account_pages.get("/imports/<uuid:import_id>/rejects.csv")
@login_required
def import_rejects(actor: Actor, import_id: UUID) -> Response:
    """Return the refused rows with the reasons."""
    return get_import_rejects(actor, import_id)


# --- upload -------------------------------------------------------------------------------------


def _show_upload(actor: Actor, form: Form | None) -> dict[str, Any]:
    stored = [*imports.stored_profiles(actor)]
    shipped = [name for name in shipped_profiles() if name not in stored]
    return {"form": form or Form(), "profiles": [(name, name) for name in [*stored, *shipped]]}


def _receive(form: Form) -> bytes:
    """Return the file of the request, and let the form know it by its hash."""
    file = request.files.get("file")
    received: bytes = file.read() if file else b""
    if not received:
        raise Invalid({"file": [message("Choose a file.")]})
    form.photo = received
    form.values["file"] = hashlib.sha256(received).hexdigest()
    return received


def _upload(actor: Actor, form: Form) -> str:
    """Begin the check by a known profile, or a draft; return the page that comes next."""
    received, run_id = form.photo, new_id()
    profile = find_profile(actor, form.get("profile")) if form.get("profile") else None
    seal_file(import_folder(), run_id, received, actor.vault)
    if profile:
        begin_import(actor, run_id, profile, received, "judging")
        return PAGES.address(run_id)
    try:
        draft = draft_profile(
            _read_sample(actor, run_id),
            field_labels(),
            name=name_of_file(Path(request.files["file"].filename or "").stem),
            state=actor.own_state(),
            subjects=[name for name, each in SUBJECTS.items() if _may(actor, each)],
        )
        begin_import(actor, run_id, draft.profile, received, "draft")
    except SalsaError:
        delete_file(import_folder(), run_id)
        raise
    return url_for("account.import_mapping_form", import_id=run_id)


def _read_sample(actor: Actor, run_id: UUID, profile: Profile | None = None) -> Table:
    """Return the table of a sealed file with its first rows; raises ImportRejected, Unavailable."""
    headings, sheet = ({*profile.spellings()}, profile.sheet) if profile else (set(), None)
    try:
        file = SealedFile(import_folder(), run_id, actor.vault)
    except (FileNotFoundError, BlockingIOError):
        text = message("The file is at work or on another server. Try again in a minute.")
        raise Unavailable(text) from None
    try:
        with without_turn(), open_table(file.open(), headings, sheet) as table:
            return replace(table, rows=iter([*islice(table.rows, SAMPLE_ROWS)]))
    finally:
        file.close()


PAGES.add_form(RUN, _show_upload, _upload, prepare=_receive)


# --- mapping ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Columns:
    """The columns of a waiting file, its profile so far, and the mapping to one subject."""

    profile: Profile
    mapping: DocumentMapping
    guesses: tuple[ColumnGuess, ...]

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
        for at, guess in enumerate(self.guesses):
            values[f"columns.{at}"] = fields.get(guess.column, "")
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
        needed = needed_fields(self.subject)
        typed = {path: text for path in needed if (text := form.get(f"constants.{path}"))}
        if missing := {*needed} - {*fields, *typed}:
            raise Invalid({f"constants.{path}": [REQUIRED] for path in missing})
        others = {key: text for key, text in self.mapping.constants.items() if key not in needed}
        mapping = replace(self.mapping, fields=fields, constants=others | typed)
        if [each.column for each in numbers] != mapping.number_columns():
            number, is_grouped = natural_key(self.subject, numbers)
            mapping = replace(mapping, number=number, group=is_grouped)
        named = replace(self.profile, name=form.get("name"), dates=form.get("dates"))
        return from_data(to_data(replace(named, documents=(mapping,))))

    def _source(self, path: str, guesses: Sequence[ColumnGuess]) -> Source:
        """Return the source of a field, as it was where the columns are."""
        columns = tuple(guess.column for guess in guesses)
        before = self.mapping.fields.get(path)
        return before if before and before.columns == columns else Source(columns)


def _read_columns(actor: Actor, import_id: UUID) -> _Columns:
    """Return the columns of a waiting file; raises IllegalTransition for another one."""
    run = imports.read_run(actor, import_id)
    profile = from_data(run.definition)
    if run.status not in imports.MAPPED_STATUSES or not _is_simple(profile):
        raise IllegalTransition("import", run.status, message("map the columns"))
    name = request.args.get("subject", "")
    name = name if name in SUBJECTS else profile.documents[0].subject
    table = _read_sample(actor, import_id, profile)
    draft = draft_profile(
        table, field_labels(), name=profile.name, state=actor.own_state(), subjects=[name]
    )
    spellings = profile.spellings()
    guesses = (
        replace(guess, column=spellings.get(fold(guess.column), guess.column))
        for guess in draft.columns
    )
    [mapping], [guessed] = profile.documents, draft.profile.documents
    return _Columns(profile, mapping if mapping.subject == name else guessed, (*guesses,))


def _is_simple(profile: Profile) -> bool:
    """Return whether the page can show a profile: rows are one document, each column one field."""
    columns = [each for mapping in profile.documents for each in mapping.used_columns()]
    return len(profile.documents) == 1 and len(columns) == len({*columns})


def _show_mapping(actor: Actor, form: Form | None, import_id: UUID) -> str:
    columns = _read_columns(actor, import_id)
    subject = PAGES.find(actor, import_id)
    return render_page(
        "account/import_mapping.html",
        actor,
        trail=(*PAGES.trail, (subject.address, subject.title)),
        form=form or columns.form(),
        guesses=columns.guesses,
        options=_target_options(columns.subject),
        constants=[*_constant_fields(columns.subject)],
        date_order=DATE_ORDER,
        subject_name=columns.subject.name,
        subjects=[(name, _plural(each)) for name, each in SUBJECTS.items() if _may(actor, each)],
    )


def _map(actor: Actor, form: Form, import_id: UUID) -> str:
    """Store the profile, and let the file be checked by it."""
    profile = _read_columns(actor, import_id).profile_of(form)
    require(actor, SUBJECTS[profile.documents[0].subject].permission)
    definition = to_data(profile)
    imports.store_profile(actor=actor, name=profile.name, definition=definition)
    imports.judge_run(actor=actor, import_id=import_id, profile=profile.name, definition=definition)
    return PAGES.address(import_id, done="mapping")


def _target_options(subject: subjects.Subject) -> choices.Groups:
    """Return the fields that a column can fill, under the object that they are part of."""
    groups: dict[str, choices.Options] = {}
    for path, members in targets(subject.value).items():
        *above, last = [capitalise(translate(member.field.label)) for member in members]
        heading = " › ".join(above) or _plural(subject)
        groups.setdefault(heading, []).append((path, last))
    return [*groups.items()]


def _constant_fields(subject: subjects.Subject) -> Iterator[Field]:
    """Yield the fields of what every document needs, for what no column says."""
    for path in needed_fields(subject):
        member = targets(subject.value)[path][-1]
        name, limits = f"constants.{path}", member.limits
        options: Any = tuple((code, code) for code in limits.choices) or None
        kind = _code_kind(subject, member.name)
        options = kind if kind in choices.CODE_LISTS else options
        options = "own_agency" if member.name == "agency" else options
        widget = "choice" if options else "date" if limits.form == "rough" else "text"
        yield Field(name, Message(member.field.label, {}), widget, options)


def _code_kind(subject: subjects.Subject, name: str) -> str:
    """Return the kind of labels that the codes of a field have, else its name."""
    own = f"{subject.name.removesuffix('s')}_{name}"
    return own if own in choices.CODE_LISTS else {"country": "state"}.get(name, name)


def _may(actor: Actor, subject: subjects.Subject) -> bool:
    return subject.permission in actor.permissions


def _plural(subject: subjects.Subject) -> str:
    return translate(SUBJECT_NAMES[subject.name])


register_form(
    account_pages,
    "/imports/<uuid:import_id>/mapping",
    "import_mapping_form",
    RUN,
    _show_mapping,
    _map,
)
