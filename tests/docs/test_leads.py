"""The example of a lead, asked of the demo region once its jobs have matched it, is what one gets."""

import pytest

from api.http.context import core_app
from salsa_ext.database.session import db
from tests.docs.conftest import assert_shown, blocks
from tests.support.jobs import jobs_to_idle
from tests.support.source import ROOT

[(TYPED, SHOWN)] = blocks((ROOT / "docs" / "leads.md").read_text())


@pytest.fixture
def matched(demo):
    """Match all that the region recorded."""
    app = core_app(demo)
    with app.app_context():
        jobs_to_idle(app)
        db.engine.dispose()


def test_the_example_is_what_one_gets(matched, shell):
    printed = shell(TYPED)
    assert printed.stderr == ""
    assert_shown(printed.stdout, SHOWN)
