"""What became of seized guns, over HTTP: hand-overs, dispositions, origins, and their corrections."""

from itertools import permutations

import pytest

from tests.support import bodies

NOBODY = "0199f2c0-0000-7000-8000-000000000000"
OWNER = bodies.party("Ana Ejemplo", "BRA", "individual")
ON = {"occurred_on": "2026-03-05"}


def at(hour):
    moment = f"2026-03-05T{hour:02}:00:00Z"
    return {**ON, "occurred_at": moment, "time_zone": "America/Sao_Paulo"}


def hand_over(giver, receiver, hour, **more):
    return {"from": giver, "to": receiver, **at(hour), **more}


def dispose(kind, **more):
    return {"kind": kind, **ON, **more}


DESTROYED = dispose("destroyed", act_number="ACTA-7")


@pytest.fixture
def seizure(police):
    return police.post("/seizures", bodies.seizure(occurred_on="2026-03-01")).json


@pytest.fixture
def enter(police, seizure):
    """Return a function that enters what became of the seizure's gun, and answers its custody."""

    def enter(path, body, expect=201):
        answer = police.post(f"/seizures/{seizure['id']}/{path}", body, expect).json
        return answer["items"][0] if expect < 300 else answer

    return enter


def found(custody):
    return [finding["code"] for finding in custody["findings"]]


def test_the_agency_that_seized_a_gun_has_it_until_it_is_handed_over(police, seizure, enter):
    custody = police.get(f"/seizures/{seizure['id']}/custody").json["items"][0]
    assert (custody["holder"], custody["in_custody"]) == ("BRA-POLICE", True)
    custody = enter("handovers", hand_over("BRA-POLICE", "Store 4", 12, seal="S-1"))
    [entry] = custody["handovers"]
    assert (custody["holder"], entry["seal"], entry["agency"]) == ("Store 4", "S-1", "BRA-TEST")
    assert found(custody) == []


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_entries_and_a_correction_give_the_same_chain_in_any_order(order, enter):
    chain = [
        hand_over("BRA-POLICE", "Laboratory", 10),
        hand_over("Laboratory", "Store 4", 11),
        hand_over("Store 9", "Court", 12),
    ]
    for number in order:
        custody = enter("handovers", chain[number])
    assert found(custody) == ["gap"]
    wrong = custody["findings"][0]["entry"]
    right = hand_over("Store 4", "Court", 12, corrects=wrong, reason="Misread the store")
    custody = enter("handovers", right)
    assert (found(custody), custody["holder"], len(custody["handovers"])) == ([], "Court", 3)
    assert [each["version"] for each in custody["handovers"] if each["id"] == wrong] == [2]


def test_an_entry_is_withdrawn_with_a_reason_and_stays_readable(police, seizure, enter):
    custody = enter("handovers", hand_over("Store 9", "Court", 12))
    path = f"/seizures/{seizure['id']}/entries/{custody['handovers'][0]['id']}/withdraw"
    custody = police.post(path, {"reason": "Of another gun"}, 200).json["items"][0]
    [entry] = custody["handovers"]
    assert (entry["status"], entry["reason"], found(custody)) == ("withdrawn", "Of another gun", [])
    assert custody["holder"] == "BRA-POLICE"
    police.post(path, {"reason": "Again"}, 409)


@pytest.mark.parametrize(
    "body,event",
    [
        (DESTROYED, "destruction"),
        (dispose("deactivated", act_number="D-1"), "deactivation"),
        (dispose("retained", confiscation_mark="PNC 2026"), "state_issue"),
        (dispose("returned", to=OWNER), "state_to_civilian"),
    ],
)
def test_a_disposition_that_ends_custody_makes_the_record(
    as_actor, police, seizure, enter, body, event
):
    custody = enter("dispositions", body)
    assert (custody["in_custody"], custody["holder"]) == (False, None)
    transfer = as_actor("BRA", "licensing_officer").get(
        f"/transfers/{custody['dispositions'][0]['transfer']}"
    )
    assert (transfer.json["kind"], transfer.json["occurred_on"]) == (event, "2026-03-05")
    assert transfer.json["firearm"]["serial"] == "ABC123456"
    history = police.get(f"/guns/{seizure['items'][0]['record']}").json
    assert [each["record"]["event"] for each in history["records"]] == ["seized", event]
    assert history["findings"] == []


