"""The page for forensic examiners shows commands and routes that there are."""

import re
import shlex

import pytest

from api.routes.attachments import FILE_SUFFIXES
from salsa_ext.administration import files
from salsa_ext.administration.attachments import ATTACHABLE_KINDS
from tests.docs.conftest import assert_known
from tests.support.routes import ROUTES
from tests.support.source import ROOT

TEXT = (ROOT / "docs" / "laboratory.md").read_text()
COMMANDS = re.findall(r"^ {4}salsa ((?:.*\\\n)*.*)$", TEXT, re.M)


@pytest.mark.parametrize("written", COMMANDS)
def test_each_command_and_its_options_are_there(written):
    assert_known(shlex.split(written))


def test_there_are_commands_to_look_at():
    assert len(COMMANDS) == 5


def test_the_limits_are_those_of_the_code():
    assert files.MAX_RECEIVED == 20 * 1024 * 1024
    assert "20 MiB and 50 million pixels, of WebP 16" in TEXT
    assert (files.MAX_PIXELS, files.MAX_WEBP_PIXELS) == (50_000_000, 16_000_000)
    assert files.QUALITY == 95
    assert "quality 95" in TEXT


def test_every_object_that_files_are_attached_to_is_named():
    assert [kind for kind in ATTACHABLE_KINDS if kind not in TEXT] == []
    assert len(FILE_SUFFIXES) == 3


@pytest.mark.parametrize(
    "path",
    [
        "/seizures/{seizure_id}/items/{line}/marks",
        "/attachments",
        "/attachments/{attachment_id}",
        "/attachments/{attachment_id}/content",
    ],
)
def test_the_routes_are_there(path):
    assert path in {route.path for route in ROUTES}
