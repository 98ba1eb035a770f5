"""Submission of desk forms by browsers and by the offline script; photographs sent afterwards."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from flask import request
from werkzeug import Response

from api.web import submission
from api.web.access import render_again
from api.web.forms import REQUIRED, Form, error_summary
from api.web.pages.border.desk_pages import (
    CurrentPost,
    is_script_request,
    register_post_form,
    render_desk_page,
)
from api.web.submission import PHOTO_FIELD, Photo
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration.attachment_values import AttachmentSubject
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, NotFound

PAGE_BY_KIND: Final = {
    "shipment": ("truck_sheet", "shipment_id"),
    "seizure": ("seizure_receipt", "seizure_id"),
}
"""The desk page of what a photograph belongs to; of a check there is none."""
SUBJECT_KINDS: Final = (*PAGE_BY_KIND, "check")
ADDRESS_FIELDS: Final = ("kind", "subject", "label")


def submit_desk_form(
    actor: Actor,
    here: CurrentPost,
    form: Form,
    command: Callable[[], str],
    render: Callable[[], str],
    warnings: Callable[[str], Sequence[str]] = lambda address: (),
    photo_kind: str = "",
) -> Any:
    """Run a command once and redirect to the address it returns, else show errors.

    Scripts get JSON: the address, `warnings(address)`, and the photograph's result; or the errors.
    `photo_kind` is the kind of object the photograph belongs to; its id ends the address.
    """
    is_readable = read_form_photo(form)
    done = submission.submit(form, actor, command) if is_readable else None
    if done is None:
        if is_readable and form.photo.errors:
            form.errors = {PHOTO_FIELD: [*form.photo.errors]} | form.errors
        return refusal_response(actor, form, render)
    if not is_script_request():
        return done
    texts = [*render_again(actor, lambda: warnings(done.location))]
    answer = {"address": done.location} | ({"messages": texts} if texts else {})
    if photo_kind:
        answer |= photo_retry(here, form.photo, photo_kind, last_path_part(done.location))
    return answer


def read_form_photo(form: Form) -> bool:
    """Read the photograph of a form; return whether the form can be submitted."""
    if submission.submit_repeatable(form, lambda: submission.read_photo(form)) is not None:
        return True
    if not is_script_request():
        return False
    errors, form.errors, form.status = form.errors_of(PHOTO_FIELD), {}, 200
    form.photo = Photo(errors=tuple(errors))
    return True


def photo_retry(here: CurrentPost, photo: Photo, kind: str, subject_id: str) -> dict[str, Any]:
    """Return where to send a photograph again, and the reasons if refused."""
    fields = [["kind", kind], ["subject", subject_id]]
    return {
        "photo": {"action": here.address("photo_form"), "fields": fields, "messages": photo.errors}
    }


def last_path_part(address: str) -> str:
    """Return the last part of an address, an id."""
    return urlsplit(address).path.rpartition("/")[2]


def refusal_response(
    actor: Actor, form: Form, render: Callable[[], str]
) -> tuple[dict[str, Any] | str | Response, int]:
    """Return the form with its errors; for scripts the errors as JSON."""
    page = render_again(actor, render)
    if not is_script_request():
        return page, form.status
    texts = [f"{label}: {text}" if label else text for _, label, text in error_summary(form)]
    confirm = {"confirm": form.confirm} if form.confirm else {}
    return {"messages": texts, "is_in_progress": form.is_in_progress} | confirm, form.status


def _show_photo(actor: Actor, here: CurrentPost, form: Form | None = None) -> str:
    """Show the form of a photograph; scripts fill in the object."""
    require(actor, Permission.ATTACHMENT_RECORD)
    form = form or Form({name: request.args.get(name, "") for name in ADDRESS_FIELDS})
    return render_desk_page("photo", actor, here, form=form)


def _submit_photo(actor: Actor, here: CurrentPost) -> Any:
    """Attach a photograph and show its object."""
    require(actor, Permission.ATTACHMENT_RECORD)
    form = submission.read_form()

    def attach() -> str:
        if form.photo.errors:
            raise Invalid({})
        if form.photo.content is None:
            raise Invalid({PHOTO_FIELD: [REQUIRED]})
        kind, key = form.get("kind"), form.get("subject")
        try:
            subject = AttachmentSubject({name: name for name in SUBJECT_KINDS}[kind], UUID(key))
        except (KeyError, ValueError):
            raise NotFound("attachment", key) from None
        form.photo.attach(actor, subject)
        if kind not in PAGE_BY_KIND:
            return here.address("desk_home", done="photo")
        view, name = PAGE_BY_KIND[kind]
        return here.address(view, **{name: subject.id})

    return submit_desk_form(actor, here, form, attach, lambda: _show_photo(actor, here, form))


register_post_form("/photo", "photo_form", _show_photo, _submit_photo)
