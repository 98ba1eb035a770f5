"""The page for licensing officers shows commands that there are, and a small picture."""

import re
import shlex

import click
import pytest

from api.cli import main
from tests.source import ROOT

TEXT = (ROOT / "docs" / "licensing.md").read_text()
COMMANDS = re.findall(r"^ {4}salsa (.*)$", TEXT, re.M)


@pytest.mark.parametrize("written", COMMANDS)
def test_each_command_and_its_options_are_there(written):
    words = shlex.split(written.partition(" > ")[0])
    command = main.get_command(None, words[0])
    if isinstance(command, click.Group):
        command = command.commands[words[1]]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known


def test_there_are_commands_to_look_at():
    assert len(COMMANDS) > 8


def test_the_picture_is_small_and_every_link_leads_to_a_file():
    assert (ROOT / "docs" / "desk.png").stat().st_size < 150_000
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
