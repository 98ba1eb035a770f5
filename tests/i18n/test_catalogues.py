"""Every sentence and name has its translation, and no page says anything that has none."""

import ast
import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest
from jinja2 import Environment, nodes
from jinja2.ext import extract_from_ast

from api.i18n.messages import FORMS_BY_LANGUAGE, load_catalogue
from salsa_ext.core.codes import LANGUAGES

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "api/web/templates").rglob("*.html"))
LABELS = ROOT / "salsa_ext/reference/data/labels.csv"
MARKED = {"api": {"message", "LazyMessage", "Message"}}
MARKED["salsa_ext"] = MARKED["importers"] = MARKED["api"] | {"Field"}
OTHERS = [language for language in LANGUAGES if language != "en"]
JINJA = Environment(autoescape=True)
WORD = re.compile(r"[^\W\d_]{2}")
SAID_SO = {
    "es": {"Auditor", "Calibre", "Derringer", "No", "Supervisor", "Total"},
    "fr": {
        "Active",
        "Air",
        "Calibre",
        "Code",
        "Conditions",
        "Corruption",
        "Date",
        "Derringer",
        "Destruction",
        "Document",
        "Documents",
        "Documentation",
        "Grenade",
        "Homicide",
        "Identification",
        "Incident",
        "Justification",
        "Licence",
        "Lot",
        "Note",
        "Notifications",
        "Page",
        "Pages",
        "Parties",
        "Police",
        "Port",
        "Question",
        "Race",
        "Rail",
        "Rectification",
        "Revolver",
        "Signatures",
        "Source",
        "Total",
        "Transit {number}",
        "Transport",
        "Type",
        "confirmation",
        "correction",
        "document",
        "import",
        "incident",
        "note",
        "participation",
        "notification",
        "publication",
        "signature",
        "session",
        "suspension",
        "version {number}",
    },
    "pt": {
        "Auditor",
        "Calibre",
        "E-mail",
        "Item",
        "Regime",
        "Status",
        "Supervisor",
        "Total",
        "envelope",
    },
}
"""What a language says as English does; a word that is not here and is the same was forgotten."""
EVERYWHERE = {"INTERPOL iARMS", "MIC/DTA", "eTrace", "Webhooks", "webhook", "“{name}”"}
"""Names, and what is measured: the same in every language."""
UNSAID = {"SALSA", "– SALSA", "UTC", "/api/v1/signing-keys", "required", "autofocus"}
"""What pages write without a translation: names, and what a macro gives as attributes."""
SHOWN = {"alt", "title", "placeholder", "aria-label", "label", "summary"}


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated(language):
    assert sorted(sentences() - set(load_catalogue(language))) == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_left_over(language):
    assert sorted(set(load_catalogue(language)) - sentences() - {""}) == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_shows_the_same_data(language):
    articles = FORMS_BY_LANGUAGE.get(language, frozenset())
    wrong = {
        text: value
        for text, value in load_catalogue(language).items()
        if fields(text) != fields(value, articles)
    }
    assert wrong == {}


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_is_not_the_english_again(language):
    same = {text for text, body in load_catalogue(language).items() if text and text == body}
    named = {row["en"] for kind, row in names() if kind != "state" and row["en"] == row[language]}
    assert same | named == SAID_SO[language] | EVERYWHERE & (same | named)


def test_every_name_of_a_code_is_in_every_language():
    assert [each for _, each in names() if {*each} != {*LANGUAGES} or not all(each.values())] == []


def test_a_template_says_nothing_that_is_not_translated():
    for path in TEMPLATES:
        written = Written()
        for _, kind, text in JINJA.lex(path.read_text()):
            written.feed(text if kind == "data" else " " * kind.endswith("_begin"))
        assert written.found - UNSAID == set(), path
        assert {*constants(JINJA.parse(path.read_text()))} == set(), path


class Written(HTMLParser):
    """The words that stand in HTML itself: between tags, and in attributes that are shown or read out."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attrs):
        self.found |= {text for name, text in attrs if name in SHOWN and WORD.search(text or "")}

    def handle_data(self, data):
        result = " ".join(re.sub(r'[a-z-]+="[^"]*"?', "", data).split())
        if WORD.search(result):
            self.found.add(result)


def constants(node: nodes.Node) -> Iterator[str]:
    """Give the words of expressions that are not arguments of `_`: codes have no capitals nor blanks."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Const) and isinstance(child.value, str):
            if re.search(r"[A-Z][a-z]|[a-z] [a-z]", child.value):
                yield child.value
        elif not (isinstance(child, nodes.Call) and getattr(child.node, "name", "") == "_"):
            yield from constants(child)


def names() -> Iterator[tuple[str, dict[str, str]]]:
    """Give the kind and the names of each code by language."""
    found = defaultdict(dict)
    with LABELS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["kind"], row["code"]][row["language"]] = row["text"]
    yield from ((kind, texts) for (kind, _), texts in found.items())


@cache
def sentences() -> frozenset[str]:
    found = set()
    for package in MARKED:
        for path in (ROOT / package).rglob("*.py"):
            found |= set(_marked(ast.parse(path.read_text()), MARKED[package]))
    for path in TEMPLATES:
        shown = extract_from_ast(JINJA.parse(path.read_text()), ("_",), babel_style=False)
        found |= {text if isinstance(text, str) else text[0] for _, _, text in shown if text}
    return frozenset(found - {"{text}", "{first} {second}"})


def _marked(tree: ast.AST, names: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def fields(text: str, articles: frozenset[str] = frozenset()) -> list[str]:
    """Return the places for data in a sentence, each as often and in the form in which it stands.

    What a language asks for before the name of a state, an article, is none of the data's.
    """
    return sorted(
        f"{name}!{how}:{'' if (form or '').lower() in articles else form}"
        for _, name, form, how in Formatter().parse(text)
        if name is not None
    )
