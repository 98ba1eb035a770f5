"""The program shows how a cell is understood, and needs no database for it."""

import pytest
from click.testing import CliRunner

from api.cli import main
from api.cli.marks import DAMAGE
from salsa_ext.matching import damages


def told(*cells, text=None):
    ran = CliRunner().invoke(main, ["mark", "read", *cells], input=text)
    assert ran.exit_code == 0
    return ran.output.splitlines()


@pytest.mark.parametrize("cell,lines", [
    ("Cano A3247, Armação A32475.", ["  mark     A3247 (barrel)", "  mark     A32475 (frame)"]),
    ("KPT48213 (provável)", ["  mark     KPT48213 (probable) “provável”"]),
    ("raspado", ["  no mark", "  marking  obliterated"]),
    ("KPT48213, con mira", ["  mark     KPT48213", "  remark   con mira"]),
    ("#####", ["  no mark", "  marking  unknown",
               "  damage   width: the column was too narrow; what stood there is gone",
               "  remark   #####"]),
])  # fmt: skip
def test_a_cell_is_shown_with_what_it_says(cell, lines):
    assert told(cell) == [cell, *lines]


def test_cells_are_read_from_standard_input_one_a_line():
    assert told("-", text="KPT48213\nS/N\n") == [
        "KPT48213", "  mark     KPT48213", "S/N", "  no mark", "  marking  unmarked",
    ]  # fmt: skip


def test_each_damage_is_explained():
    assert set(DAMAGE) == damages.CODES
