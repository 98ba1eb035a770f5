"""List of seizures, a seizure's page, recording and correcting a seizure."""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from flask import abort, request, url_for
from werkzeug import Response

from api.i18n.messages import translate, translate_event
from api.routes.attachments import get_attachment_content
from api.schemas.attachments import AttachmentResponse
from api.schemas.documents import (
    GunCorrectionRequest,
    SeizureQuery,
    SeizureRequest,
    SeizureResponse,
)
from api.schemas.imports import field_labels
from api.web import check_answers, choices, submission
from api.web.access import login_required
from api.web.document_actions import Subject
from api.web.formatting import agency_name
from api.web.forms import VERSION_FIELD, Field, Form, codes_in
from api.web.lists import EXTERNAL_ID, FROM_DAY, SERIAL, TO_DAY
from api.web.maps import MapDrawing, MapPlace, draw_map
from api.web.pages import investigation_pages
from api.web.pages.investigation.checks import register_purpose_page
from api.web.pages.investigation.seizure_actions import ACTIONS
from api.web.prefill import complete_gun, gun_values, number_items, seizure_number
from api.web.record_pages import DocumentPages, register_form, render_page
from importers.drafting.evidence import find_headings
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import attachments
from salsa_ext.administration.attachment_values import AttachmentSubject
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, Message, message
from salsa_ext.core.text import text_problem
from salsa_ext.custody import queries as custody_queries
from salsa_ext.custody.queries import ItemCustody
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import related, seizures
from salsa_ext.documents.queries import SEIZURES
from salsa_ext.firearms.marks import firearm_marks
from salsa_ext.reference import names
from salsa_ext.reference.calendars import reader_zone, today
from salsa_ext.reference.gazetteer import complete_place
from salsa_ext.tracing.traces import queries as trace_queries
from salsa_ext.worklists.desk import propose_seizure_number

MAX_ATTACHMENTS: Final = 100
MAX_GUNS: Final = 100
"""Firearms that a form takes."""
MAX_PASTED: Final = 50_000
SERIAL_NEEDED: Final = message(
    "This gun of the list has no serial number. Type it, choose the state of the mark, or confirm that"
    " it has none."
)
PASTED_SIGNS: Final = (".no_serial", ".type_text")
"""Fields of a pasted gun that say what it lacks; no part of what is recorded."""
PASTED_COLUMNS: Final = {
    "make": message("Make"),
    "model": message("Model"),
    "calibre": message("Calibre"),
    "serial": message("Serial number"),
    "type": message("Type"),
    "importer_mark": message("Importer's mark"),
    "country_of_manufacture": message("Country of manufacture"),
}
ORDER: Final = {name: at for at, name in enumerate([*PASTED_COLUMNS][:5])}
"""The columns of a pasted list without headings."""
FILTERS: Final = (
    SERIAL,
    Field("kind", message("Kind"), "choice", "seizure_kind"),
    Field("status", message("Status"), "choice", "report_status"),
    Field("number", message("Number"), max_length=100),
    EXTERNAL_ID,
    Field("make", message("Make"), max_length=200),
    Field("place", message("Place")),
    Field("admin1", message("Province or state"), max_length=100),
    Field("agency", message("Agency"), "choice", "own_agency"),
    Field("missing", message("What is missing"), "choice", "seizure_gap"),
    FROM_DAY,
    TO_DAY,
)


def _render_seizure(actor: Actor, form: Form | None, seizure_id: UUID) -> str:
    """Render a seizure; another state's one with the form of a purpose first."""
    try:
        view = document_queries.read_document(actor=actor, kind=SEIZURES, document_id=seizure_id)
    except Invalid:
        if form is None:
            raise
        return PAGES.render_detail(actor, None, seizure=None, form=form)
    seizure, may = SeizureResponse().dump(view), actor.permissions
    files: Any = ()
    if Permission.ATTACHMENT_READ in may:
        subject = AttachmentSubject("seizure", seizure_id)
        page = attachments.view_attachments(
            actor=actor, subject=subject, kind=None, limit=MAX_ATTACHMENTS, cursor=None
        )
        files = list(AttachmentResponse(many=True).dump(page.items))
    is_own = seizure["state"] == actor.state
    return PAGES.render_detail(
        actor,
        PAGES.find(actor, seizure_id) if is_own else None,
        seizure=seizure,
        is_own=is_own,
        custody=_custody_by_line(actor, seizure_id) if is_own else {},
        event_text=_finding_text,
        related=related.find_related(actor, view),
        is_complete=check_answers.follow_matching(actor, view),
        traces=trace_queries.traces_of_seizure(actor, seizure_id)
        if Permission.TRACE_READ in may
        else (),
        attachments=files,
        drawing=_seizure_map(seizure),
        posts=choices.posts(actor),
        history=document_queries.document_history(view),
    )


