"""Matches when something is corrected: they come, go, and are judged anew."""

import pytest

from api.schemas.documents import TransferRequest
from salsa_ext.documents import transfers
from tests.support import bodies
from tests.support.matches import act, correct, matches, sold

pytestmark = pytest.mark.between_writes


def test_a_correction_of_a_serial_makes_a_new_match(as_actor, police):
    sale = sold(as_actor)["firearm"]["record"]
    made = police.post("/seizures", bodies.seizure(items=[bodies.firearm(serial="XYZ987654")])).json
    assert matches(police) == []
    correct(police, "seizures", made, bodies.seizure(reason="Read again under a lamp"))
    [match] = matches(police)
    assert match["other"]["record"] == sale


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_a_correction_of_a_serial_takes_its_match_away_from_both(
    as_actor, police, pry_police, is_confirmed
):
    sold(as_actor)
    made = police.post("/seizures", bodies.seizure()).json
    [match] = matches(pry_police)
    if is_confirmed:
        act(pry_police, match, "confirm")
    other = bodies.seizure(items=[bodies.firearm(serial="XYZ987654")], reason="Misread")
    correct(police, "seizures", made, other)
    assert matches(police) == matches(pry_police) == []
    [gone] = matches(pry_police, "?current=false")
    assert (gone["id"], gone["current"]) == (match["id"], False)
    assert act(pry_police, gone, "reject", 409, reason="x")["code"] == "conflict"
    codes = [each["code"] for each in pry_police.get("/notifications").json["items"]]
    assert ("match_withdrawn" in codes) == is_confirmed


def test_a_removed_match_returns_with_the_marks_and_is_judged_again(as_actor, police, pry_police):
    sold(as_actor)
    made = police.post("/seizures", bodies.seizure()).json
    [match] = matches(pry_police)
    act(pry_police, match, "confirm")
    other = bodies.seizure(items=[bodies.firearm(serial="XYZ987654")], reason="Misread")
    made = correct(police, "seizures", made, other)
    correct(police, "seizures", made, bodies.seizure(reason="It was right at first"))
    [again] = matches(pry_police)
    assert (again["id"], again["status"], again["current"]) == (match["id"], "proposed", True)


def test_a_rejected_match_is_not_proposed_again_by_other_facts(as_actor, police):
    sold(as_actor)
    made = police.post("/seizures", bodies.seizure()).json
    [match] = matches(police)
    act(police, match, "reject", reason="Another gun")
    correct(police, "seizures", made, bodies.seizure(reason="Place", occurred_on="2026-03-02"))
    assert matches(police)[0]["status"] == "rejected"


def test_other_marks_open_a_rejected_match_again_once(as_actor, police, pry_police):
    sold(as_actor)
    made = police.post("/seizures", bodies.seizure()).json
    [match] = matches(pry_police)
    act(pry_police, match, "reject", reason="Another gun")
    gun = bodies.firearm(marks=[{"kind": "proof", "text": "BNP77"}])
    correct(police, "seizures", made, bodies.seizure(items=[gun], reason="One more mark"))
    [again] = matches(pry_police)
    assert (again["status"], again["reason"], again["decided_by"]) == ("proposed", None, None)
    act(pry_police, again, "reject", reason="Another gun still")
    assert matches(pry_police)[0]["status"] == "rejected"


def test_a_correction_leaves_a_confirmed_match_confirmed_while_the_marks_agree(as_actor, police):
    sold(as_actor)
    made = police.post("/seizures", bodies.seizure()).json
    act(police, matches(police)[0], "confirm")
    gun = bodies.firearm()
    del gun["make"]
    correct(police, "seizures", made, bodies.seizure(items=[gun], reason="The slide is another's"))
    [match] = matches(police)
    assert match["status"] == "confirmed"
    assert "make_same" not in [reason["code"] for reason in match["reasons"]]


