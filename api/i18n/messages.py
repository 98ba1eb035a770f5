"""Translation of messages; English text is the key of the PO catalogues."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final, cast

from babel.dates import format_date, format_skeleton
from babel.messages.pofile import read_po

from salsa_ext.core.codes import LANGUAGES
from salsa_ext.core.dates import REDUCED, RoughDate, parse_date, within_of
from salsa_ext.core.errors import CodeLabel, CodeLabels, Message
from salsa_ext.reference import names

ARTICLES: Final[Mapping[str, Any]] = tomllib.loads(
    Path(__file__).with_name("locales").joinpath("articles.toml").read_text("utf-8")
)
"""Names of states and first nouns of agencies by article, forms of prepositions, by language."""
FORMS_BY_LANGUAGE: Final = {code: frozenset(each["forms"]) for code, each in ARTICLES.items()}
ARTICLE_FIELD: Final = re.compile(
    rf"\{{\w+:({'|'.join(frozenset().union(*FORMS_BY_LANGUAGE.values()))})\}}", re.IGNORECASE
)
DOUBLE_STOP: Final = re.compile(r"(?<=\w)\.\.(?=\s|$)")


@cache
def find_article(name: str, language: str) -> str:
    """Return the article of a name; empty if it has none.

    The first noun decides for an agency. Before a vowel, French has `l’`, or `’` (elision of the
    preposition) for a name without one.
    """
    rules = ARTICLES[language]
    article = next(
        (
            article
            for group, word in (("names", name), ("nouns", name.partition(" ")[0]))
            for article, words in rules[group].items()
            if word in words
        ),
        "",
    )
    if "vowels" not in rules or article == "les" or not re.match(rules["vowels"], name):
        return article
    if article:
        return str(rules["elided"])
    return "" if name.isupper() else str(rules["elision"])


class ArticleFormatter(Formatter):
    """Formatter for fields such as `{state:de}`: preposition, article, name."""

    def __init__(self, language: str) -> None:
        self.language = language

    def format_field(self, value: Any, form: str) -> Any:
        """Format a value with its article; a capitalized form begins a sentence."""
        before = ARTICLES[self.language]["forms"].get(form.lower())
        if before is None:
            return super().format_field(value, form)
        text = before[find_article(str(value), self.language)] + str(value)
        return text[:1].upper() + text[1:] if form[0].isupper() else text


def format_message(template: str, params: Mapping[str, Any], language: str) -> str:
    """Fill in a message of a language, with articles if needed; “S.A.” ends its sentence."""
    if language in ARTICLES and ARTICLE_FIELD.search(template):
        text = ArticleFormatter(language).vformat(template, (), params)
    else:
        text = template.format(**params)
    return DOUBLE_STOP.sub(".", text)


CATALOGUE_DIR = Path(__file__).parent / "locales"
STATE_PARAMS = ("state", "partner", "other")
DAY_PARAMS = ("on", "due", "first", "last")
"""Parameters that are states and days in sentences of chains and routes."""
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ROUGH = {
    "en": ("on {%s}", "in {%s}"),
    "es": ("el {%s}", "en {%s}"),
    "fr": ("le {%s}", "en {%s}"),
    "pt": ("em {%s}", "em {%s}"),
}
"""Prepositions of a day, and of a month or year."""
SINGULAR_COUNTS = {"en": ("1",), "es": ("1",), "fr": ("0", "1"), "pt": ("0", "1")}
DATE_LOCALES = {"en": "en_GB"}
"""Locales of dates where the language alone would write them as in the United States."""
language: ContextVar[str] = ContextVar("language", default="en")


@cache
def load_catalogue(code: str) -> Mapping[str, str]:
    """Return translations by English text, in the plural; empty for English."""
    if code == "en":
        return {}
    return {forms[-1][0]: forms[-1][1] for forms in _read_catalogue(code)}


@cache
def load_singulars(code: str) -> Mapping[str, str]:
    """Return the singular form by English text in the plural, where there is one."""
    at = 0 if code == "en" else 1
    every = _read_catalogue(LANGUAGES[1] if code == "en" else code)
    return {forms[-1][0]: forms[0][at] for forms in every if len(forms) > 1}


def _read_catalogue(code: str) -> list[list[tuple[str, str]]]:
    """Return English and translated text of each entry, in singular and plural.

    Some versions of Babel fill a third form of Romance languages with an empty text.
    """
    with (CATALOGUE_DIR / f"{code}.po").open("rb") as file:
        entries = [(entry.id, entry.string) for entry in read_po(file) if entry.id]
    return [
        list(zip(text, filter(None, cast("Sequence[str]", translated)), strict=False))
        if isinstance(text, tuple)
        else [(str(text), str(translated))]
        for text, translated in entries
        if translated
    ]


def find_template(text: str, params: Mapping[str, Any]) -> str:
    """Return the text in the current language, in the singular if `count` asks for it."""
    code = language.get()
    if str(params.get("count")) in SINGULAR_COUNTS[code] and text in load_singulars(code):
        return load_singulars(code)[text]
    return load_catalogue(code).get(text, text)


def translate(message: Message | Mapping[str, Any] | str) -> str:
    """Translate a message to the current language and fill in its data."""
    if isinstance(message, str):
        message = Message(message)
    elif isinstance(message, Mapping):
        message = Message(message["text"], message["params"])
    template = find_template(message.text, message.params)
    for name, value in message.params.items():
        if isinstance(value, RoughDate):
            of_day, of_month = ROUGH[language.get()]
            template = template.replace(of_day % name, of_month % name)
    params = {key: _format_param(value) for key, value in message.params.items()}
    return format_message(template, params, language.get())


def translate_event(message: Message | Mapping[str, Any]) -> str:
    """Translate a message, with names of states and localized dates."""
    event_text = (
        message if isinstance(message, Message) else Message(message["text"], message["params"])
    )
    days: dict[str, Any] = {
        name: format_day(date.fromisoformat(str(value)))
        for name in DAY_PARAMS
        if ISO_DATE.fullmatch(
            str(value := event_text.params.get(name))
        )  # the first and the last may be serials
    }
    if REDUCED.fullmatch(on := str(event_text.params.get("on"))):
        days["on"] = parse_date(on)
    return translate(with_state_names(Message(event_text.text, {**event_text.params, **days})))


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
    locale = date_locale(language.get())
    return format_rough(on, locale) or format_date(on, "medium", locale=locale)


def format_rough(on: date, locale: str) -> str | None:
    """Format a date known to the month or year alone; None for a day."""
    pattern = {"year": "y", "month": "yMMMM"}.get(within_of(on) or "")
    return format_skeleton(pattern, on, locale=locale) if pattern else None


def date_locale(code: str) -> str:
    """Return the locale in which dates of a language are written."""
    return DATE_LOCALES.get(code, code)


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
    if isinstance(value, RoughDate):
        return format_day(value)
    if isinstance(value, tuple):
        return ", ".join(map(_format_param, value))
    if isinstance(value, datetime):
        return f"{format_day(value)}, {value:%H:%M}"
    return translate(value) if isinstance(value, Message) else value


def _code_name(kind: str, code: str) -> str:
    """Return the name of a code in lower case, except proper names."""
    name = names.label(kind, code, language.get())
    is_name = kind == "state" or name[1:2].isupper() or name[1:2].isdigit()
    return name if is_name else name[:1].lower() + name[1:]


class LazyMessage(str):
    """Message translated when marshmallow formats it."""

    def format(self, *args: Any, **params: Any) -> str:  # noqa: D102 - str's own contract
        template = find_template(str(self), params)
        return template.format(
            *args, **{key: _format_param(value) for key, value in params.items()}
        )


def best_language(accepted: Any) -> str:
    """Return the best match for an Accept-Language header, else English."""
    for tag, quality in accepted:
        code = tag.partition("-")[0].lower()
        if quality > 0 and code in LANGUAGES:
            return str(code)
    return "en"