def _finding_text(text: Message) -> str:
    """Return what does not fit in a chain of custody, with agencies by name."""
    params = {
        key: agency_name(value) if isinstance(value, str) else value
        for key, value in text.params.items()
    }
    return translate_event(Message(text.text, params))


def _custody_by_line(actor: Actor, seizure_id: UUID) -> dict[int, ItemCustody]:
    """Return what became of the items of an own seizure."""
    custody = custody_queries.read_custody(actor, seizure_id)
    return {item.line: item for item in custody.items}


def _find(actor: Actor, seizure_id: UUID) -> Subject:
    view = document_queries.read_document(actor=actor, kind=SEIZURES, document_id=seizure_id)
    row = view.document
    title = translate(message("Seizure {number}", number=row.number))
    return Subject(view, title, row.owner_state, row.status)


def _seizure_map(seizure: Mapping[str, Any]) -> MapDrawing | None:
    """Return a map of the place; None without coordinates."""
    place = seizure["place"]
    if place.get("latitude") is None or place.get("longitude") is None:
        return None
    point, title = (place["longitude"], place["latitude"]), place.get("name") or seizure["number"]
    mark = MapPlace(point, "1", title, within_km=place.get("precision"))
    return draw_map([mark], states=[place["country"]])


@investigation_pages.get("/attachments/<uuid:attachment_id>/file")
@login_required
def attachment_file(actor: Actor, attachment_id: UUID) -> Response:
    """Return a file attached to an own object."""
    require(actor, Permission.ATTACHMENT_READ)
    return get_attachment_content(actor, attachment_id)


def _show_form(actor: Actor, form: Form | None) -> dict[str, Any]:
    initial = {
        "kind": "seized",
        "occurred_on": today(actor).isoformat(),
        "visibility": "open",
        "agency": actor.agency or "",
        "items.0.serial": request.args.get("serial", ""),
    }
    return {"form": form or Form(initial), "most": MAX_GUNS, "has_file": True}


def _add_pasted(form: Form) -> bool:
    """Add the firearms of a pasted list as rows, with what is wrong of all of them."""
    _remove_emptied_guns(form)
    form.values.pop("pasted", None)
    text = request.form.get("pasted", "").strip("\r\n ")  # a tab: the first cell may be empty
    if text and (wrong := text_problem(text.replace("\r\n", "\n"), MAX_PASTED)):
        form.errors["pasted"] = [form.translate(wrong)]
        return True
    reader = csv.reader(text.splitlines(), delimiter="\t" if "\t" in text else ";")
    rows = [(reader.line_num, [*map(str.strip, cells)]) for cells in reader]
    guns = [(line, cells) for line, cells in rows if any(cells)]
    columns = _headings(guns[0][1]) if len(guns) > 1 else {}
    head, guns = (guns[0][1], guns[1:]) if columns else ([], guns)
    columns = columns or ORDER
    first = len(form.row_numbers("items")) if form.has_values("items.") else 0
    if first + len(guns) > MAX_GUNS:
        problem = message(
            "A form takes {count} lines; the programming interface takes more.", count=MAX_GUNS
        )
        form.values["pasted"], form.errors["pasted"] = text, [form.translate(problem)]
        return True
    if guns:
        _describe_pasted(form, len(guns), columns, head)
    for row, (line, cells) in enumerate(guns, first):
        _add_gun(form, f"items.{row}.", line, cells, columns)
    if guns or form.get("remove"):
        _name_equal_serials(form)
        problems = _pasted_problems(form)
        form.errors |= {path: [form.translate(text)] for path, [text] in problems.items()}
    return bool(guns)


def _headings(cells: Sequence[str]) -> Mapping[str, int]:
    """Return the columns that a first row names in any language; none if it is a gun."""
    paths = {f"items.{name}": name for name in PASTED_COLUMNS}
    columns = find_headings(cells, paths, field_labels())
    is_gun = any(map(str.isdigit, "".join(cells))) or 2 * len(columns) < len([*filter(None, cells)])
    return {} if is_gun else {paths[path]: at for path, at in columns.items()}


