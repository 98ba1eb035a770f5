"""Imports of files: templates, upload, dry run, confirmation, progress, undo."""

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from flask import Response, abort, g, request, url_for

from api.http.files import MAX_BODY, send_attachment
from api.http.tables import XLSX_TYPE
from api.i18n.messages import format_day, translate
from api.import_jobs import Pace, import_store, read_pace, waiting_time
from api.import_profiles import draft, find_profile, read_first_rows, require_documents, template_of
from api.routes.imports import begin_import, get_import_rejects, get_import_skipped, list_imports
from api.schemas.imports import ImportQuery, ImportResponse, field_labels
from api.web import choices
from api.web.access import login_required
from api.web.document_actions import Action, Subject
from api.web.formatting import capitalise, label, location
from api.web.forms import Field, Form
from api.web.pages import account_pages
from api.web.record_pages import DocumentPages
from importers import subjects
from importers.drafting.assumptions import Assumption, find_assumptions
from importers.judge import REPEATED
from importers.profiles import Profile, from_data, name_of_file, shipped_profiles
from importers.reading.cells import OPEN_LISTS
from importers.reading.sealed_files import sealed_file
from importers.reading.tables import fold
from importers.readings import GUN_FIELDS
from importers.subjects import SUBJECTS, targets
from importers.templates import write_template
from importers.values import listed_fields, meanings
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import imports
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.core.dates import parse_date
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.ids import new_id
from salsa_ext.reference import names

RUN: Final = Permission.IMPORT_RUN
WORKING: Final = ("judging", "loading", "undoing")
RETRY_SECONDS: Final = "2"
STATUS: Final = Field("status", message("Status"), "choice", "import_status")
SUBJECT_TEXTS: Final = {
    "seizures": (
        message("Seizures"),
        message("Firearms that were seized, found or surrendered: one row for each firearm."),
    ),
    "transfers": (
        message("Transfers"),
        message("Who has which firearm: registers of holdings, sales, past imports and exports."),
    ),
    "reports": (
        message("Reports"),
        message("Firearms that were reported lost or stolen: one row for each firearm."),
    ),
    "permits": (
        message("Permits"),
        message("Import, export and transit permits: one row for each line of goods."),
    ),
    "licensees": (
        message("Licensees"),
        message(
            "Licences of manufacturers, dealers, carriers and others: one row for each licence."
        ),
    ),
    "shipments": (
        message("Shipments"),
        message("What is shipped under permits: one row for each firearm or part."),
    ),
    "receipts": (
        message("Receipts"),
        message("What arrived of shipments, and what did not: one row for each firearm."),
    ),
    "handovers": (
        message("Hand-overs of seized firearms"),
        message("Who handed a seized firearm to whom, and when: one row for each hand-over."),
    ),
    "origins": (
        message("Origins of seized firearms"),
        message("How seized firearms left lawful hands, as an authority established it."),
    ),
    "dispositions": (
        message("What became of seized firearms"),
        message("What was done with seized firearms: kept, given back or destroyed."),
    ),
}
"""Name of each subject, and what the rows of its files are."""
DATE_ORDER_TEXTS: Final = {
    "dmy": message("Day, month, year"),
    "mdy": message("Month, day, year"),
    "ymd": message("Year, month, day"),
}
ASSUMED: Final = {
    "once": message("The same firearm again in one case is left out"),
    "restored": message("A star behind a serial number means that a laboratory restored it"),
    "unread": message("Each of these signs in a serial number is one character that was not read"),
}
MAX_CODES: Final = 20

