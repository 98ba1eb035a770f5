"""Sentences in the caller's language: English is the key, a catalogue file gives the others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.messages.pofile import read_po

from api.articles import written
from salsa_ext.errors import Coded, Codes, Message
from salsa_ext.readmodels import names
from salsa_ext.values.codes import LANGUAGES

CATALOGUES = Path(__file__).parent / "locales"
STATES = ("state", "partner", "other")
DAYS = ("on", "due", "first", "last")
"""Parameters that are states and days in sentences of chains and routes."""
ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
language: ContextVar[str] = ContextVar("language", default="en")


@cache
def catalogue(code: str) -> Mapping[str, str]:
    """Return the translations of one language by their English sentence; none for English."""
    if code == "en":
        return {}
    with (CATALOGUES / f"{code}.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.string}


def translate(message: Message | Mapping[str, Any] | str) -> str:
    """Return a sentence in the language of the request, with its data."""
    if isinstance(message, str):
        message = Message(message)
    elif isinstance(message, Mapping):
        message = Message(message["text"], message["params"])
    template = catalogue(language.get()).get(message.text, message.text)
    params = {key: _shown(value) for key, value in message.params.items()}
    return written(template, params, language.get())


def worded(message: Message | Mapping[str, Any]) -> str:
    """Return a sentence with states by their names and days as the language writes them.

    For what is told of a gun and its trace; a state's code in an error is what the caller sent.
    """
    said = message if isinstance(message, Message) else Message(message["text"], message["params"])
    days = {
        name: day(date.fromisoformat(value))
        for name in DAYS
        if ISO.fullmatch(
            str(value := said.params.get(name))
        )  # the first and the last may be serials
    }
    return translate(with_states(Message(said.text, {**said.params, **days})))


def with_states(message: Message) -> Message:
    """Return a sentence with states by their names."""
    params = message.params
    named = {name: _state(params[name]) for name in STATES if isinstance(params.get(name), str)}
    return Message(message.text, {**params, **named})


def _state(code: str) -> str:
    return names.label("state", code, language.get())


def day(on: date) -> str:
    """Return a day with the month in letters: no two countries agree on 3/9."""
    return format_date(on, "medium", locale=language.get())


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Let sentences be in a language, whatever that of the request is."""
    token = language.set(code)
    try:
        yield
    finally:
        language.reset(token)


def _shown(value: Any) -> Any:
    if isinstance(value, Coded):
        return _named(value.kind, value.code)
    if isinstance(value, Codes):
        return ", ".join(_named(value.kind, code) for code in value.codes)
    if isinstance(value, datetime):
        return f"{format_date(value, 'medium', locale=language.get())}, {value:%H:%M}"
    return translate(value) if isinstance(value, Message) else value


def _named(kind: str, code: str) -> str:
    """Return the name of a code as it stands within a sentence: names and acronyms keep their capitals."""
    name = names.label(kind, code, language.get())
    is_name = kind == "state" or name[1:2].isupper() or name[1:2].isdigit()
    return name if is_name else name[:1].lower() + name[1:]


class Lazy(str):
    """A sentence that marshmallow formats when it is needed, in the language of that moment."""

    def format(self, *args: Any, **params: Any) -> str:  # noqa: D102 - str's own contract
        template = catalogue(language.get()).get(str(self), str(self))
        return template.format(*args, **{key: _shown(value) for key, value in params.items()})


def best_language(accepted: Any) -> str:
    """Return the language that suits an Accept-Language best; English where none does.

    A regional form counts as its language: to who prefers pt-BR, Portuguese comes before English.
    """
    for tag, quality in accepted:
        code = tag.partition("-")[0].lower()
        if quality > 0 and code in LANGUAGES:
            return str(code)
    return "en"
