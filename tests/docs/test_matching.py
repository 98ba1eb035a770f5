"""The page on matches: its commands, pasted into a shell, give the output that it shows."""

import re
import shlex

import pytest
from click.testing import CliRunner

from api.bare import bare_app
from api.cli import main
from api.schemas.reports import ReportRequest
from api.schemas.transfers import TransferRequest
from salsa_ext.clock import FixedClock
from salsa_ext.db import db, transaction
from salsa_ext.policy.rules import operator
from salsa_ext.services import agencies, match_news, matches, reports, transfers
from salsa_ext.services.agencies import ContactData
from tests import bodies
from tests.conftest import NOW
from tests.source import ROOT

TEXT = (ROOT / "docs" / "matching.md").read_text()
[SESSION] = re.findall(r"```\n(\$ .*?)```", TEXT, re.S)
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def salsa(registered_database, tmp_path):
    """Run a command where Paraguay sold a gun that Brazil lost."""
    environment = {
        "SALSA_HOME": str(tmp_path),
        "SALSA_DATABASE_URL": registered_database.database_url.replace("+psycopg2", ""),
        "SALSA_MIGRATION_URL": registered_database.migration_url.replace("+psycopg2", ""),
    }
    with bare_app(registered_database).app_context():
        pry, bra = (operator(state, clock=FixedClock(NOW)) for state in ("PRY", "BRA"))
        with transaction(pry):
            transfers.record(actor=pry, data=TransferRequest().load(bodies.transfer()))
        with transaction(bra):
            duty = ContactData("BRA-POLICE", "duty_24h", ("pt",), "24 h", "+55 45 00000000")
            agencies.add_contact(actor=bra, data=duty)
            reports.record(actor=bra, data=ReportRequest().load(bodies.report()))
        db.engine.dispose()
    return lambda words: CliRunner().invoke(main, words, env=environment).stdout


def test_the_session_gives_the_output_that_it_shows(salsa):
    real: dict[str, str] = {}
    for block in SESSION.split("$ salsa ")[1:]:
        command, _, shown = block.partition("\n")
        said = salsa([real.get(word, word) for word in shlex.split(command)])
        real |= dict(zip(ID.findall(shown), ID.findall(said), strict=True))
        for written, found in real.items():
            said = said.replace(found, written)
        assert said == shown


def test_the_numbers_on_the_page_are_those_of_the_code():
    assert f"at most {matches.AT_ONCE} guns" in TEXT
    assert re.search(rf"more than\s+{match_news.MOST} for one state", TEXT)
