"""Codes of the Harmonized System."""

import pytest

from salsa_ext.firearms.records.validation import hs_heading, hs_headings


@pytest.mark.parametrize("code", ["9302", "9302.00", "930200", "9302.00.00", "9302000000"])
def test_a_code_has_its_heading_with_dots_or_without(code):
    assert hs_heading(code) == "9302"


@pytest.mark.parametrize(
    "code", ["", "93", "930", "93020", "9302.0", "93-02", "9302.00.00.00.00", "pistol"]
)
def test_what_is_no_code_has_none(code):
    assert hs_heading(code) is None


@pytest.mark.parametrize(
    "category,code,fits",
    [
        ("firearm", "9302", True),
        ("firearm", "9306", False),
        ("ammunition", "9306", True),
        ("explosive", "3602", True),
        ("firearm", "3602", False),
        ("part", "9305", True),
    ],
)
def test_a_category_has_its_headings(category, code, fits):
    assert (code in hs_headings(category)) == fits


def test_an_unknown_category_has_all_of_chapter_93():
    assert hs_headings(None) == tuple(f"93{number:02}" for number in range(1, 8))
