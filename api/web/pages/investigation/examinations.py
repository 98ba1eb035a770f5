"""What an examiner finds on a seized gun: a mark, a restored one, photographs and reports."""

from typing import Final
from uuid import UUID

from api.schemas.attachments import AttachmentRequest
from api.schemas.documents import AddedMarkRequest
from api.web import formatting, submission
from api.web.forms import Field, Form
from api.web.pages import investigation_pages
from api.web.pages.investigation.seizures import PAGES, own_seizure_item
from api.web.record_pages import register_form, render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration.attachment_values import AttachmentSubject
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.documents import added_marks, seizures

MARK_FIELDS: Final = (
    Field("text", message("Mark"), "serial", required=True, max_length=64),
    Field("kind", message("Kind"), "choice", "mark_kind", required=True),
    Field("method", message("Method"), "choice", "mark_method", required=True),
    Field(
        "location",
        message("Where on the gun"),
        "choice",
        tuple(formatting.MARK_LOCATIONS.items()),
        required=False,
    ),
    Field(
        "condition",
        message("Condition of the mark"),
        "choice",
        "marking",
        required=False,
        hint=message("If none is chosen, a mark that was not read by eye is restored."),
    ),
    Field("state", message("State that the mark names"), "choice", "any_state", required=False),
    Field("year", message("Year that the mark names"), required=False, max_length=4),
    Field(
        "reason",
        message("Why the mark is added"),
        "area",
        required=True,
        max_length=500,
        hint=message("It stays with the gun’s record: a court may ask how the mark was found."),
    ),
)
FILE_FIELDS: Final = (
    Field("kind", message("Kind"), "choice", "attachment_kind", required=True),
    Field("title", message("Title"), required=False, max_length=200),
    Field(
        "handling",
        message("Handling"),
        "choice",
        "handling",
        required=True,
        hint=message("H0 and H1 are shown to the other states concerned; H2 and H3 are not."),
    ),
)


def _show_mark(actor: Actor, form: Form | None, seizure_id: UUID, line: int) -> str:
    seizure, item = own_seizure_item(actor, seizure_id, line)
    title = message("Seizure {number}", number=seizure["number"])
    return render_page(
        "fields_form.html",
        actor,
        trail=(*PAGES.trail, (PAGES.address(seizure_id, _anchor=f"line-{line}"), title)),
        title=message("Add a mark: {gun}", gun=item["serial"] or formatting.gun_name(item)),
        lead=message("A mark that was found or restored. The gun is matched by it at once."),
        form=form or Form({"kind": "manufacture"}),
        fields=MARK_FIELDS,
        has_file=True,
    )


def _add_mark(actor: Actor, form: Form, seizure_id: UUID, line: int) -> str:
    mark, reason = form.load(AddedMarkRequest())
    added_marks.add_mark(actor=actor, seizure_id=seizure_id, line=line, mark=mark, reason=reason)
    form.photo.attach(actor, AttachmentSubject("seizure", seizure_id), mark.text)
    return PAGES.address(seizure_id, done="marked", _anchor=f"line-{line}")


def _show_file(actor: Actor, form: Form | None, seizure_id: UUID) -> str:
    require(actor, Permission.SEIZURE_READ)
    subject = PAGES.find(actor, seizure_id)
    return render_page(
        "fields_form.html",
        actor,
        trail=(*PAGES.trail, (subject.address, subject.title)),
        title=message("Attach a photograph or report"),
        form=form or Form({"kind": "photograph", "handling": "H1"}),
        fields=FILE_FIELDS,
        has_file=True,
        needs_file=True,
    )


def _attach(actor: Actor, form: Form, seizure_id: UUID) -> str:
    seizures.find_own_seizure(actor, seizure_id)
    subject = str(AttachmentSubject("seizure", seizure_id))
    data = form.load(AttachmentRequest(), lambda body: body.update(subject=subject))
    form.photo.store(actor, data)
    return PAGES.address(seizure_id, done="attached")


register_form(
    investigation_pages,
    "/seizures/<uuid:seizure_id>/items/<int:line>/mark",
    "mark_form",
    Permission.MARK_RECORD,
    _show_mark,
    _add_mark,
    prepare=submission.read_file,
)
register_form(
    investigation_pages,
    "/seizures/<uuid:seizure_id>/attach",
    "attachment_form",
    Permission.ATTACHMENT_RECORD,
    _show_file,
    _attach,
    prepare=submission.read_file,
)
