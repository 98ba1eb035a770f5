"""Officers of a state that had a record are notified once when it is corrected or withdrawn."""

import pytest

from salsa_ext.documents import corrections as document_corrections
from salsa_ext.notifications.notice_rules import NOTICE_RULES
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.reports import correct, report, withdraw

pytestmark = pytest.mark.between_writes

PURPOSE = {"Salsa_Purpose": "seizure", "Salsa_Case": "C-7"}
CODES = ("record_corrected", "record_withdrawn", "pointer_withdrawn")


@beginning
def pry(as_actor):
    return as_actor("PRY", "police_officer")


@pytest.fixture
def notices(as_actor):
    """List what a role of a state is notified of corrections: the code, the subject, whose it is, the data."""

    def read(state="BRA", role="police_officer"):
        items = as_actor(state, role).get("/notifications").json["items"]
        return [
            (item["code"], *item["subject"].values(), item["data"])
            for item in items
            if item["code"] in CODES
        ]

    return read


def check(client):
    return client.post("/checks", bodies.check()).json["id"]


@pytest.mark.parametrize(
    ("change", "code"), [(correct, "record_corrected"), (withdraw, "record_withdrawn")]
)
def test_who_received_a_record_is_notified_once(pry, police, notices, change, code):
    made = report(pry)
    record = made["firearm"]["record"]
    check(police)
    check(police)
    police.get(f"/records/{record}", **PURPOSE)
    change(pry, made)
    data = {"by": "PRY", "version": 2}
    assert notices() == [(code, "record", "PRY", record, data)]
    assert notices("ARG") == notices("PRY") == []


@pytest.mark.parametrize("role", NOTICE_RULES["record_corrected"].roles)
def test_whoever_reads_records_or_the_audit_is_notified(pry, police, notices, role):
    made = report(pry)
    check(police)
    correct(pry, made)
    assert len(notices(role=role)) == 1
    assert notices(role="state_administrator") == []


def test_a_record_given_for_two_traces_is_reported_once_with_both(pry, notices, analyst):
    made = report(pry)
    traces = [
        analyst.post("/traces", bodies.trace(confirm_second=True)).json["id"] for _ in range(2)
    ]
    correct(pry, made)
    [(*_, notifications)] = notices()
    assert notifications.get("about") == sorted(traces)


def test_of_what_was_no_more_than_pointed_to_the_check_is_named_and_no_record(pry, police, notices):
    made = report(pry, visibility="pointer")
    asked = check(police)
    withdraw(pry, made)
    assert notices() == [("pointer_withdrawn", "check", "BRA", asked, {"by": "PRY"})]


def test_of_a_receipt_that_was_answered_by_a_pointer_the_receipt_is_named(pry, police, notices):
    made = report(pry, visibility="pointer")
    seized = police.post("/seizures", bodies.seizure()).json["id"]
    withdraw(pry, made)
    assert notices() == [("pointer_withdrawn", "seizure", "BRA", seized, {"by": "PRY"})]


@pytest.fixture
def three(pry, police):
    """Three guns that Paraguay seized and Brazil read, to be corrected as many at a time as are given."""
    made, place = [], bodies.FOZ | {"country": "PRY", "name": "Asunción"}
    for number, lines in (("S-1", (1,)), ("S-3", (1, 2, 3))):
        items = [bodies.firearm(line=line, serial=f"{number}5678{line}") for line in lines]
        body = bodies.seizure(number=number, items=items, place=place)
        seized = pry.post("/seizures", body).json
        for item in seized["items"]:
            police.get(f"/records/{item['record']}", **PURPOSE)
        made.append((f"/seizures/{seized['id']}/correct", body))

    def correct(which):
        path, body = made[which]
        result = body | {"reason": "Another day", "occurred_on": "2026-02-27"}
        pry.post(path, result, 200, If_Match='"1"')

    return correct


def test_of_very_many_at_once_the_first_is_reported_with_how_many_there_are(
    three, notices, monkeypatch
):
    monkeypatch.setattr(document_corrections, "MAX_NOTICES", 2)
    three(1)
    [(*_, notifications)] = notices()
    assert notifications == {"by": "PRY", "version": 2, "count": 3}


def test_however_many_records_are_told_they_are_written_together(three, notices, asked):
    written = []
    for which in (0, 1):
        asked.clear()
        three(which)
        written.append(sum("INSERT INTO notification" in each for each in asked))
    assert written == [1, 1] and len(notices()) == 4
