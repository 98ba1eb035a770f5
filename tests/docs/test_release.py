"""The page on what goes to whom: its tables are the function's, and its commands give what they show."""

import re
from datetime import date

import pytest

from api.app import create_app
from api.docs import release_page
from api.http.context import core_app
from api.schemas.documents import TransferRequest
from salsa_ext.access.release import (
    INVESTIGATOR_ROLES,
    NAMING_PURPOSES,
    READER_ROLES,
    Reader,
    Statement,
    Use,
    decide_release,
)
from salsa_ext.access.rules import operator
from salsa_ext.core.actor import Purpose
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.codes import CONSENT_USES, FIELD_GROUPS, HANDLING_CODES
from salsa_ext.database.session import db, transaction
from salsa_ext.disclosure import disclosures
from salsa_ext.documents import transfers
from salsa_ext.firearms.records.queries import records_of_documents
from tests.conftest import NOW
from tests.docs.conftest import assert_session
from tests.support import bodies
from tests.support.serving import open_accounts, served
from tests.support.source import ROOT

TEXT = (ROOT / "docs" / "release.md").read_text()
SESSIONS = re.findall(r"```\n(\$ .*?)```", TEXT, re.S)
READER = Reader("BRA", "police_officer", date(2026, 3, 9), "investigation", "C-1")
STATEMENTS = {
    "finder, open": Statement("PRY"),
    "finder, pointer": Statement("PRY", "pointer"),
    "finder, silent": Statement("PRY", "silent"),
    "concerned": Statement("PRY", concerns=True),
    "permit or shipment, concerned": Statement("PRY", concerns=True, is_paper=True),
}


def table(heading):
    lines = TEXT.partition(f"## {heading}")[2].partition("\n## ")[0].splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("|") and not line.startswith("|---")
    ]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def word(decision):
    words = {
        "named_on_request": "on request",
        "ask_for_court": "with consent",
        "ask_for_onward": "with consent",
    }
    return "yes" if decision.allowed else words.get(decision.code, "no")


def test_the_table_of_readers_is_that_of_the_function():
    rows = table("Who reads what")
    groups = [re.match(r"`(\w+)`", row.pop("Fields"))[1] for row in rows]
    assert tuple(groups) == FIELD_GROUPS
    for group, row in zip(groups, rows, strict=True):
        assert row == {
            name: word(decide_release(group, statement, READER))
            for name, statement in STATEMENTS.items()
        }


def test_the_tables_of_fields_are_those_of_the_declarations(app, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert release_page(app) == TEXT


def test_the_table_of_uses_is_that_of_the_function():
    rows = {row["Handling"]: row for row in table("What may be done with it")}
    assert tuple(rows) == HANDLING_CODES
    for code, row in rows.items():
        statement = Statement("PRY", handling=code)
        assert row["In court"] == word(decide_release("firearm", statement, READER, Use("court")))
        onward = decide_release("firearm", statement, READER, Use("onward", "URY"))
        assert row["To a third state"] == word(onward)


def test_the_page_names_every_use_and_the_roles_of_the_function():
    assert tuple(row["Use"].strip("`") for row in table("Consent")) == CONSENT_USES
    assert READER_ROLES - {"operator"} == {
        "licensing_officer",
        "police_officer",
        "forensic_examiner",
        "border_officer",
        "trace_analyst",
        "supervisor",
    }
    assert INVESTIGATOR_ROLES - {"operator"} == {"police_officer", "trace_analyst", "supervisor"}
    assert sorted(NAMING_PURPOSES) == ["investigation", "seizure"]


@pytest.fixture
def record(registered_database):
    """A sale of Paraguay that Brazil read in a case."""
    with core_app(registered_database).app_context():
        pry, bra = (operator(state, clock=FixedClock(NOW)) for state in ("PRY", "BRA"))
        with transaction(pry):
            sale = transfers.record(actor=pry, data=TransferRequest().load(bodies.transfer()))
            sold = records_of_documents([sale])[sale][0].record.id
        bra = bra.for_purpose(Purpose("investigation", "C-1"))
        with transaction(bra):
            disclosures.read_record(actor=bra, record_id=sold)
        db.engine.dispose()
    return str(sold)


def test_the_sessions_give_the_output_that_they_show(
    registered_database, record, tmp_path, monkeypatch
):
    monkeypatch.setenv("SALSA_HOME", str(tmp_path))
    app = create_app(registered_database, FixedClock(NOW))
    with served(app) as url:
        open_accounts(app, tmp_path, url, ("bra.trace_analyst", "pry.trace_analyst"))
        assert_session("".join(SESSIONS), {"019c0000-0000-7000-8000-000000000001": record})
    with app.app_context():
        db.engine.dispose()
