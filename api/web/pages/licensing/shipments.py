"""List of shipments, a shipment's page, the export attachment (Model Regulations 2.2.2)."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import after_this_request, request

from api.i18n.messages import translate
from api.schemas.trade.receipts import present_receipt
from api.schemas.trade.shipments import ShipmentQuery, ShipmentRequest, ShipmentResponse
from api.web import choices, submission
from api.web.check_answers import reload_soon
from api.web.document_actions import Subject
from api.web.forms import REQUIRED, Field, Form, parse_number, split_lines
from api.web.lists import EXTERNAL_ID, FROM_DAY, SERIAL, TO_DAY
from api.web.pages import licensing_pages
from api.web.pages.licensing.discrepancies import related_discrepancies
from api.web.pages.licensing.home import LICENSING
from api.web.pages.licensing.permits import PERMITS
from api.web.pages.licensing.shipment_actions import ACTIONS
from api.web.record_pages import HOME, DocumentPages, register_form
from salsa_ext.access.permissions import Permission
from salsa_ext.administration import attachments
from salsa_ext.administration.attachment_values import AttachmentSubject
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.reference.calendars import reader_zone, today
from salsa_ext.trade import lookup
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.shipments import queries as shipment_queries
from salsa_ext.trade.shipments import shipments
from salsa_ext.trade.shipments.queries import ShipmentView
from salsa_ext.worklists.desk import propose_shipment_number

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_STAGES = 4
FILTERS = (
    Field("number", message("Number"), max_length=100),
    EXTERNAL_ID,
    SERIAL,
    FROM_DAY,
    TO_DAY,
    Field("plate", message("Plate"), max_length=20),
    Field("document", message("Transport document"), max_length=100),
    Field("status", message("Status"), "choice", "shipment_status"),
    Field("due_before", message("Due before"), "date"),
    Field(
        "awaiting_receipt",
        message("Receipt"),
        "choice",
        (("true", message("Still to be recorded")),),
    ),
)
ShipmentBody = dict[str, Any]


@dataclass(frozen=True)
class RouteStage:
    """A stage of the route: expected time and its checkpoints."""

    stage: str
    post: str | None
    expected_at: datetime | None
    checkpoints: tuple[Any, ...] = ()

    @property
    def time(self) -> datetime:
        """Return the expected time, else that of the first checkpoint."""
        time: datetime = self.expected_at or self.checkpoints[0].occurred_at
        return time


def _find(actor: Actor, shipment_id: UUID) -> Subject:
    view = shipment_queries.get_overview(actor, shipment_id)
    title = message("Shipment {number}", number=view.shipment.number)
    return Subject(view, translate(title), view.shipment.owner_state, view.status)


def _show_files(actor: Actor, form: Form | None, shipment_id: UUID) -> str:
    subject = SHIPMENTS.find(actor, shipment_id)
    return SHIPMENTS.render_detail(actor, subject, **_detail(actor, subject, form))


def _attach(actor: Actor, form: Form, shipment_id: UUID) -> str:
    if form.photo.content is None:
        raise Invalid({submission.PHOTO_FIELD: [REQUIRED]})
    form.photo.attach(actor, AttachmentSubject("shipment", shipment_id))
    return SHIPMENTS.address(shipment_id, done="attached")


def _due_before(actor: Actor) -> dict[str, str]:
    """Return the filter by the start of a typed day."""
    day = request.args.get("due_before", "")
    try:
        at = datetime.fromisoformat(day) if ISO_DAY.fullmatch(day) else None
    except ValueError:
        at = None
    return {"due_before": at.replace(tzinfo=ZoneInfo(reader_zone(actor))).isoformat()} if at else {}


def _detail(actor: Actor, subject: Subject, form: Form | None = None) -> dict[str, Any]:
    shipment = subject.view.shipment
    if request.args.get("done") == "receipt":  # discrepancies follow by a job
        address = SHIPMENTS.address(shipment.id, done="compared")
        after_this_request(partial(reload_soon, seconds=3, address=address))
    files: Any = {}
    if Permission.ATTACHMENT_READ in actor.permissions:
        files = attachments.view_attachments_of(actor=actor, kind="shipment", ids=[shipment.id])
    return {
        "form": form or Form(),
        "files": [view.row for view in files.get(shipment.id, ())],
        "shipment": shipment,
        "items": lookup.first_items(actor, shipment.id),
        "steps": route_stages(subject.view),
        "posts": choices.posts(actor),
        "discrepancies": related_discrepancies(actor, shipment.id),
        "present_receipt": present_receipt,
    }


def route_stages(view: ShipmentView) -> list[RouteStage]:
    """Return the stages by time: expected ones and unexpected checkpoints."""
    left, stages = list(view.checkpoints), []
    for entry in sorted(view.shipment.expected, key=lambda entry: str(entry["at"])):
        passed = tuple(checkpoint for checkpoint in left if _is_of_stage(checkpoint, entry))
        left = [checkpoint for checkpoint in left if checkpoint not in passed]
        at = datetime.fromisoformat(entry["at"])
        stages.append(RouteStage(entry["stage"], entry.get("post"), at, passed))
    stages += [RouteStage(row.stage, row.post, None, (row,)) for row in left]
    return sorted(stages, key=lambda stage: stage.time)


def _is_of_stage(checkpoint: Any, entry: dict[str, Any]) -> bool:
    same_place = None in (checkpoint.post, entry.get("post")) or checkpoint.post == entry["post"]
    return bool(checkpoint.stage == entry["stage"] and same_place)


def _show_form(actor: Actor, form: Form | None, permit_id: UUID) -> dict[str, Any]:
    view = permit_queries.get_permit(actor, permit_id)
    form = form or Form(
        {
            "number": propose_shipment_number(actor),
            "ships_on": today(actor).isoformat(),
            "mode": "road",
        }
    )
    permit = PERMITS.find(actor, permit_id)
    trail = (HOME, LICENSING, (permit.address, permit.title))
    posts = choices.posts_between(actor, view.permit)
    return {
        "form": form,
        "view": view,
        "permit": view.permit,
        "posts": posts,
        "trail": trail,
        "has_file": True,
    }


def _record(actor: Actor, form: Form, permit_id: UUID) -> str:
    data = form.load(
        ShipmentRequest(),
        lambda body: complete_shipment(body, actor.own_state(), form),
        reader_zone(actor),
    )
    shipment_id = shipments.record(actor=actor, permit_id=permit_id, data=data)
    form.photo.attach(actor, AttachmentSubject("shipment", shipment_id))
    return SHIPMENTS.address(shipment_id, done="recorded")


def complete_shipment(body: ShipmentBody, own_state: str, form: Form) -> None:
    """Complete the JSON of a shipment: route, carrier, goods by line."""
    body["expected"] = [step for step in body.get("expected", ()) if set(step) != {"stage"}]
    posts = [step["post"] for step in body["expected"] if "post" in step]
    body["route"] = list(dict.fromkeys(posts))
    if "carrier" in body:
        body["carrier"] = {"kind": "carrier", "country": own_state} | body["carrier"]
    if transport := body.get("transport"):
        typed = form.get("transport.plates").replace(",", "\n").replace(";", "\n")
        transport["plates"] = [plate.upper().replace(" ", "") for plate in split_lines(typed)]
    body["items"] = [{"line": line, "serial": serial} for line, serial in typed_serials(form)]
    body["bulk"] = [{"line": int(at)} | part for at, part in _typed_bulk(form).items()]


def typed_serials(form: Form) -> list[tuple[int, str]]:
    """Return the typed serials, each with its permit line."""
    lines = _line_numbers(form, "serials.")
    return [(line, serial) for line in lines for serial in split_lines(form.get(f"serials.{line}"))]


def _typed_bulk(form: Form) -> dict[int, ShipmentBody]:
    """Return the goods without serials by permit line."""
    typed = {}
    for at in _line_numbers(form, "bulk."):
        quantity, lot = form.get(f"bulk.{at}.quantity"), form.get(f"bulk.{at}.lot")
        part: ShipmentBody = {"quantity": parse_number(quantity)} if quantity else {}
        if part := part | ({"lot": lot} if lot else {}):
            typed[at] = part
    return typed


def _line_numbers(form: Form, prefix: str) -> list[int]:
    paths = (path for path in form.values if path.startswith(prefix))
    numbers = {path.removeprefix(prefix).partition(".")[0] for path in paths}
    return sorted(int(at) for at in numbers if at.isdecimal() and len(at) < 7)


def errors_by_form_field(form: Form) -> dict[str, list[str]]:
    """Return the errors by form field; serials have one field a line."""
    errors: dict[str, list[str]] = {}
    stages = [
        at
        for at in range(MAX_STAGES)
        if form.get(f"expected.{at}.at") or form.get(f"expected.{at}.post")
    ]
    rows: dict[str, list[Any]] = {
        "items": typed_serials(form),
        "bulk": list(_typed_bulk(form)),
        "expected": stages,
    }
    for path, texts in form.errors.items():
        head, _, rest = path.partition(".")
        number, _, last = rest.partition(".")
        if number.isdecimal() and int(number) < len(rows.get(head, ())):
            row = rows[head][int(number)]
            if head == "items":
                path, texts = f"serials.{row[0]}", [f"{row[1]}: {text}" for text in texts]
            else:
                path = f"{head}.{row}.{last or 'quantity'}"
        errors.setdefault(path, []).extend(texts)
    return errors


SHIPMENTS = DocumentPages(
    licensing_pages,
    "shipment",
    "/shipments",
    message("Shipments"),
    _find,
    ACTIONS,
    {
        "recorded": message("The shipment is recorded."),
        "attached": message("The file is attached."),
        "compared": message("The receipt is confirmed and compared with the shipment."),
    },
    parent=LICENSING,
)
SHIPMENTS.add_list(
    ShipmentQuery,
    shipment_queries.list_shipments,
    FILTERS,
    presets=_due_before,
    item=ShipmentResponse,
)
SHIPMENTS.add_detail(_detail)
SHIPMENTS.add_form(
    Permission.SHIPMENT_RECORD,
    _show_form,
    _record,
    path="/permits/<uuid:permit_id>/shipments/new",
    prepare=submission.read_file,
    correct_errors=errors_by_form_field,
)
register_form(
    licensing_pages,
    "/shipments/<uuid:shipment_id>/files",
    "shipment_file_form",
    Permission.ATTACHMENT_RECORD,
    _show_files,
    _attach,
    prepare=submission.read_file,
)
