"""Samples of look-ups: drawn each week for each agency, flagged ones first, reviewed by a supervisor."""

from datetime import timedelta

import pytest

from salsa_ext.core.clock import FixedClock
from salsa_ext.lookups import reviews
from tests.conftest import NOW
from tests.support import bodies
from tests.support.jobs import run_due

NEXT_WEEK = FixedClock(NOW + timedelta(days=7))


@pytest.fixture
def officer(as_actor):
    return as_actor("BRA", "police_officer")


@pytest.fixture
def supervisor(as_actor):
    return as_actor("BRA", "supervisor")


@pytest.fixture
def sample(app, officer, supervisor):
    """Draw the week's sample after checks for cases, and return it."""

    def draw(*cases):
        for case in cases:
            officer.post("/checks", bodies.check(case_number=case))
        run_due(app, "lookup_samples", clock=NEXT_WEEK)
        return supervisor.get("/lookups").json["items"]

    return draw


def test_flagged_look_ups_are_drawn_first(monkeypatch, officer, sample):
    monkeypatch.setattr(reviews, "SAMPLE_SIZE", 3)
    officer.post("/seizures", bodies.seizure(number="KNOWN"))
    drawn = sample(*["KNOWN"] * 6, "INVENTED")
    assert len(drawn) == 3
    assert sorted(row["flagged"] for row in drawn) == [False, False, True]
    assert {row["case_number"] for row in drawn if row["flagged"]} == {"INVENTED"}


def test_a_sample_is_drawn_once(app, officer, sample, supervisor):
    first = sample("C-1")
    officer.post("/checks", bodies.check())
    run_due(app, "lookup_samples", clock=NEXT_WEEK)
    assert supervisor.get("/lookups").json["items"] == first


def test_a_supervisor_is_notified_and_reads_the_own_agency_alone(sample, as_actor):
    [row] = sample("C-1")
    assert (row["action"], row["status"], row["agency"]) == ("check:made", "open", "BRA-TEST")
    [notice] = as_actor("BRA", "supervisor").get("/notifications").json["items"]
    assert (notice["code"], notice["data"]["reviews"]) == ("lookup_sampled", 1)
    other = as_actor("BRA", "supervisor", agency="POLICE")
    assert other.get("/lookups").json["items"] == other.get("/notifications").json["items"] == []
    other.get(f"/lookups/{row['id']}", 404)
    assert as_actor("BRA", "auditor").get("/lookups").json["items"] == [row]
    assert as_actor("PRY", "auditor").get("/lookups").json["items"] == []


def test_a_sample_of_an_agency_without_a_supervisor_is_reviewed_by_all(sample, as_actor):
    other = as_actor("BRA", "supervisor", agency="POLICE")
    [row] = sample("C-1")
    assert other.get("/lookups").json["items"] == []
    administrator = as_actor("BRA", "state_administrator")
    for account in administrator.get("/accounts").json["items"]:
        if (account["role"], account["agency"]) == ("supervisor", row["agency"]):
            administrator.change(f"/accounts/{account['id']}", "close")
    assert other.get("/lookups").json["items"] == [row]
    assert other.change(f"/lookups/{row['id']}", "justify").json["status"] == "justified"


def test_a_look_up_is_justified_once(sample, supervisor):
    [row] = sample("C-1")
    address = f"/lookups/{row['id']}"
    assert supervisor.change(address, "justify").json["status"] == "justified"
    supervisor.change(address, "question", {"comment": "Why?"}, 409)


def test_a_questioned_look_up_is_reported_to_its_officer_and_the_auditors(
    sample, supervisor, as_actor, officer
):
    [row] = sample("C-1")
    supervisor.change(f"/lookups/{row['id']}", "question", {"comment": "Which case?"})
    for reader in (officer, as_actor("BRA", "auditor")):
        codes = [item["code"] for item in reader.get("/notifications").json["items"]]
        assert codes == ["lookup_questioned"]
    assert as_actor("BRA", "auditor").get("/audit?action=lookup:doubted").json["items"]


def test_the_records_of_others_that_were_read_are_drawn_too(sample, as_actor, officer):
    report = as_actor("PRY", "police_officer").post("/reports", bodies.report(visibility="open"))
    record = report.json["firearm"]["record"]
    officer.get(f"/records/{record}", Salsa_Purpose="investigation", Salsa_Case="C-9")
    [row] = sample()
    assert (row["action"], row["subject_id"], row["flagged"]) == ("record:disclosed", record, True)


def test_nobody_decides_on_an_own_look_up(sample, supervisor, as_actor):
    report = as_actor("PRY", "police_officer").post("/reports", bodies.report(visibility="open"))
    record = report.json["firearm"]["record"]
    supervisor.get(f"/records/{record}", Salsa_Purpose="investigation", Salsa_Case="C-9")
    [row] = sample()
    supervisor.change(f"/lookups/{row['id']}", "justify", expect=403)
    as_actor("BRA", "supervisor").change(f"/lookups/{row['id']}", "justify")
