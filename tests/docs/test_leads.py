"""The example of a lead, asked of the demo region once its worker has matched it, is what one gets."""

import pytest

from api.http.context import core_app
from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction
from salsa_ext.matches import jobs as match_jobs
from tests.docs.conftest import assert_shown, blocks
from tests.support.source import ROOT

[(TYPED, SHOWN)] = blocks((ROOT / "docs" / "leads.md").read_text())


@pytest.fixture
def matched(demo):
    """Let the worker match what it matches first, of the two states that seized guns of the lead."""
    with core_app(demo).app_context():
        for state in ("MEX", "GTM"):
            waiting = 1
            while waiting:
                with transaction(operator(state)):
                    waiting = match_jobs.match_queued(actor=operator(state), only_of_crime=True)
        db.engine.dispose()


def test_the_example_is_what_one_gets(matched, shell):
    printed = shell(TYPED)
    assert printed.stderr == ""
    assert_shown(printed.stdout, SHOWN)


def test_before_that_there_are_fewer_leads(shell):
    first = shell("\n".join(TYPED.splitlines()[:2]) + "\necho $lead")
    assert (first.stdout, first.stderr) == ("\n", "")