ACTIONS: Final = (
    Action(
        "confirm",
        message("Load the file"),
        message(
            "Rows without a problem become documents. You can mend the others and load them later."
        ),
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
    profile = from_data(subject.view.definition)
    listed = [*listed_fields(profile)]
    preview = [
        row
        | {"fields": [*_values(row["document"], SUBJECTS[row["subject"]])]}
        | {"lines": [*map(_gun_line, row["guns"])]}
        for row in report.get("preview", ())
    ]
    is_working = subject.status in WORKING
    is_waiting = subject.status in imports.MAPPED_STATUSES
    assumptions = [*found_assumptions(subject.view)] if is_waiting else []
    ticks = {f"assumed.{at}": "true" for at, each in enumerate(assumptions) if each.is_on}
    return {
        "report": report,
        "preview": preview,
        "readings": [
            reading | {"lines": _reading_lines(reading)} for reading in report.get("readings", ())
        ],
        "is_working": is_working,
        "is_mapped": is_waiting and is_simple(profile),
        "assumptions": [assumption_texts(profile, profile, each) for each in assumptions],
        "assumed": Form(ticks),
        "dates": translate(DATE_ORDER_TEXTS[profile.dates]) if is_waiting else None,
        "has_values": is_waiting
        and bool(report.get("unknown") or report.get("known") or meanings(profile)),
        "kinds": {kind: translate(path[-1].field.label) for _, _, kind, path in listed},
        "ends_at": subject.view.started_at + waiting_time() if is_waiting else None,
        "pace": _pace(actor, subject.view, report) if is_working else None,
        "queue": _queue(actor, subject.view) if is_working else None,
        "progress": _progress(subject.view),
    }


def found_assumptions(run: Any) -> Iterator[Assumption]:
    """Yield what a checked file seemed to mean, with the rows that were left out for it."""
    profile, skipped = from_data(run.definition), run.report.get("skipped", {})
    for each in find_assumptions(profile, profile, ()):
        rows = _skipped(run.report, str(REPEATED)) if each.kind == "once" else (0, 0, "")
        yield replace(each, count=rows[0], row=rows[1], text=rows[2])
    for reason in {each.reason: None for each in profile.skip if each.reason in skipped}:
        yield Assumption("skip", True, reason, *_skipped(run.report, reason))


def _skipped(report: Mapping[str, Any], reason: str) -> tuple[int, int, str]:
    """Return how many rows were left out for a reason, with number and beginning of the first."""
    count = report.get("skipped", {}).get(reason, 0)
    return (count, *report["skipped_examples"][reason]) if count else (0, 0, "")


def _pace(actor: Actor, run: Any, report: Mapping[str, Any]) -> Pace:
    began = report.get("began_at")
    return read_pace(
        run.rows_read,
        report.get("rows_in_all", 0),
        datetime.fromisoformat(began) if began else None,
        actor.now(),
    )


def _queue(actor: Actor, run: Any) -> tuple[int, str, Pace] | None:
    """Return how many files of the state come before, and the first with its pace; None for none."""
    before = imports.runs_before(actor, run)
    return (
        (len(before), before[0].file_name, _pace(actor, before[0], before[0].report))
        if before
        else None
    )


def is_simple(profile: Profile) -> bool:
    """Return whether the page can show a profile: rows are one document, each column one field."""
    columns = [each for mapping in profile.documents for each in mapping.used_columns()]
    return len(profile.documents) == 1 and len(columns) == len({*columns})


def _values(document: Mapping[str, Any], subject: subjects.Subject) -> Any:
    """Yield the name and value of each field of a document that a file filled, but of its guns."""
    for path, members in targets(subject.value).items():
        if any(subjects.is_gun(member.type) for member in members):
            continue
        values: list[Any] = [document]
        for key in path.split("."):
            inner = [value.get(key) for value in values if isinstance(value, Mapping)]
            values = [
                each for value in inner for each in (value if isinstance(value, list) else [value])
            ]
        kind = code_kind(subject, members)
        given = [str(value) for value in values if value not in (None, "")]
        if members[-1].type is date:
            given = [format_day(parse_date(text)) for text in given]
        if texts := [known_name(kind, text) for text in given]:
            yield field_name(members), ", ".join(texts)


def _gun_line(gun: Mapping[str, Any]) -> str:
    """Return a gun as it will be stored, in one line."""
    return " · ".join(filter(None, (_about_line(gun), _marks_line(gun))))


def _about_line(gun: Mapping[str, Any]) -> str:
    return " · ".join(known_name(kind, text) for kind in GUN_FIELDS if (text := gun[kind]))


def _marks_line(gun: Mapping[str, Any]) -> str:
    marks = []
    for mark in gun["marks"]:
        condition = label("marking", mark["condition"]) if mark["condition"] else None
        where = ", ".join(filter(None, (location(mark["location"]), condition)))
        marks.append(f"{mark['text']} ({where})" if where else mark["text"])
    numbers = ", ".join(marks) or translate(message("no serial number"))
    return " · ".join([numbers, label("marking", gun["marking"])])


def _reading_lines(reading: Mapping[str, Any]) -> list[str]:
    """Return what a cell became, one line for each gun."""
    field, value = reading["field"], reading["value"]
    if field in ("serial", "description"):
        return [_marks_line(gun) if field == "serial" else _about_line(gun) for gun in value]
    return [format_day(parse_date(value)) if field == "occurred_on" else value]


def known_name(kind: str, text: str) -> str:
    """Return the name of what a text is read as, else the text."""
    code = names.resolve(kind, text) if kind in OPEN_LISTS else None
    return names.display_name(kind, code, g.language) if code else label(kind, text)


def assumption_texts(profile: Profile, drafted: Profile, each: Assumption) -> tuple[str, str]:
    """Return the sentence of an assumption, and the rows that it rests on."""
    if each.kind == "values":
        text = message("Codes of {column}", column=each.name)
        return translate(text), _codes(profile, drafted, each.name)
    count, row = message("Rows: {count}", count=each.count), ""
    if each.count:
        row = translate(message("Row {row}: {cells}", row=each.row, cells=each.text))
    if each.kind == "skip":
        text = message("Left out: {reason}", reason=translate(each.name))
        return translate(text), f"{translate(count)} · {row}"
    counted = translate(count) if each.count or each.kind == "once" else ""
    if each.kind == "above":
        text = message("Empty cells of {column} mean as in the row above", column=each.name)
        return translate(text), " · ".join(filter(None, (counted, row)))
    return translate(ASSUMED[each.kind]), " · ".join(filter(None, (each.name, counted, row)))


def _codes(profile: Profile, drafted: Profile, column: str) -> str:
    """Return what codes of a column mean, with the type or other code that becomes of each."""
    key = profile.values.get(column) or drafted.values[column]
    sources = [each for mapping in profile.documents for each in mapping.fields.items()]
    path = next((path for path, source in sources if column in source.columns), "")
    kind, pairs = path.rpartition(".")[2], []
    for code, text in islice(key.items(), MAX_CODES):
        name = known_name(kind, text) if kind in OPEN_LISTS else text
        pairs.append(f"{code} = {text}" + (f" ({name})" if fold(name) != fold(text) else ""))
    return " · ".join(pairs) + (" …" if len(key) > MAX_CODES else "")


def field_name(members: subjects.Path) -> str:
    """Return the name of a field, behind that of the object that it is part of."""
    steps = (capitalise(translate(member.field.label)) for member in members)
    return " › ".join(dict.fromkeys(steps))


def code_kind(subject: subjects.Subject, members: subjects.Path) -> str:
    """Return the kind of labels that the codes of a field have, else its name."""
    name = members[-1].name
    if name == "kind" and len(members) > 1:
        return "party_kind"
    own = f"{subject.name.removesuffix('s')}_{name}"
    return own if own in choices.CODE_LISTS else {"country": "state"}.get(name, name)


def may_record(actor: Actor, subject: subjects.Subject) -> bool:
    """Return whether an account may record what files of a subject become."""
    return subject.permission in actor.permissions


def _progress(run: Any) -> str:
    return f"{run.status}-{run.rows_read}"


PAGES = DocumentPages(
    account_pages,
    "import",
    "/imports",
    message("Imports"),
    _find,
    ACTIONS,
    {
        "mapping": message("The columns are stored. The file is being checked."),
        "values": message("The meanings are stored. The file is being checked again."),
    },
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


@account_pages.get("/imports/<uuid:import_id>/skipped.csv")
@login_required
def import_skipped(actor: Actor, import_id: UUID) -> Response:
    """Return the rows that were left out, with the reasons."""
    return get_import_skipped(actor, import_id)


# --- upload -------------------------------------------------------------------------------------


def _show_upload(actor: Actor, form: Form | None) -> dict[str, Any]:
    stored = [*imports.stored_profiles(actor)]
    shipped = [name for name in shipped_profiles() if name not in stored]
    groups = ((message("Your files"), stored), (message("Known sources"), shipped))
    return {
        "form": form or Form(),
        "profiles": [
            (translate(title), [(name, name) for name in each]) for title, each in groups if each
        ],
        "templates": [
            (name, *map(translate, texts))
            for name, texts in SUBJECT_TEXTS.items()
            if may_record(actor, SUBJECTS[name])
        ],
        "max_bytes": MAX_BODY,
    }


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
    if profile:
        require_documents(actor, profile)
    with sealed_file(import_store(), run_id, received):
        if profile is None:
            table = read_first_rows(actor, run_id)
            profile = template_of(actor, table.sheets)
        if profile:
            begin_import(actor, run_id, profile, received, "judging")
            return PAGES.address(run_id)
        name = name_of_file(Path(request.files["file"].filename or "").stem)
        subjects = [name for name, each in SUBJECTS.items() if may_record(actor, each)]
        begin_import(actor, run_id, draft(actor, table, name, subjects).profile, received, "draft")
    return url_for("account.import_mapping_form", import_id=run_id)


PAGES.add_form(RUN, _show_upload, _upload, prepare=_receive)


@account_pages.get("/imports/templates/<slug:subject>/<slug:language>.xlsx")
@login_required
def import_template(actor: Actor, subject: str, language: str) -> Response:
    """Return the template of a subject in a language."""
    require(actor, RUN)
    if subject not in SUBJECTS or language not in LANGUAGES:
        abort(404)
    content = io.BytesIO()
    write_template(content, SUBJECTS[subject], language, field_labels())
    return send_attachment(content.getvalue(), XLSX_TYPE, f"{subject}-{language}.xlsx")
