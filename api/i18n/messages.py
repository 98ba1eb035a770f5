"""Translation of messages; English text is the key of the PO catalogues."""

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

from api.i18n.articles import format_message
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.core.errors import CodeLabel, CodeLabels, Message
from salsa_ext.reference import names

CATALOGUE_DIR = Path(__file__).parent / "locales"
STATE_PARAMS = ("state", "partner", "other")
DAY_PARAMS = ("on", "due", "first", "last")
"""Parameters that are states and days in sentences of chains and routes."""
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
language: ContextVar[str] = ContextVar("language", default="en")


@cache
def load_catalogue(code: str) -> Mapping[str, str]:
    """Return translations by English text; empty for English."""
    if code == "en":
        return {}
    with (CATALOGUE_DIR / f"{code}.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.string}


def translate(message: Message | Mapping[str, Any] | str) -> str:
    """Translate a message to the current language and fill in its data."""
    if isinstance(message, str):
        message = Message(message)
    elif isinstance(message, Mapping):
        message = Message(message["text"], message["params"])
    template = load_catalogue(language.get()).get(message.text, message.text)
    params = {key: _format_param(value) for key, value in message.params.items()}
    return format_message(template, params, language.get())


def translate_event(message: Message | Mapping[str, Any]) -> str:
    """Translate a message, with names of states and localized dates.

    For chains and routes of a gun; errors show state codes as the caller sent them.
    """
    said = message if isinstance(message, Message) else Message(message["text"], message["params"])
    days = {
        name: format_day(date.fromisoformat(str(value)))
        for name in DAY_PARAMS
        if ISO_DATE.fullmatch(
            str(value := said.params.get(name))
        )  # the first and the last may be serials
    }
    return translate(with_state_names(Message(said.text, {**said.params, **days})))


def with_state_names(message: Message) -> Message:
    """Return a message with state codes replaced by names."""
    params = message.params
    named = {
        name: _state_name(params[name])
        for name in STATE_PARAMS
        if isinstance(params.get(name), str)
    }
    return Message(message.text, {**params, **named})


def _state_name(code: str) -> str:
    return names.label("state", code, language.get())


def format_day(on: date) -> str:
    """Format a date with the month as a word: 3/9 is ambiguous."""
    return format_date(on, "medium", locale=language.get())


@contextmanager
def use_language(code: str) -> Iterator[None]:
    """Use another language within the block."""
    token = language.set(code)
    try:
        yield
    finally:
        language.reset(token)


def _format_param(value: Any) -> Any:
    if isinstance(value, CodeLabel):
        return _code_name(value.kind, value.code)
    if isinstance(value, CodeLabels):
        return ", ".join(_code_name(value.kind, code) for code in value.codes)
    if isinstance(value, datetime):
        return f"{format_date(value, 'medium', locale=language.get())}, {value:%H:%M}"
    return translate(value) if isinstance(value, Message) else value


def _code_name(kind: str, code: str) -> str:
    """Return the name of a code in lower case, except proper names."""
    name = names.label(kind, code, language.get())
    is_name = kind == "state" or name[1:2].isupper() or name[1:2].isdigit()
    return name if is_name else name[:1].lower() + name[1:]


class LazyMessage(str):
    """Message translated when marshmallow formats it."""

    def format(self, *args: Any, **params: Any) -> str:  # noqa: D102 - str's own contract
        template = load_catalogue(language.get()).get(str(self), str(self))
        return template.format(
            *args, **{key: _format_param(value) for key, value in params.items()}
        )


def best_language(accepted: Any) -> str:
    """Return the best match for an Accept-Language header, else English.

    A regional form counts as its language: pt-BR is Portuguese.
    """
    for tag, quality in accepted:
        code = tag.partition("-")[0].lower()
        if quality > 0 and code in LANGUAGES:
            return str(code)
    return "en"
