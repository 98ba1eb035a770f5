"""Reading another state's records on a page: for a purpose and a case, which the reader types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from api.schemas.checks import PurposeRequest
from api.web import sending
from api.web.access import again
from api.web.typed import Form
from salsa_ext.values.actor import Actor, Purpose

FIELDS: Final = {"Salsa-Purpose": "purpose", "Salsa-Case": "case_number"}
"""The fields that stand for what programs send as headers."""


def opened() -> Form:
    """Return the form of a purpose as it opens."""
    return Form({"purpose": "investigation"})


def read(
    actor: Actor, page: Callable[[Actor], str], without: Callable[[Form], str]
) -> tuple[str, int]:
    """Return `page` made for the purpose that was sent, and its status.

    Where the purpose cannot be taken it is the page `without`, with the form to ask for it.
    """
    form = sending.sent()

    def looked() -> str:
        reader = actor.for_purpose(_purpose(form))
        return again(reader, lambda: page(reader))

    made = sending.take(form, looked)
    if made is not None:
        return made, form.status
    form.errors = {FIELDS.get(path, path): said for path, said in form.errors.items()}
    return again(actor, lambda: without(form)), form.status


def _purpose(form: Form) -> Purpose:
    said = form.load(PurposeRequest())
    return Purpose(said["purpose"], said.get("case_number"))
