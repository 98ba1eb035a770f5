"""Submission of forms: one effect for each filled-in form; photographs as evidence."""

import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from flask import redirect, request
from marshmallow import ValidationError
from werkzeug import Response

from api.http.auth import SENDER
from api.http.context import current_store, transaction, without_turn
from api.http.errors import flatten_errors
from api.i18n.messages import translate
from api.web import security
from api.web.access import prepare_frame
from api.web.forms import REQUIRED, Form
from salsa_ext.administration import attachments, file_cleaning
from salsa_ext.administration.attachment_values import (
    AttachmentData,
    AttachmentSubject,
    FileContent,
)
from salsa_ext.core.actor import Actor
from salsa_ext.core.config import MIB
from salsa_ext.core.errors import (
    ConfirmationRequired,
    Conflict,
    Forbidden,
    IdempotencyKeyReused,
    Invalid,
    NotFound,
    RequestInProgress,
    SalsaError,
    StaleVersion,
    Unavailable,
    message,
)
from salsa_ext.core.ids import new_id
from salsa_ext.database import idempotency
from salsa_ext.database.idempotency import RequestAttempt, StoredAnswer

TOKEN_FIELD = "once"  # noqa: S105 - the name of a field
TOKEN_PATTERN = re.compile(r"[0-9a-f-]{36}")
RETRY_SECONDS, MAX_TRIES = 0.3, 20
STATUS_BY_ERROR = {Conflict: 409, StaleVersion: 412}
Result = TypeVar("Result")
PHOTO_FIELD: Final = "photo"
MAX_BYTES: Final = 8 * MIB
ERRORS_WITH_PAGE = (Forbidden, NotFound, Unavailable)
ALREADY_SENT = message(
    "This form was sent before with other values, and was accepted. To send these as well, send it"
    " again."
)
IN_PROGRESS = message("This form is being processed. Look again in a moment.")


def read_form() -> Form:
    """Return the form of the request. Scripts may give its token as the header Idempotency-Key."""
    typed = {name: text.replace("\r\n", "\n").strip() for name, text in request.form.items()}
    for name in [name for name in typed if name.endswith(".within")]:
        length, date_name = typed.pop(name), name.removesuffix(".within")
        if length in ("4", "7"):
            typed[date_name] = typed.get(date_name, "")[: int(length)]
    typed.pop(security.CSRF_FIELD, None)
    token = request.headers.get("Idempotency-Key", typed.pop(TOKEN_FIELD, ""))
    form = Form(typed)
    form.token = token if TOKEN_PATTERN.fullmatch(token) else form.token
    return form


def submit(form: Form, actor: Actor, command: Callable[[], str]) -> Response | None:
    """Run a command once and redirect to the address it returns.

    Returns None if it was refused; `form.errors` and `form.status` have the reason.
    """
    return submit_repeatable(form, lambda: redirect(_run_once(form, actor, command), 303))


def submit_repeatable(form: Form, run: Callable[[], Result]) -> Result | None:
    """Run a function that opens its own transaction; return its result.

    Runs on each submission. Returns None if it was refused, as `submit` does; errors with a page of
    their own are raised (Forbidden, NotFound, Unavailable).
    """
    for _ in range(MAX_TRIES):
        try:
            return run()
        except RequestInProgress:  # someone pressed twice: the first answer is the second's too
            time.sleep(RETRY_SECONDS)
        except ValidationError as error:
            _set_errors(form, 422, dict(flatten_errors(error.messages)))
            return None
        except Invalid as error:
            errors = {path: [*map(form.translate, texts)] for path, texts in error.errors.items()}
            _set_errors(form, 422, errors)
            return None
        except IdempotencyKeyReused:
            form.token = str(new_id())
            _set_errors(form, 422, {"": [translate(ALREADY_SENT)]})
            return None
        except ERRORS_WITH_PAGE:
            raise
        except SalsaError as error:
            form.confirm = error.field if isinstance(error, ConfirmationRequired) else ""
            form.refused = error.message.params
            form.existing = error.details.get("existing")
            _set_errors(form, _status_code(error), {"": [form.translate(error.message)]})
            return None
    form.is_in_progress = True
    _set_errors(form, 409, {"": [translate(IN_PROGRESS)]})
    return None


