"""Sending a form of the pages: it has one effect, however often it comes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import TypeVar

from flask import redirect, request
from marshmallow import ValidationError
from werkzeug import Response

from api.i18n import translate
from api.said import flatten
from api.transaction import transaction
from api.web import csrf
from api.web.typed import Form
from salsa_ext.errors import (
    Conflict,
    Forbidden,
    InFlight,
    Invalid,
    KeyReused,
    NotFound,
    SalsaError,
    StaleVersion,
    Unavailable,
    Unconfirmed,
    say,
)
from salsa_ext.services import idempotency
from salsa_ext.services.idempotency import Answer, Attempt
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id

TOKEN = "once"  # noqa: S105 - the name of a field
TOKENS = re.compile(r"[0-9a-f-]{36}")
PAUSE, PATIENCE = 0.3, 20
STATUS = {Conflict: 409, StaleVersion: 412}
Done = TypeVar("Done")
PAGES_OF_THEIR_OWN = (Forbidden, NotFound, Unavailable)
SENT_BEFORE = say("This form was sent before with other values, and was taken. To send these as well, send it"
                  " again.")  # fmt: skip
UNDER_WAY = say("This form is being taken; look in a moment whether it was.")


def sent() -> Form:
    """Return the form that the request brings; a script may name its filling-in by Idempotency-Key."""
    typed = {name: text.replace("\r\n", "\n").strip() for name, text in request.form.items()}
    typed.pop(csrf.FIELD, None)
    token = request.headers.get("Idempotency-Key", typed.pop(TOKEN, ""))
    form = Form(typed)
    form.token = token if TOKENS.fullmatch(token) else form.token
    return form


def send(form: Form, actor: Actor, command: Callable[[], str]) -> Response | None:
    """Run a command once and go on to the address that it returns.

    Returns None where it was refused; the form's `errors` and `status` say why.
    """
    return take(form, lambda: redirect(_once(form, actor, command), 303))


def take(form: Form, run: Callable[[], Done]) -> Done | None:
    """Run what opens its transaction itself, as often as it is sent, and return what it returns.

    Returns None where it was refused, as `send`; what has a page of its own is raised.
    """
    for _ in range(PATIENCE):
        try:
            return run()
        except InFlight:  # somebody pressed twice: the first answer is the second's too
            time.sleep(PAUSE)
        except ValidationError as error:
            return _refuse(form, 422, dict(flatten(error.messages)))
        except Invalid as error:
            said = {path: [*map(form.say, texts)] for path, texts in error.errors.items()}
            return _refuse(form, 422, said)
        except KeyReused:
            form.token = str(new_id())
            return _refuse(form, 422, {"": [translate(SENT_BEFORE)]})
        except PAGES_OF_THEIR_OWN:
            raise
        except SalsaError as error:
            form.confirm = error.field if isinstance(error, Unconfirmed) else ""
            form.existing = error.details.get("existing")
            return _refuse(form, _status(error), {"": [form.say(error.message)]})
    form.is_under_way = True
    return _refuse(form, 409, {"": [translate(UNDER_WAY)]})


def _once(form: Form, actor: Actor, command: Callable[[], str]) -> str:
    typed = json.dumps(form.values, sort_keys=True).encode()
    attempt = Attempt(actor.account_id, "POST", request.path, form.token, typed)
    with transaction(actor):
        if (first := idempotency.replay(attempt)) is not None:
            return first.body.decode()
        address = command()
        idempotency.keep(actor, attempt, Answer(303, "", address.encode()))
        return address


def _refuse(form: Form, status: int, errors: dict[str, list[str]]) -> None:
    form.status, form.errors = status, errors


def _status(error: SalsaError) -> int:
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 422)
