"""Permits that name a licence that was suspended or revoked since."""

import pytest

from tests.support import bodies

WHY = {"reason": "Books not kept", "on": "2026-03-01"}


@pytest.fixture
def dealer(pry):
    return pry.post("/licensees", bodies.licensee()).json


def decide(client, licensee, action, **changes):
    path = f"/licensees/{licensee['id']}"
    etag = client.get(path).headers["ETag"]
    client.post(f"{path}/{action}", WHY | changes, 200, If_Match=etag)


def doubted(client):
    found = client.get("/discrepancies?kind=party_not_authorised").json["items"]
    return sorted(
        (each["subject"]["number"], each["key"], each["data"]["verdict"], each["status"])
        for each in found
    )


def test_a_suspension_is_raised_on_the_permits_of_all_states_that_name_the_firm(bra, pry, dealer):
    pry.post("/permits", bodies.import_permit())
    bra.post("/permits", bodies.permit())
    assert doubted(bra) == []
    decide(pry, dealer, "suspend")
    both = [(number, "importer", "not_active", "open") for number in ("E-1", "I-1")]
    assert doubted(bra) == doubted(pry) == both


def test_the_states_concerned_are_notified(bra, pry, dealer):
    bra.post("/permits", bodies.permit())
    decide(pry, dealer, "revoke")
    notices = bra.get("/notifications?code=discrepancy_raised").json["items"]
    assert [each["number"] for each in notices] == ["E-1"]


def test_a_reinstatement_clears_it(bra, pry, dealer):
    bra.post("/permits", bodies.permit())
    decide(pry, dealer, "suspend")
    decide(pry, dealer, "reinstate", on="2026-03-05")
    assert doubted(bra) == [("E-1", "importer", "not_active", "resolved")]


def test_it_stands_when_the_permit_changes(bra, pry, dealer):
    bra.post("/permits", bodies.permit())
    decide(pry, dealer, "suspend")
    pry.post("/permits", bodies.import_permit())
    assert ("E-1", "importer", "not_active", "open") in doubted(bra)


def test_a_firm_is_found_by_its_licence_under_another_name(bra, pry, dealer):
    bra.post("/permits", bodies.permit(importer=bodies.party("Otro Nombre") | {"licence": "L-1"}))
    decide(pry, dealer, "suspend")
    assert [each[0] for each in doubted(bra)] == ["E-1"]


def test_a_broker_of_a_state_that_the_permit_does_not_concern_is_found(bra, as_actor):
    register = as_actor("URY", "licensing_officer")
    party = bodies.party("Intermediaria Ejemplo", "URY", "other")
    broker = register.post("/licensees", bodies.licensee(roles=["broker"], party=party)).json
    bra.post("/permits", bodies.permit(broker=party))
    assert doubted(bra) == []
    decide(register, broker, "suspend")
    assert doubted(bra) == [("E-1", "broker", "not_active", "open")]
    assert doubted(register) == []


@pytest.mark.parametrize(
    "body",
    [
        bodies.permit(importer=bodies.party("Armas del Norte")),
        bodies.permit(importer=bodies.party() | {"licence": "L-2"}),
        bodies.permit(issued_on="2025-03-01", expires_on="2026-02-28"),
    ],
)
def test_permits_of_others_and_of_before_are_left_alone(bra, pry, dealer, body):
    pry.post("/licensees", bodies.licensee(number="L-2", party=bodies.party("Armas del Norte")))
    bra.post("/permits", body)
    before = doubted(bra)
    decide(pry, dealer, "suspend")
    assert doubted(bra) == before


@pytest.mark.parametrize("arrived,found", [(False, 1), (True, 0)])
def test_of_an_exhausted_permit_what_is_still_to_leave_counts(bra, pry, dealer, arrived, found):
    permit = bra.post("/permits", bodies.permit()).json
    shipment = bodies.shipment(tuple(f"SN{number:05}" for number in range(10)))
    made = bra.post(f"/permits/{permit['id']}/shipments", shipment).json
    if arrived:
        body = {"received_on": "2026-03-01", "all": True}
        pry.post(f"/shipments/{made['id']}/receipt", body)
    decide(pry, dealer, "suspend")
    assert len(doubted(bra)) == found


def test_a_firm_that_is_entered_after_its_permits_were_judged_clears_them(bra, pry):
    pry.post("/licensees", bodies.licensee(number="L-9", party=bodies.party("Otra Casa")))
    bra.post("/permits", bodies.permit())
    assert doubted(bra) == [("E-1", "importer", "not_registered", "open")]
    pry.post("/licensees", bodies.licensee())
    assert doubted(bra) == [("E-1", "importer", "not_registered", "resolved")]
