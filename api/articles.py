"""Sentences in which the name of a state stands with its article, as Portuguese and French want it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from types import ModuleType
from typing import Any, Final

from api import articles_fr, articles_pt

BY_LANGUAGE: Final[Mapping[str, ModuleType]] = {"fr": articles_fr, "pt": articles_pt}
FORMS: Final = {language: frozenset(said.WITH) for language, said in BY_LANGUAGE.items()}
ASKED: Final = re.compile(
    rf"\{{\w+:({'|'.join(frozenset().union(*FORMS.values()))})\}}", re.IGNORECASE
)


class Sentences(Formatter):
    """Writes a sentence in which `{state:de}` asks for a name with what stands before it."""

    def __init__(self, language: str) -> None:
        """Take the language whose articles are meant."""
        self.said = BY_LANGUAGE[language]

    def format_field(self, value: Any, form: str) -> Any:
        """Return a value as it stands in the sentence; a form with a capital begins one."""
        if (before := self.said.WITH.get(form.lower())) is None:
            return super().format_field(value, form)
        name = str(value)
        said = before[self.said.article(name)] + name
        return said[:1].upper() + said[1:] if form[0].isupper() else said


def written(template: str, params: Mapping[str, Any], language: str) -> str:
    """Return a sentence of a language with its data."""
    if language in BY_LANGUAGE and ASKED.search(template):
        return Sentences(language).vformat(template, (), params)
    return template.format(**params)
