"""The example of a lead, asked of the demo region once its jobs have matched it, is what one gets."""

from tests.docs.conftest import assert_shown, blocks
from tests.support.source import ROOT

[(TYPED, SHOWN)] = blocks((ROOT / "docs" / "leads.md").read_text())


def test_the_example_is_what_one_gets(shell):
    printed = shell(TYPED)
    assert printed.stderr == ""
    assert_shown(printed.stdout, SHOWN)
