"""The table of rules names code and tests that there are, and leaves out no rule of the code."""

import re
from pathlib import Path

import pytest

from salsa_ext.core.errors import Article

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/rules.md").read_text().splitlines()
    if re.match(r"\| (CIFTA|Model)", line)
]
IDS = [f"{row[0]}: {row[1]}" for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_the_code_of_a_rule_is_there(row):
    assert (ROOT / row[3].strip("`")).is_file()


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_the_test_of_a_rule_is_there(row):
    path, _, name = row[4].strip("`").partition("::")
    assert f"def {name}" in (ROOT / path).read_text()


@pytest.mark.parametrize("article", Article, ids=lambda article: article.code)
def test_every_rule_that_the_code_refuses_by_stands_in_the_table(article):
    assert any(f"`{article.code}`" in row[2] for row in ROWS)


def test_a_row_has_its_five_cells():
    assert {len(row) for row in ROWS} == {5}
