"""The table of files that a feature touches names files that there are, and that speak of it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
TABLE = re.findall(r"^\|.*\| (`.*`) \|$", GUIDE.partition("Recording a seizure")[2], re.M)
PATHS = [path for cell in TABLE for path in re.findall(r"`([^`]*/[^`]*)`", cell)]


def test_there_is_a_file_in_every_row():
    assert len(TABLE) == len(PATHS) == 14


@pytest.mark.parametrize("path", PATHS)
def test_each_named_file_speaks_of_seizures(path):
    assert "seizure" in (ROOT / path).read_text().lower()
