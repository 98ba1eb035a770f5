"""To whom a record was given: its owner lists it, as soon as it was given."""

from uuid import UUID

from salsa_ext.access.audit import append_many
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import transaction
from salsa_ext.disclosure.disclosures import RecordFinding, finding_events
from tests.conftest import NOW
from tests.support import bodies
from tests.support.grounds import beginning

PURPOSE = {"Salsa_Purpose": "seizure", "Salsa_Case": "C-7"}


@beginning
def record(as_actor):
    clerk = as_actor("PRY", "licensing_officer")
    return clerk.post("/transfers", bodies.transfer(number="T-1", handling="H2")).json["firearm"][
        "record"
    ]


def listed(client, record, query=""):
    return client.get(f"/records/{record}/disclosures{query}").json["items"]


def test_a_record_that_nobody_was_given_has_no_disclosure(pry_analyst, record):
    pry_analyst.get(f"/records/{record}")
    assert listed(pry_analyst, record) == []


def test_it_says_who_was_given_what_for_which_case_and_how_it_is_handled(
    as_actor, pry_analyst, record
):
    as_actor("BRA", "police_officer").get(f"/records/{record}", **PURPOSE)
    [found] = listed(pry_analyst, record)
    assert found.pop("id") and found.pop("at") == "2026-03-09T15:00:00+00:00"
    assert found == {
        "state": "BRA",
        "role": "police_officer",
        "purpose": "seizure",
        "case_number": "C-7",
        "record_version": 1,
        "groups": ["firearm", "event", "parties", "firms"],
        "handling": "H2",
        "through": "reading",
        "automatic": False,
        "given_by": "PRY",
    }


def test_every_way_in_which_it_went_out_is_listed_newest_first(pry_analyst, record, analyst):
    trace = analyst.post("/traces", bodies.trace()).json["id"]
    analyst.get(f"/traces/{trace}/result")
    analyst.get(f"/guns/{record}", **PURPOSE)
    given = [(found["through"], found["groups"]) for found in listed(pry_analyst, record)]
    assert given == [
        ("reading", ["firearm", "event", "parties", "firms"]),
        ("reading", ["firms"]),
        ("answer", ["firearm", "event", "document", "parties"]),
        ("trace", ["holder"]),
    ]


def test_the_audit_finds_each_record_of_an_entry_that_lists_several(as_actor, record):
    other = as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(number="T-2"))
    shown = [record, other.json["firearm"]["record"]]
    service = operator("PRY", clock=FixedClock(NOW))
    with transaction(service):
        found = [RecordFinding("match", "PRY", UUID(each), "BRA", ("firearm",)) for each in shown]
        append_many(service, finding_events(service, found))
    auditor = as_actor("PRY", "auditor")
    for typed in (*shown, "T-1", "T-2"):
        entries = auditor.get(f"/audit?subject_id={typed}&action=record:shown").json["items"]
        assert [entry["data"]["records"] for entry in entries] == [shown]


def test_a_joint_seizure_is_given_whole(as_actor, police):
    joint = {"joint_with": {"state": "PRY", "number": "P-9"}}
    made = police.post("/seizures", bodies.seizure(**joint)).json
    as_actor("PRY", "police_officer").get(f"/seizures/{made['id']}", **PURPOSE)
    [found] = listed(as_actor("BRA", "supervisor"), made["items"][0]["record"])
    assert found["groups"] == ["firearm", "event", "document", "place", "remarks"]


def test_a_list_goes_on_is_filtered_and_is_a_table(pry_analyst, record, police):
    for case in ("C-1", "C-2", "C-3"):
        police.get(f"/records/{record}", Salsa_Purpose="seizure", Salsa_Case=case)
    first = pry_analyst.get(f"/records/{record}/disclosures?limit=2").json
    rest = pry_analyst.client.get(
        first["next"], headers={"Authorization": f"Bearer {pry_analyst.token}"}
    ).json
    cases = [found["case_number"] for found in first["items"] + rest["items"]]
    assert (cases, rest["next"]) == (["C-3", "C-2", "C-1"], None)
    [single] = listed(pry_analyst, record, "?case_number=C-2&state=BRA&purpose=seizure")
    assert single["case_number"] == "C-2"
    assert listed(pry_analyst, record, "?state=URY") == []
    table = pry_analyst.get(f"/records/{record}/disclosures?format=csv").get_data(as_text=True)
    assert len(table.splitlines()) == 4
    pry_analyst.get(f"/records/{record}/disclosures?format=xlsx")


def test_no_other_state_lists_it_not_even_who_was_given_it(record, analyst):
    analyst.get(f"/records/{record}", **PURPOSE)
    analyst.get(f"/records/{record}/disclosures", 404)


def test_why_a_record_was_corrected_is_for_its_own_state(as_actor, record, pry):
    """Free text is the usual leak."""
    made = pry.get("/transfers").json["items"][0]["id"]
    body = bodies.transfer(reason="The widow of Ana told us")
    pry.post(f"/transfers/{made}/correct", body, 200, If_Match='"1"')
    shown = as_actor("BRA", "police_officer").get(f"/records/{record}", **PURPOSE).json
    assert shown["reason"] is None
    assert {"remarks", "persons"} == {each["group"] for each in shown["withheld"]}
    assert pry.get(f"/records/{record}").json["reason"] == "The widow of Ana told us"
