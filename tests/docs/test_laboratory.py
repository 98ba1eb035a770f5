"""The page for forensic examiners shows commands and routes that there are."""

import re
import shlex

import pytest

from api.resources.attachments import ENDINGS
from salsa_ext.readmodels.subjects import KINDS
from salsa_ext.services import contents, pictures
from tests.docs.conftest import assert_known
from tests.routes import ROUTES
from tests.source import ROOT

TEXT = (ROOT / "docs" / "laboratory.md").read_text()
COMMANDS = re.findall(r"^ {4}salsa ((?:.*\\\n)*.*)$", TEXT, re.M)


@pytest.mark.parametrize("written", COMMANDS)
def test_each_command_and_its_options_are_there(written):
    assert_known(shlex.split(written))


def test_there_are_commands_to_look_at():
    assert len(COMMANDS) == 5


def test_the_limits_are_those_of_the_code():
    assert contents.MOST_RECEIVED == 20 * 1024 * 1024
    assert "20 MiB and 50 million pixels, of WebP 16" in TEXT
    assert (pictures.MOST_PIXELS, pictures.MOST_OF_WEBP) == (50_000_000, 16_000_000)
    assert pictures.QUALITY == 95
    assert "quality 95" in TEXT


def test_every_object_that_files_are_attached_to_is_named():
    assert [kind for kind in KINDS if kind not in TEXT] == []
    assert len(ENDINGS) == 3


@pytest.mark.parametrize("path", [
    "/seizures/{seizure_id}/items/{line}/marks", "/attachments", "/attachments/{attachment_id}",
    "/attachments/{attachment_id}/content",
])  # fmt: skip
def test_the_routes_are_there(path):
    assert path in {route.path for route in ROUTES}