class _Preview(Exception):
    """Takes a transaction back with the page of what it made."""


def preview(
    form: Form, actor: Actor, command: Callable[[], str], render: Callable[[str], str]
) -> str | None:
    """Return the page of what a command would make; None if it was refused, as by `submit`.

    `render` gets the address that the command returns; both run in a transaction that is taken
    back. What the command wants confirmed is confirmed for it, and stays in `form.confirm`.
    """

    def run() -> str:
        confirmed = {form.confirm: "true"} if form.confirm else {}
        typed, form.values = form.values, form.values | confirmed
        try:
            with transaction(actor):
                prepare_frame(actor)
                address, form.values = command(), typed
                raise _Preview(render(address))
        except _Preview as made:
            return str(made)
        finally:
            form.values = typed

    page = submit_repeatable(form, run)
    if page is None and form.confirm:
        form.errors = {}
        page = submit_repeatable(form, run)
    return page


def _run_once(form: Form, actor: Actor, command: Callable[[], str]) -> str:
    typed = json.dumps(form.values, sort_keys=True).encode()
    attempt = RequestAttempt(actor.account_id, "POST", request.path, form.token, typed)
    with transaction(actor):
        if (first := idempotency.find_answer(attempt)) is not None:
            return first.body.decode()
        address = command()
        idempotency.store_answer(actor, attempt, StoredAnswer(303, "", address.encode()))
        return address


def _set_errors(form: Form, status: int, errors: dict[str, list[str]]) -> None:
    form.status, form.errors = status, errors


def _status_code(error: SalsaError) -> int:
    return next(
        (status for kind, status in STATUS_BY_ERROR.items() if isinstance(error, kind)), 422
    )


@dataclass(frozen=True)
class Photo:
    """A received photograph or PDF; empty if none was sent or it was refused."""

    received: bytes = b""
    content: FileContent | None = None
    errors: tuple[str, ...] = ()

    def attach(self, actor: Actor, subject: AttachmentSubject, title: str | None = None) -> None:
        """Attach the file to an object, if there is one."""
        if self.content is not None:
            is_pdf = self.content.media_type == file_cleaning.PDF_TYPE
            kind = "document" if is_pdf else "photograph"
            self.store(actor, AttachmentData(subject, kind, title))

    def store(self, actor: Actor, data: AttachmentData) -> None:
        """Attach the file; raises Invalid where there is none."""
        if self.content is None:
            raise Invalid({PHOTO_FIELD: [REQUIRED]})
        attachments.add_attachment(
            actor=actor,
            data=data,
            received=self.received,
            stored=self.content,
            store=current_store(),
        )


def read_photo(form: Form, *, or_pdf: bool = False) -> Photo:
    """Set the form's photograph from the request, and its hash as a value.

    Raises Invalid for a file that is no image (or PDF) or larger than MAX_BYTES.
    """
    form.photo = photo = Photo()
    file = request.files.get(PHOTO_FIELD)
    received = file.read(MAX_BYTES + 1) if file else b""
    if received:
        form.values[PHOTO_FIELD] = hashlib.sha256(received).hexdigest()
        content = _read_content(received)
        if not or_pdf and content.media_type == file_cleaning.PDF_TYPE:
            text = message("A photograph is needed here: JPEG, PNG or WebP.")
            raise Invalid({PHOTO_FIELD: [text]})
        form.photo = photo = Photo(received, content)
    return photo


def read_file(form: Form) -> Photo:
    """Set the form's photograph or PDF in the same way."""
    return read_photo(form, or_pdf=True)


def _read_content(received: bytes) -> FileContent:
    if len(received) > MAX_BYTES:
        text = message("A file has at most {count} MiB here.", count=MAX_BYTES // MIB)
        raise Invalid({PHOTO_FIELD: [text]})
    try:
        with without_turn():
            content = file_cleaning.clean_file(received, request.environ.get(SENDER, ""))
    except Invalid as error:
        raise Invalid({PHOTO_FIELD: error.errors.get("file", [])}) from None
    return content