def _describe_pasted(
    form: Form, count: int, columns: Mapping[str, int], head: Sequence[str]
) -> None:
    """Say how many guns were added, which column was read as what, and which was not read."""
    order = sorted(columns, key=columns.__getitem__)
    read = ", ".join(translate(PASTED_COLUMNS[name]) for name in order)
    texts = [
        message("{count} guns added.", count=count),
        message("Columns read: {columns}.", columns=read),
    ]
    unread = [text for at, text in enumerate(head) if text and at not in columns.values()]
    if unread:
        texts.append(message("Columns not read: {columns}.", columns=", ".join(unread)))
    form.notices.append(("", " ".join(map(form.translate, texts))))


def _name_equal_serials(form: Form) -> None:
    """Say which guns of the form have the same serial number."""
    rows = defaultdict(list)
    for row in form.row_numbers("items"):
        rows["".join(form.get(f"items.{row}.serial").upper().split())].append(row)
    for serial, equal in rows.items():
        if serial and len(equal) > 1:
            numbers = ", ".join(str(row + 1) for row in equal)
            text = message(
                "Firearms {numbers}: the same number, {serial}.", numbers=numbers, serial=serial
            )
            form.notices.append((f"items.{equal[-1]}.serial", form.translate(text)))


def _add_gun(
    form: Form, path: str, line: int, cells: Sequence[str], columns: Mapping[str, int]
) -> None:
    """Add a pasted gun; without a serial or known type it is marked until there is one."""
    filled = {name: cells[at] for name, at in columns.items() if at < len(cells)}
    gun = dict.fromkeys(ORDER, "") | filled
    serial, typed = gun["serial"], gun["type"]
    marking = firearm_marks.marking_instead_of_serial(serial)
    gun["type"] = names.resolve("type", typed) or ""
    if typed and not gun["type"]:
        gun["type_text"] = typed
    if marking or not serial:
        gun |= {"serial": "", "no_serial": "ask"}
        if marking != "unknown":
            gun["marking"] = marking or ""
        if serial:
            notice = message("Line {line}: “{value}” is no serial number.", line=line, value=serial)
        elif len(cells) <= columns.get("serial", -1):
            notice = message(
                "Line {line}: {count} columns, no serial number.", line=line, count=len(cells)
            )
        else:
            notice = message("Line {line}: no serial number.", line=line)
        form.notices.append((f"{path}serial", form.translate(notice)))
    form.values |= {path + name: value for name, value in gun.items()}


def _pasted_problems(form: Form) -> dict[str, Sequence[Message]]:
    """Return what is still to be said of pasted guns, by field."""
    problems: dict[str, Sequence[Message]] = {}
    for path in [f"items.{row}." for row in form.row_numbers("items")]:
        is_open = form.get(f"{path}no_serial") == "ask"
        if is_open and not (form.get(f"{path}serial") or form.get(f"{path}marking")):
            problems[f"{path}serial"] = [SERIAL_NEEDED]
        if (typed := form.get(f"{path}type_text")) and not form.get(f"{path}type"):
            problem = message(
                "No type is known as “{value}”. Choose it from the list.", value=typed
            )
            problems[f"{path}type"] = [problem]
    return problems


def _remove_emptied_guns(form: Form) -> None:
    """Remove pasted guns of which only the signs of what they lack are left."""
    for path in [name.rpartition(".")[0] for name in form.values if name.endswith(PASTED_SIGNS)]:
        typed = {name for name, text in form.values.items() if text and name.startswith(f"{path}.")}
        if all(name.endswith(PASTED_SIGNS) for name in typed):
            form.values = {name: text for name, text in form.values.items() if name not in typed}
    form.remove_empty_rows("items")


def _record(actor: Actor, form: Form) -> str:
    data = form.load(
        SeizureRequest(), lambda body: _complete_seizure(body, actor, form), reader_zone(actor)
    )
    seizure_id = seizures.record(actor=actor, data=data)
    check_answers.match_new_seizure(actor, seizure_id)
    form.photo.attach(actor, AttachmentSubject("seizure", seizure_id))
    return url_for("investigation.seizure_result", seizure_id=seizure_id)


