"""The README's tour, pasted into a shell against a demo region, gives the output that it shows."""

import os

from tests.docs.conftest import assert_shown, blocks
from tests.support.source import ROOT

TEXT = (ROOT / "README.md").read_text()


def test_the_tour_gives_the_output_that_it_shows(shell):
    steps = blocks(TEXT)
    tour = "\necho --\n".join(commands for commands, _ in steps)
    printed = shell(tour.replace("http://127.0.0.1:8000/api/v1", os.environ["SALSA_URL"]))
    assert printed.stderr == ""
    outputs = printed.stdout.split("--\n")
    assert len(outputs) == len(steps) == 5
    for output, (_, shown) in zip(outputs, steps, strict=True):
        assert_shown(output, shown)


def test_it_is_short():
    assert len(TEXT.splitlines()) <= 120
