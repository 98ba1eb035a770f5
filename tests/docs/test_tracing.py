"""The walk through a trace, pasted into a shell on the demo region, gives the output that it shows."""

from tests.docs.conftest import assert_shown, blocks
from tests.support.source import ROOT

TEXT = (ROOT / "docs" / "tracing.md").read_text()


def test_the_walk_gives_the_output_that_it_shows(shell):
    steps = blocks(TEXT)
    printed = shell("\necho --\n".join(typed for typed, _ in steps))
    assert printed.stderr == ""
    outputs = printed.stdout.split("--\n")
    assert len(outputs) == len(steps) == 5
    for output, (_, shown) in zip(outputs, steps, strict=True):
        assert_shown(output, shown)
