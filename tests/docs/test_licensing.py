"""The page for licensing officers shows commands, which `test_commands.py` looks at, and a small picture."""

import re

from tests.docs.test_commands import written
from tests.support.source import ROOT

PAGE = ROOT / "docs" / "licensing.md"


def test_there_are_commands_to_look_at():
    assert len(written(PAGE)) > 8


def test_the_picture_is_small_and_every_link_leads_to_a_file():
    assert (ROOT / "docs" / "desk.png").stat().st_size < 150_000
    links = re.findall(r"\]\(([^)]+)\)", PAGE.read_text())
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
