"""The page for forensic examiners has the limits and the objects of the code."""

from salsa_ext.administration import file_cleaner_program, file_cleaning
from salsa_ext.administration.attachments import ATTACHABLE_KINDS
from tests.support.source import ROOT

TEXT = (ROOT / "docs" / "laboratory.md").read_text()


def test_the_limits_are_those_of_the_code():
    assert file_cleaning.MAX_RECEIVED == 20 * 1024 * 1024
    assert "20 MiB and 50 million pixels, of WebP 16" in TEXT
    assert (file_cleaner_program.MAX_PIXELS, file_cleaner_program.MAX_WEBP_PIXELS) == (
        50_000_000,
        16_000_000,
    )
    assert file_cleaner_program.QUALITY == 95
    assert "quality 95" in TEXT


def test_every_object_that_files_are_attached_to_is_named():
    assert [kind for kind in ATTACHABLE_KINDS if kind not in TEXT] == []
