"""States that were shown a record are notified once when it is corrected or withdrawn."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.movements import Way, act, add
from tests.support.reports import correct, report, withdraw

pytestmark = pytest.mark.between_writes

PURPOSE = {"Salsa_Purpose": "seizure", "Salsa_Case": "C-7"}


@beginning
def pry(as_actor):
    return as_actor("PRY", "police_officer")


@pytest.fixture
def corrections(as_actor):
    """List what a state's auditor reads of corrections: of which subject, by whom, and with what data."""

    def read(state="BRA"):
        entries = as_actor(state, "auditor").get("/audit?action=record:corrected").json["items"]
        return [
            (row["subject_kind"], row["subject_id"], row["state"], row["data"]) for row in entries
        ]

    return read


def check(client, **changes):
    return client.post("/checks", bodies.check(**changes)).json["id"]


def seize(client, **changes):
    return client.post("/seizures", bodies.seizure(**changes)).json["id"]


def misread(client):
    """Seize a gun that is no more than near: the match alone shows the record."""
    return seize(client, items=[bodies.firearm(serial="ABC123465")])


@pytest.mark.parametrize("show", [check, seize, misread])
@pytest.mark.parametrize("change", [withdraw, correct])
def test_a_state_that_was_shown_a_record_is_notified_once(pry, police, corrections, show, change):
    made = report(pry)
    show(police)
    check(police)
    change(pry, made)
    assert corrections() == [("record", made["firearm"]["record"], "PRY", {"version": 2})]
    assert corrections("ARG") == []


def test_each_further_correction_is_told(pry, police, corrections):
    made = report(pry)
    check(police)
    correct(pry, made)
    correct(pry, made, version=2)
    assert [value for *_, value in corrections()] == [{"version": 3}, {"version": 2}]


def test_a_reader_and_finder_in_one_is_notified_once(as_actor, pry, police, corrections):
    made = report(pry)
    as_actor("BRA", "trace_analyst").post("/traces", bodies.trace())
    check(police)
    police.get(f"/records/{made['firearm']['record']}", **PURPOSE)
    correct(pry, made)
    assert len(corrections()) == 1


def test_a_correction_is_reported_to_the_state_that_saw_the_seizure_in_a_match(
    pry, police, corrections
):
    report(pry)
    made = police.post("/seizures", bodies.seizure()).json
    body = bodies.seizure(reason="Read again", occurred_on="2026-02-28")
    police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match='"1"')
    assert corrections("PRY") == [("record", made["items"][0]["record"], "BRA", {"version": 2})]


def test_a_transfer_that_was_found_is_reported_when_it_is_corrected(as_actor, police, corrections):
    clerk = as_actor("PRY", "licensing_officer")
    made = clerk.post("/transfers", bodies.transfer()).json
    check(police)
    body = bodies.transfer(reason="Day", occurred_on="2024-05-07")
    clerk.post(f"/transfers/{made['id']}/correct", body, 200, If_Match='"1"')
    assert corrections() == [("record", made["firearm"]["record"], "PRY", {"version": 2})]


def test_of_a_pointer_that_is_withdrawn_the_check_is_named_and_no_record(pry, police, corrections):
    made = report(pry, visibility="pointer")
    asked = check(police)
    withdraw(pry, made)
    assert corrections() == [("check", asked, "PRY", {})]


def test_of_a_pointer_that_is_corrected_nothing_is_told(pry, police, corrections):
    """That its state holds something is all that was shown, and stands."""
    made = report(pry, visibility="pointer")
    check(police)
    correct(pry, made, visibility="pointer")
    assert corrections() == []


@pytest.mark.parametrize("change", [withdraw, correct])
def test_a_state_from_which_a_record_is_silent_is_not_notified(
    pry, police, corrections, run, change
):
    made = report(pry, visibility="silent")
    check(police)
    change(pry, made)
    assert corrections() == []


def test_of_what_became_silent_who_found_it_before_is_told_nothing(pry, police, corrections):
    made = report(pry)
    check(police)
    made = correct(pry, made, visibility="silent")
    assert corrections() == []
    withdraw(pry, made)
    assert corrections() == []


def test_a_record_shown_with_a_silent_one_reveals_it_to_nobody(
    as_actor, pry, police, corrections, run
):
    made = report(pry)
    seize(police, visibility="silent")
    correct(pry, made)
    assert corrections() == [] and corrections("PRY") == []


def test_the_own_state_reads_nothing_of_whom_its_searches_told(pry, police, corrections):
    made = report(pry)
    check(police)
    withdraw(pry, made)
    assert corrections("PRY") == []


@beginning
def way(as_actor):
    return Way(as_actor)


def cancel(way, made):
    act(way.bra, made, "cancel", reason="Not sold")


def turn_back(way, made):
    way.release(made)
    way.tick(made, "exit")
    way.tick(made, "transit_in", 3, outcome="refused")
    add(way.bra, made, "receipt", received_on="2026-03-08", items=[{"serial": "TKA52390"}])


@pytest.mark.parametrize("end", [cancel, turn_back])
def test_of_a_shipment_that_did_not_go_after_all_who_was_shown_its_gun_is_told(
    as_actor, way, corrections, end
):
    made = way.ship("TKA52380", "TKA52390")
    check(as_actor("ARG", "police_officer"), serial="TKA52390")
    [record] = [gun["record"] for gun in made["items"] if gun["serial"] == "TKA52390"]
    end(way, made)
    assert corrections("ARG") == [("record", record, "BRA", {"version": 1})]
    assert corrections("URY") == []


def test_of_a_gun_that_stays_abroad_nobody_is_told_when_the_rest_came_back(
    as_actor, way, corrections
):
    made = way.ship("TKA52380", "TKA52390")
    check(as_actor("ARG", "police_officer"), serial="TKA52380")
    turn_back(way, made)
    assert corrections("ARG") == []


def test_of_a_gun_that_did_not_arrive_after_all_the_news_is_that_it_is_withdrawn(way, arg_police):
    made = way.ship("TKA52380", "TKA52390")
    way.release(made)
    way.tick(made, "exit")
    both = [{"serial": "TKA52380"}, {"serial": "TKA52390"}]
    day = {"received_on": "2026-03-05"}
    add(way.bol, made, "receipt", items=both, **day)
    check(arg_police, serial="TKA52390")
    act(way.bol, made, "receipt/correct", reason="Miscounted", items=both[:1], **day)
    assert [item["code"] for item in arg_police.get("/notifications").json["items"]] == [
        "record_withdrawn"
    ]
