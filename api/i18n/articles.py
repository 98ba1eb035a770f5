"""Messages with the article of a state's name in French and Portuguese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from types import ModuleType
from typing import Any, Final

from api.i18n import articles_fr, articles_pt

LANGUAGES: Final[Mapping[str, ModuleType]] = {"fr": articles_fr, "pt": articles_pt}
FORMS_BY_LANGUAGE: Final = {language: frozenset(said.WITH) for language, said in LANGUAGES.items()}
ARTICLE_FIELD: Final = re.compile(
    rf"\{{\w+:({'|'.join(frozenset().union(*FORMS_BY_LANGUAGE.values()))})\}}", re.IGNORECASE
)


class ArticleFormatter(Formatter):
    """Formatter for fields such as `{state:de}`: preposition, article, name."""

    def __init__(self, language: str) -> None:
        self.said = LANGUAGES[language]

    def format_field(self, value: Any, form: str) -> Any:
        """Format a value with its article; a capitalized form begins a sentence."""
        if (before := self.said.WITH.get(form.lower())) is None:
            return super().format_field(value, form)
        name = str(value)
        said = before[self.said.article(name)] + name
        return said[:1].upper() + said[1:] if form[0].isupper() else said


def format_message(template: str, params: Mapping[str, Any], language: str) -> str:
    """Fill in a message of a language, with articles if needed."""
    if language in LANGUAGES and ARTICLE_FIELD.search(template):
        return ArticleFormatter(language).vformat(template, (), params)
    return template.format(**params)