def test_a_correction_of_the_other_states_record_moves_the_match_too(police, pry_police, pry):
    sale = pry.post("/transfers", bodies.transfer()).json
    police.post("/seizures", bodies.seizure())
    body = bodies.transfer(firearm=bodies.firearm(serial="XYZ987654"), reason="Typed wrong")
    correct(pry, "transfers", sale, body)
    assert matches(police) == matches(pry_police) == []


def test_a_shipment_that_is_cancelled_leaves_no_match(police, pry_police, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    made = bra.post(f"/permits/{permit}/shipments", bodies.shipment()).json
    serial = bra.get(f"/shipments/{made['id']}/items").json["items"][0]["serial"]
    pry_police.post("/reports", bodies.report(firearm=bodies.firearm(serial=serial)))
    assert matches(police) and matches(pry_police)
    etag = bra.get(f"/shipments/{made['id']}").headers["ETag"]
    bra.post(f"/shipments/{made['id']}/cancel", {"reason": "x"}, 200, If_Match=etag)
    assert matches(police) == matches(pry_police) == []


CROWD = [
    *("123456"[:at] + digit + "123456"[at + 1 :] for at in range(6) for digit in "0123456789"),
    *("123456"[:at] + digit + "123456"[at:] for at in range(7) for digit in "0789"),
]


def test_a_correction_of_the_place_leaves_a_confirmed_match_however_many_fit_better(
    police, pry_police, run
):
    gun = bodies.firearm(serial="123456")
    made = police.post("/seizures", bodies.seizure(items=[gun])).json
    sale = bodies.transfer(occurred_on="2015-01-01", firearm=bodies.firearm(serial="123436"))
    run("PRY", transfers.record, data=TransferRequest().load(sale))
    [match] = matches(police)
    act(police, match, "confirm")
    others = sorted(set(CROWD) - {"123456", "123436"})
    batch = [
        TransferRequest().load(bodies.transfer(firearm=bodies.firearm(serial=serial)))
        for serial in others
    ]
    run("PRY", transfers.record_many, batch=batch)
    before = len(matches(police, "?limit=200"))
    place = bodies.FOZ | {"name": "Foz"}
    correct(police, "seizures", made, bodies.seizure(items=[gun], place=place, reason="The place"))
    after = police.get(f"/matches/{match['id']}").json
    assert (after["status"], after["current"]) == ("confirmed", True)
    assert len(matches(police, "?limit=200")) <= before + 10


def test_a_finer_reading_takes_away_the_matches_that_it_contradicts(as_actor, police, pry_police):
    for digit in "37":
        gun = bodies.firearm(serial=f"TKA5238{digit}")
        sold(as_actor, number=digit, firearm=gun)
    gun = bodies.firearm(serial="raspado", marking="obliterated")
    made = police.post("/seizures", bodies.seizure(items=[gun])).json
    found = []
    for text in ("TKA5238?", "TKA52387"):
        mark = {"kind": "manufacture", "text": text, "method": "chemical", "condition": "restored"}
        path = f"/seizures/{made['id']}/items/1/marks"
        as_actor("BRA", "forensic_examiner").post(path, mark | {"reason": "Etched"})
        found.append((len(matches(police)), len(matches(pry_police))))
    assert found == [(2, 2), (1, 1)]
    sold(as_actor, number="later", firearm=bodies.firearm(serial="TKA52382"))
    codes = [each["reasons"][0]["code"] for each in matches(pry_police)]
    assert codes == ["serial_same", "serial_one"]  # and not the same as far as it was read


def test_a_mark_that_is_only_near_stays_matched_where_somebody_confirmed_it(as_actor, police):
    sold(as_actor, firearm=bodies.firearm(serial="ABC123436"))
    made = police.post("/seizures", bodies.seizure()).json
    [match] = matches(police)
    act(police, match, "confirm")
    sold(as_actor)
    correct(police, "seizures", made, bodies.seizure(reason="Day", occurred_on="2026-03-02"))
    assert {(each["status"], each["id"] == match["id"]) for each in matches(police)} == {
        ("confirmed", True),
        ("proposed", False),
    }
