"""Words that people write where a serial number would be, in four languages."""

import pytest

from salsa_ext.firearms.marks.firearm_marks import marking_instead_of_serial


@pytest.mark.parametrize(
    ("cell", "marking"),
    [
        ("RASPADA", "obliterated"),
        ("limée", "obliterated"),
        ("lixada", "obliterated"),
        ("filed off", "obliterated"),
        ("sin número", "unmarked"),
        ("sem numeração", "unmarked"),
        ("sans numéro", "unmarked"),
        ("S/N", "unmarked"),
        ("N/A", "unknown"),
        ("-", "unknown"),
        ("illisible", "unknown"),
        ("TKA5238?", None),
        ("ABCDEF", None),
        ("raspada, restored ABC123", None),
        ("1", None),
        ("", None),
    ],
)
def test_words_instead_of_a_serial_say_how_the_gun_is_marked(cell, marking):
    assert marking_instead_of_serial(cell) == marking
