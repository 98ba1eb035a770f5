"""The page for licensing officers shows commands, which `test_commands.py` looks at, and a small picture."""

from tests.docs.test_commands import written
from tests.support.source import ROOT


def test_there_are_commands_to_look_at():
    assert len(written(ROOT / "docs" / "licensing.md")) > 8


def test_the_picture_is_small():
    assert (ROOT / "docs" / "desk.png").stat().st_size < 150_000
