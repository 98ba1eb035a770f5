"""The glossary has each noun once, in four languages, and every noun of the commands."""

from api.cli.openapi_operations import group_operations
from tests.support.source import ROOT

LINES = (ROOT / "docs" / "glossary.md").read_text().splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES if line[:2] == "| "]
TERMS = [row[0] for row in ROWS[1:]]
OTHERWISE = {"me": "account", "post": "border post"}


def test_each_noun_is_there_once_in_order():
    assert sorted({*TERMS}, key=str.lower) == TERMS


def test_each_noun_has_a_meaning_in_four_languages():
    assert [row for row in ROWS if len(row) != 6 or not all(row[:5])] == []


def test_every_noun_of_the_commands_is_explained():
    nouns = {OTHERWISE.get(noun, noun.replace("-", " ")) for noun in group_operations()}
    assert nouns - {*TERMS} == set()
