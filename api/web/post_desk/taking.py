"""Taking a form of the desk: once, from a person's browser or from what a device kept for him."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from werkzeug import Response

from api.web import sending
from api.web.access import again
from api.web.post_desk import photos
from api.web.post_desk.here import by_script
from api.web.post_desk.photos import Photo
from api.web.typed import Form, summary
from salsa_ext.values.actor import Actor

Command = Callable[[Photo], str]
Page = Callable[[Form], str]
Warned = Callable[[], Sequence[str]]


def take(
    actor: Actor, form: Form, command: Command, page: Page, warned: Warned = lambda: ()
) -> Any:
    """Run a command once and go on to the page that it names; else show the form and what is wrong.

    A script gets both as JSON: where it was taken to, with what the page there warns of, or each
    thing that is wrong in words.
    """
    photo = sending.take(form, lambda: photos.sent(form))
    done = sending.send(form, actor, lambda: command(photo)) if photo else None
    if done is None:
        return refused(actor, form, page)
    if not by_script():
        return done
    said = again(actor, warned)
    return {"address": done.location} | ({"said": [*said]} if said else {})


def refused(actor: Actor, form: Form, page: Page) -> tuple[dict[str, Any] | str | Response, int]:
    """Return the form with what is wrong, or that alone to a script."""
    shown = again(actor, lambda: page(form))
    if not by_script():
        return shown, form.status
    said = [f"{label}: {text}" if label else text for _, label, text in summary(form)]
    confirm = {"confirm": form.confirm} if form.confirm else {}
    return {"said": said, "is_under_way": form.is_under_way} | confirm, form.status