def _complete_seizure(body: dict[str, Any], actor: Actor, form: Form) -> None:
    """Set default number, country and crime context."""
    if "number" not in body:
        own = seizure_number(form.token, body.get("occurred_on", ""))
        body["number"] = propose_seizure_number(actor) or own
    body.setdefault("legal_grounds", [])
    body.setdefault("crime_context", ["unknown"])
    body["place"] = body.get("place", {}) | {"country": actor.own_state()}
    complete_place(body["place"])
    if transit := codes_in(form.get("route.transit")):
        body["route"]["transit"] = transit
    number_items(body, has_photo=form.photo.content is not None)
    if problems := _pasted_problems(form):
        raise Invalid(problems)


@investigation_pages.get("/seizures/<uuid:seizure_id>/recorded")
@login_required
def seizure_result(actor: Actor, seizure_id: UUID) -> str:
    """Show a recorded own seizure with its matches."""
    require(actor, Permission.SEIZURE_READ)
    seizures.find_own_seizure(actor, seizure_id)
    view = document_queries.load_document(SEIZURES, seizure_id)
    guns = [item.record for item in view.items]
    answers = {row["line"]: row for row in check_answers.stored_matches(actor, seizure_id)}
    hits = alert_queries.hits_of_records(actor, [gun.id for gun in guns])
    matched, unmatched = [], defaultdict(list)
    for gun in guns:
        answer = answers.get(gun.line)
        if hits.get(gun.id) or (answer and answer["verdict"] != "no_hit"):
            matched.append(gun)
        else:
            unmatched[answer["next"]["text"] if answer else ""].append(gun)
    return render_page(
        "investigation/seizure_recorded.html",
        actor,
        trail=PAGES.trail,
        success=message("The seizure is recorded."),
        answers=answers,
        matched=matched,
        unmatched=unmatched,
        seizure=view.document,
        hits=hits,
        is_complete=check_answers.follow_matching(actor, view),
    )


def own_seizure_item(actor: Actor, seizure_id: UUID, line: int) -> tuple[Any, Any]:
    """Return an own seizure and its item; aborts with 404."""
    view = document_queries.read_document(actor=actor, kind=SEIZURES, document_id=seizure_id)
    seizure = SeizureResponse().dump(view)
    item = next((item for item in seizure["items"] if item["line"] == line), None)
    if seizure["state"] != actor.state or item is None:
        abort(404)
    return seizure, item


def _show_correction(actor: Actor, form: Form | None, seizure_id: UUID, line: int) -> str:
    seizure, item = own_seizure_item(actor, seizure_id, line)
    form = form or Form(gun_values(item))
    form.values[VERSION_FIELD] = str(seizure["version"])
    title = message("Seizure {number}", number=seizure["number"])
    trail = (*PAGES.trail, (PAGES.address(seizure_id), title))
    return render_page(
        "investigation/gun_correction.html", actor, trail=trail, item=item, form=form
    )


def _correct_gun(actor: Actor, form: Form, seizure_id: UUID, line: int) -> str:
    _, item = own_seizure_item(actor, seizure_id, line)
    data = form.load(GunCorrectionRequest(), lambda body: complete_gun(body, item))
    seizures.correct_gun(
        actor=actor,
        seizure_id=seizure_id,
        expected_version=form.expected_version,
        line=line,
        gun=data["firearm"],
        reason=data["reason"],
    )
    return PAGES.address(seizure_id, done="corrected", _anchor=f"line-{line}")


PAGES = DocumentPages(
    investigation_pages,
    "seizure",
    "/seizures",
    message("Seizures"),
    _find,
    ACTIONS,
    messages={
        "corrected": message("The description of the firearm is corrected. It is matched again."),
        "marked": message("The mark is added, and the gun is matched by it."),
        "attached": message("The file is attached."),
    },
)
PAGES.add_list(
    SeizureQuery,
    lambda actor, *page: document_queries.list_own_documents(actor, SEIZURES, *page),
    FILTERS,
    context=lambda actor, page: {"unread_guns": document_queries.unread_guns},
    item=SeizureResponse,
)
PAGES.add_form(
    Permission.SEIZURE_RECORD,
    _show_form,
    _record,
    labels={"items": message("What was seized")},
    rows={"items": "serial"},
    expand=_add_pasted,
    prepare=submission.read_photo,
)
register_purpose_page(
    investigation_pages,
    "/seizures/<uuid:seizure_id>",
    "seizure_page",
    _render_seizure,
    Permission.SEIZURE_READ,
)
register_form(
    investigation_pages,
    "/seizures/<uuid:seizure_id>/items/<int:line>/correct",
    "gun_correction_form",
    Permission.SEIZURE_RECORD,
    _show_correction,
    _correct_gun,
)
