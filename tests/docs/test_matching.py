"""The page on matches: its commands, pasted into a shell, give the output that it shows."""

import re

import pytest

from api.app import create_app
from api.schemas.documents import ReportRequest, TransferRequest
from salsa_ext.access.rules import operator
from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import ContactData
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from salsa_ext.documents import reports, transfers
from salsa_ext.matches import notices as match_notices
from tests.conftest import NOW
from tests.docs.conftest import assert_session
from tests.support import bodies
from tests.support.serving import open_accounts, served
from tests.support.source import ROOT

TEXT = (ROOT / "docs" / "matching.md").read_text()
[SESSION] = re.findall(r"```\n(\$ .*?)```", TEXT, re.S)


@pytest.fixture
def police(registered_database, tmp_path, monkeypatch):
    """The police of Paraguay, which sold a gun that Brazil lost."""
    monkeypatch.setenv("SALSA_HOME", str(tmp_path))
    app = create_app(registered_database, FixedClock(NOW))
    with app.app_context():
        pry, bra = (operator(state, clock=FixedClock(NOW)) for state in ("PRY", "BRA"))
        with transaction(pry):
            transfers.record(actor=pry, data=TransferRequest().load(bodies.transfer()))
        with transaction(bra):
            duty = ContactData("BRA-POLICE", "duty_24h", ("pt",), "24 h", "+55 45 00000000")
            agencies.add_contact(actor=bra, data=duty)
            reports.record(actor=bra, data=ReportRequest().load(bodies.report()))
    with served(app) as url:
        open_accounts(app, tmp_path, url, ["pry.police_officer"])
        yield
    with app.app_context():
        db.engine.dispose()


@pytest.mark.usefixtures("police")
def test_the_session_gives_the_output_that_it_shows():
    assert_session(SESSION)


def test_the_numbers_on_the_page_are_those_of_the_code():
    assert re.search(rf"more than\s+{match_notices.MAX_SEPARATE_NOTICES}\s+guns", TEXT)
