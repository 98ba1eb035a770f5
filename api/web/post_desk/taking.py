"""Taking a form of the desk: once, from a person's browser or from what a device kept for him.

A photograph that is refused keeps nothing else back where a script sends: what it belongs to is taken, and
the script is told why the photograph was not, and where it can be sent anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from werkzeug import Response

from api.web import sending
from api.web.access import again
from api.web.post_desk import photos
from api.web.post_desk.here import Here, by_script
from api.web.post_desk.photos import Photo
from api.web.typed import Form, summary
from salsa_ext.values.actor import Actor

Command = Callable[[Photo], str]
Page = Callable[[Form], str]
Warned = Callable[[], Sequence[str]]


def take(
    actor: Actor, here: Here, form: Form, command: Command, page: Page,
    warned: Warned = lambda: (), subject: str = "",
) -> Any:  # fmt: skip
    """Run a command once and go on to the page that it names; else show the form and what is wrong.

    A script gets both as JSON: where it was taken to, with what the page there warns of and what became
    of the photograph, or each thing that is wrong in words. `subject` is the kind of what a photograph
    belongs to, whose id ends the address.
    """
    photo = photo_of(form)
    done = sending.send(form, actor, lambda: command(photo)) if photo else None
    if photo is None or done is None:
        if photo and photo.refused:
            form.errors = {photos.FIELD: [*photo.refused]} | form.errors
        return refused(actor, form, page)
    if not by_script():
        return done
    said = again(actor, warned)
    answer = {"address": done.location} | ({"said": [*said]} if said else {})
    return answer | (attach(here, photo, subject, id_in(done.location)) if subject else {})


def photo_of(form: Form) -> Photo | None:
    """Return the photograph of a form, or one that says why it was refused where a script sends.

    Returns None where a person sent it, who is shown the form again; its `errors` say why.
    """
    photo = sending.take(form, lambda: photos.sent(form))
    if photo is not None or not by_script():
        return photo
    said, form.errors, form.status = form.said(photos.FIELD), {}, 200
    return Photo(refused=tuple(said))


def attach(here: Here, photo: Photo, kind: str, subject_id: str) -> dict[str, Any]:
    """Return where a photograph is sent anew, with what it belongs to, and why it was refused, if it was."""
    fields = [["kind", kind], ["subject", subject_id]]
    return {
        "photo": {"action": here.address("photo_form"), "fields": fields, "said": photo.refused}
    }


def id_in(address: str) -> str:
    """Return the id with which an address ends."""
    return urlsplit(address).path.rpartition("/")[2]


def refused(actor: Actor, form: Form, page: Page) -> tuple[dict[str, Any] | str | Response, int]:
    """Return the form with what is wrong, or that alone to a script."""
    shown = again(actor, lambda: page(form))
    if not by_script():
        return shown, form.status
    said = [f"{label}: {text}" if label else text for _, label, text in summary(form)]
    confirm = {"confirm": form.confirm} if form.confirm else {}
    return {"said": said, "is_under_way": form.is_under_way} | confirm, form.status