def test_a_destruction_of_which_the_month_is_known_is_no_contradiction(as_actor, enter):
    custody = enter("dispositions", DESTROYED | {"occurred_on": "2026-03"})
    [entry] = custody["dispositions"]
    transfer = as_actor("BRA", "licensing_officer").get(f"/transfers/{entry['transfer']}").json
    assert [each["occurred_on"] for each in (entry, transfer)] == ["2026-03", "2026-03"]
    assert found(custody) == []


@pytest.mark.parametrize(
    "body,field",
    [
        (dispose("destroyed"), "act_number"),
        (dispose("retained"), "confiscation_mark"),
        (dispose("returned"), "to"),
        (dispose("sold"), "kind"),
        (dispose("evidence", occurred_on="2026-02-01"), "occurred_on"),
        (dispose("evidence", lines=[7]), "lines"),
        (dispose("evidence", corrects=NOBODY), "reason"),
    ],
)
def test_a_disposition_that_cannot_be_is_refused(enter, body, field):
    assert list(enter("dispositions", body, 422)["errors"]) == [field]


def test_a_hand_over_needs_its_time(enter):
    body = {"from": "A", "to": "B", **ON}
    assert list(enter("handovers", body, 422)["errors"]) == ["occurred_at"]


def test_custody_ends_once_and_a_withdrawn_destruction_did_not_happen(
    as_actor, police, seizure, enter
):
    custody = enter("dispositions", DESTROYED)
    assert enter("dispositions", DESTROYED, 409)["code"] == "conflict"
    [entry] = custody["dispositions"]
    path = f"/seizures/{seizure['id']}/entries/{entry['id']}/withdraw"
    custody = police.post(path, {"reason": "It was another"}, 200).json["items"][0]
    assert custody["in_custody"]
    licensing = as_actor("BRA", "licensing_officer")
    assert licensing.get(f"/transfers/{entry['transfer']}").json["status"] == "withdrawn"
    history = police.get(f"/guns/{seizure['items'][0]['record']}").json["records"]
    assert [each["record"]["event"] for each in history] == ["seized"]


def test_after_the_end_of_custody_only_what_was_before_it_is_entered(enter):
    enter("dispositions", DESTROYED)
    late = hand_over("BRA-POLICE", "Store 4", 12) | {
        "occurred_on": "2026-03-06",
        "occurred_at": "2026-03-06T12:00:00Z",
    }
    assert list(enter("handovers", late, 422)["errors"]) == ["occurred_at"]
    body = dispose("evidence", occurred_on="2026-03-06")
    assert list(enter("dispositions", body, 422)["errors"]) == ["occurred_on"]
    assert found(enter("handovers", hand_over("BRA-POLICE", "Store 4", 12))) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "destruction"},
        {"kind": "state_to_civilian"},
        {"kind": "domestic_sale", "from": bodies.party("Police", "BRA", "police")},
    ],
)
def test_a_transfer_of_a_gun_in_custody_is_refused_and_names_the_route(
    as_actor, seizure, enter, changes
):
    licensing = as_actor("BRA", "licensing_officer")
    body = bodies.transfer(**ON, **changes)
    wrong = licensing.post("/transfers", body, 422).json["errors"]
    assert f"/api/v1/seizures/{seizure['id']}/dispositions" in wrong["firearm"][0]
    licensing.post("/transfers", body | {"occurred_on": "2026-02-20"}, 201)  # before the seizure
    enter("dispositions", dispose("returned", to=OWNER))
    licensing.post("/transfers", body, 201)


def test_an_origin_that_an_authority_established_is_read_with_the_custody(enter):
    body = {**ON, "established_by": "court", "diversion_kind": "straw_purchase", "state": "PRY"}
    [origin] = enter("origins", body)["origins"]
    assert body.items() <= origin.items()


def test_nothing_is_entered_of_a_withdrawn_seizure(police, seizure, enter):
    path = f"/seizures/{seizure['id']}/withdraw"
    police.post(path, {"reason": "Twice"}, 200, If_Match='"1"')
    assert enter("dispositions", DESTROYED, 409)["code"] == "illegal_transition"


def test_a_seizure_whose_gun_was_destroyed_is_withdrawn_after_its_disposition(
    police, seizure, enter
):
    [entry] = enter("dispositions", DESTROYED)["dispositions"]
    path = f"/seizures/{seizure['id']}"
    why = {"reason": "Twice"}
    assert police.post(f"{path}/withdraw", why, 409, If_Match='"1"').json["code"] == "conflict"
    police.post(f"{path}/entries/{entry['id']}/withdraw", why, 200)
    assert police.post(f"{path}/withdraw", why, 200, If_Match='"1"').json["status"] == "withdrawn"
