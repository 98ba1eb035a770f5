"""Messages with the article of a state's or agency's name in French and Portuguese."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final

LANGUAGES: Final[Mapping[str, Any]] = tomllib.loads(
    Path(__file__).with_name("locales").joinpath("articles.toml").read_text("utf-8")
)
"""Names of states and first nouns of agencies by article, forms of prepositions, by language."""
FORMS_BY_LANGUAGE: Final = {code: frozenset(each["forms"]) for code, each in LANGUAGES.items()}
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
    rules = LANGUAGES[language]
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
        before = LANGUAGES[self.language]["forms"].get(form.lower())
        if before is None:
            return super().format_field(value, form)
        text = before[find_article(str(value), self.language)] + str(value)
        return text[:1].upper() + text[1:] if form[0].isupper() else text


def format_message(template: str, params: Mapping[str, Any], language: str) -> str:
    """Fill in a message of a language, with articles if needed; “S.A.” ends its sentence."""
    if language in LANGUAGES and ARTICLE_FIELD.search(template):
        text = ArticleFormatter(language).vformat(template, (), params)
    else:
        text = template.format(**params)
    return DOUBLE_STOP.sub(".", text)
