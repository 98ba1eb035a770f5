"""Formulas in the files of lists, in each language's own way to take a line apart.

Before: `x;=cmd|' /C calc'!A0;y` was written as it is, and a spreadsheet in Spanish, Portuguese or
French, which parts at semicolons, had a formula in a cell of its own.
"""

import csv
import io

from api.http.tables import escape_formula
from salsa_ext.core.codes import LANGUAGES
from tests.support import bodies

STARTS = "=+-@＝＋－＠"


NUMBERS = {
    text.format(start)
    for text in ("{}1+1", "x;{}1+1;y", "x,{}1+1", "x ;{}1", 'x;"{}1+1;y', 'x, ""{}1')
    for start in STARTS
}


def test_no_cell_begins_a_formula_whatever_parts_the_line(as_actor):
    client = as_actor("PRY", "licensing_officer", background=False)
    for number in NUMBERS:
        client.post("/transfers", bodies.transfer(number=number))
    for language in LANGUAGES:
        answer = client.get("/transfers?format=csv&limit=100", Accept_Language=language)
        lines = answer.data.decode("utf-8-sig")
        for separator in ",;\t":
            for row in csv.reader(io.StringIO(lines), delimiter=separator):
                assert not [cell for cell in row if cell.lstrip(' "').startswith(tuple(STARTS))]
        own = "," if language == "en" else ";"
        rows = csv.DictReader(io.StringIO(lines), delimiter=own)
        assert {row["number"].replace("'", "") for row in rows} == NUMBERS


def test_negative_numbers_stay_numbers():
    assert [escape_formula(text) for text in ("-12", "-58.38", "-1+1")] == [
        "-12",
        "-58.38",
        "'-1+1",
    ]
