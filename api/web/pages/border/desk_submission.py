"""Submission of desk forms by browsers and by the offline script.

If a script's photograph is refused, the form is still accepted; the answer says why and where to
send the photograph again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from werkzeug import Response

from api.web import photos, submission
from api.web.access import render_again
from api.web.forms import Form, error_summary
from api.web.pages.border.current_post import CurrentPost, is_script_request
from api.web.photos import Photo
from salsa_ext.core.actor import Actor

Command = Callable[[Photo], str]
RenderForm = Callable[[Form], str]
Warnings = Callable[[], Sequence[str]]


def submit_desk_form(
    actor: Actor,
    here: CurrentPost,
    form: Form,
    command: Command,
    render: RenderForm,
    warnings: Warnings = lambda: (),
    subject: str = "",
) -> Any:
    """Run a command once and redirect to its page, else show errors.

    Scripts get JSON: the address with warnings and the photograph's result, or the errors.
    `subject` is the kind of object the photograph belongs to; its id ends the address.
    """
    photo = read_form_photo(form)
    done = submission.submit(form, actor, lambda: command(photo)) if photo else None
    if photo is None or done is None:
        if photo and photo.refused:
            form.errors = {photos.PHOTO_FIELD: [*photo.refused]} | form.errors
        return refusal_response(actor, form, render)
    if not is_script_request():
        return done
    said = render_again(actor, warnings)
    answer = {"address": done.location} | ({"said": [*said]} if said else {})
    return answer | (
        photo_retry(here, photo, subject, last_path_part(done.location)) if subject else {}
    )


def read_form_photo(form: Form) -> Photo | None:
    """Return the photograph of a form.

    If refused: None for a browser, with errors in the form; for a script a Photo with the reasons.
    """
    photo = submission.submit_repeatable(form, lambda: photos.read_photo(form))
    if photo is not None or not is_script_request():
        return photo
    said, form.errors, form.status = form.said(photos.PHOTO_FIELD), {}, 200
    return Photo(refused=tuple(said))


def photo_retry(here: CurrentPost, photo: Photo, kind: str, subject_id: str) -> dict[str, Any]:
    """Return where to send a photograph again, and the reasons if refused."""
    fields = [["kind", kind], ["subject", subject_id]]
    return {
        "photo": {"action": here.address("photo_form"), "fields": fields, "said": photo.refused}
    }


def last_path_part(address: str) -> str:
    """Return the last part of an address, an id."""
    return urlsplit(address).path.rpartition("/")[2]


def refusal_response(
    actor: Actor, form: Form, render: RenderForm
) -> tuple[dict[str, Any] | str | Response, int]:
    """Return the form with its errors; for scripts the errors as JSON."""
    shown = render_again(actor, lambda: render(form))
    if not is_script_request():
        return shown, form.status
    said = [f"{label}: {text}" if label else text for _, label, text in error_summary(form)]
    confirm = {"confirm": form.confirm} if form.confirm else {}
    return {"said": said, "is_under_way": form.is_under_way} | confirm, form.status
