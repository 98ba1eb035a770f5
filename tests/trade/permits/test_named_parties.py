"""Who is meant, and who is waited for, where something does not add up."""

import pytest

from tests.support import bodies

WHY = {"text": "It is being renewed"}


@pytest.fixture
def doubted(bra, pry):
    """Let the register of Paraguay know another importer alone; returns the export certificate."""
    other = bodies.party("Otra Casa")
    pry.post("/licensees", bodies.licensee(party=other, roles=["importer"]))
    pry.post("/permits", bodies.import_permit(importer=other))
    return bra.post("/permits", bodies.permit()).json


def parties(client, permit):
    findings = client.get(f"/permits/{permit['id']}").json["findings"]
    return [each for each in findings if each["code"] == "party_not_authorised"]


def about_parties(client):
    return client.get("/discrepancies?kind=party_not_authorised").json["items"]


def act(client, discrepancy, action, body, expect=200):
    path = f"/discrepancies/{discrepancy['id']}"
    etag = client.get(path).headers["ETag"]
    return client.post(f"{path}/{action}", body, expect, If_Match=etag).json


def test_a_party_that_is_not_authorised_is_named_as_a_finding_of_the_permit(doubted, bra):
    assert parties(bra, doubted) == [
        {
            "code": "party_not_authorised",
            "field": "importer",
            "ours": "Armas del Sur",
            "theirs": "not_registered",
            "state": "PRY",
            "kind": None,
            "number": None,
        }
    ]


def test_it_leaves_the_standing_as_the_counterparts_make_it(bra, pry):
    pry.post(
        "/licensees",
        bodies.licensee(roles=["importer"], number="L-2", party=bodies.party("Otra Casa")),
    )
    pry.post("/permits", bodies.import_permit())
    made = bra.post("/permits", bodies.permit()).json
    permit = bra.get(f"/permits/{made['id']}").json
    assert permit["counterpart_status"] == "complete"
    assert [each["code"] for each in permit["findings"]] == ["party_not_authorised"]


def test_it_is_no_finding_any_more_when_all_states_agree(doubted, bra, pry):
    (discrepancy,) = about_parties(bra)
    act(bra, discrepancy, "agree", WHY)
    assert len(parties(bra, doubted)) == 1
    act(pry, discrepancy, "agree", WHY)
    assert parties(bra, doubted) == []


def test_a_discrepancy_names_its_party(doubted, pry):
    (discrepancy,) = about_parties(pry)
    assert discrepancy["party"] == {"role": "importer", "state": "PRY", "name": "Armas del Sur"}


def test_the_name_is_for_those_who_may_read_permits(doubted, as_actor):
    client = as_actor("PRY", "licensing_officer", scopes=["discrepancy:read"])
    (discrepancy,) = about_parties(client)
    assert discrepancy["party"] == {"role": "importer", "state": "PRY", "name": None}


def test_who_may_not_read_discrepancies_learns_of_none_by_the_permit(doubted, as_actor):
    assert parties(as_actor("PRY", "licensing_officer", scopes=["permit:read"]), doubted) == []


def test_the_facts_of_a_discrepancy_hold_no_name_still(doubted, pry):
    (discrepancy,) = about_parties(pry)
    assert "name" not in discrepancy["data"] and "Armas" not in str(discrepancy["data"])


def test_another_discrepancy_has_no_party(bra, pry):
    pry.post("/permits", bodies.import_permit(importer=bodies.party("Otra Casa")))
    bra.post("/permits", bodies.permit())
    (discrepancy,) = bra.get("/discrepancies").json["items"]
    assert discrepancy["party"] is None


def test_an_awaited_counterpart_has_the_number_by_which_the_permit_names_it(bra):
    (found,) = bra.post("/permits", bodies.permit()).json["findings"]
    assert (found["code"], found["state"], found["kind"], found["number"]) == (
        "awaiting_counterpart",
        "PRY",
        "import",
        "I-1",
    )


def test_an_awaited_transit_authorization_has_its_number_too(bra):
    named = [{"state": "ARG", "number": "X-7"}]
    body = bodies.permit(transit_states=["ARG"], transit_permits=named)
    found = bra.post("/permits", body).json["findings"]
    assert ("in_transit", "ARG", "X-7") in [
        (each["kind"], each["state"], each["number"]) for each in found
    ]


def test_a_counterpart_that_no_number_names_has_none(pry):
    (found,) = pry.post("/permits", bodies.import_permit()).json["findings"]
    assert (found["code"], found["number"]) == ("awaiting_counterpart", None)


def spoken(discrepancy):
    return [discrepancy[name] for name in ("explained_by", "agreed_by", "waiting_for")]


def test_nobody_has_spoken_and_all_are_waited_for_at_first(doubted, bra):
    assert spoken(about_parties(bra)[0]) == [[], [], ["BRA", "PRY"]]


def test_where_one_side_alone_has_explained_the_other_is_waited_for(doubted, bra, pry):
    act(bra, about_parties(bra)[0], "explain", WHY)
    (discrepancy,) = about_parties(pry)
    assert discrepancy["status"] == "explained"
    assert spoken(discrepancy) == [["BRA"], [], ["PRY"]]


def test_where_all_have_spoken_those_are_waited_for_who_have_not_agreed(doubted, bra, pry):
    (discrepancy,) = about_parties(bra)
    act(bra, discrepancy, "explain", WHY)
    assert spoken(act(pry, discrepancy, "agree", WHY)) == [["BRA"], ["PRY"], ["BRA"]]


def test_what_all_agreed_to_waits_for_nobody(doubted, bra, pry):
    (discrepancy,) = about_parties(bra)
    act(bra, discrepancy, "agree", WHY)
    assert spoken(act(pry, discrepancy, "agree", WHY)) == [[], ["BRA", "PRY"], []]
