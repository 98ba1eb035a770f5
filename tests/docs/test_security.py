"""What the papers on security name is there."""

import csv
import re

import pytest

from tests.support.source import ROOT

STATUSES = {"met", "partly", "not met", "not applicable"}
TABLE = [*csv.DictReader((ROOT / "docs/asvs.csv").read_text().splitlines())]
THREATS = (ROOT / "docs/security.md").read_text()


def test_each_requirement_of_level_1_is_judged_once():
    assert len({row["id"] for row in TABLE}) == len(TABLE) == 70
    assert {row["status"] for row in TABLE} <= STATUSES
    assert all(row["control"] for row in TABLE)


@pytest.mark.parametrize("test", sorted({row["test"] for row in TABLE if row["test"]}))
def test_a_named_test_is_there(test):
    path, name = test.split("::")
    assert f"\ndef {name}(" in (ROOT / path).read_text()


def test_each_file_of_the_threat_table_is_there():
    named = set(re.findall(r"`((?:tests/)?[a-z_/]*test_[a-z_]+\.py)`", THREATS))
    places = (ROOT, ROOT / "tests/security/attacks")
    assert named
    assert [name for name in named if not any((at / name).exists() for at in places)] == []
