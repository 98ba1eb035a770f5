"""The table of rules names code and tests that there are, and leaves out no rule of the code."""

import re
from pathlib import Path

from salsa_ext.core.errors import Article

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/rules.md").read_text().splitlines()
    if re.match(r"\| (CIFTA|Model)", line)
]


def test_the_code_and_the_test_of_a_rule_are_there():
    for row in ROWS:
        path, _, name = row[4].strip("`").partition("::")
        assert (ROOT / row[3].strip("`")).is_file(), row
        assert f"def {name}" in (ROOT / path).read_text(), row


def test_every_rule_that_the_code_refuses_by_is_in_the_table():
    named = " ".join(row[2] for row in ROWS)
    assert [article for article in Article if f"`{article.code}`" not in named] == []


def test_a_row_has_its_five_cells():
    assert {len(row) for row in ROWS} == {5}
