import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from api.i18n import catalogue
from salsa_ext.values.codes import LANGUAGES

ROOT = Path(__file__).parents[2]
MARKED = {"say", "Lazy", "Message"}
OTHERS = [language for language in LANGUAGES if language != "en"]


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated(language):
    missing = sorted(sentences() - set(catalogue(language)))
    assert missing == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_left_over(language):
    assert sorted(set(catalogue(language)) - sentences() - {""}) == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_shows_the_same_data(language):
    wrong = {
        text: said for text, said in catalogue(language).items() if fields(text) != fields(said)
    }
    assert wrong == {}


def sentences() -> set[str]:
    found = set()
    for package in ("salsa_ext", "api"):
        for path in (ROOT / package).rglob("*.py"):
            found |= set(_marked(ast.parse(path.read_text())))
    for path in (ROOT / "api/web/templates").rglob("*.html"):
        found |= {match[2] for match in re.finditer(r"_\(\s*(['\"])(.+?)\1", path.read_text())}
    return found - {"{text}"}


def _marked(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKED and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
