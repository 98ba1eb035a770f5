"""No goods leave before the importing and every transit state has licensed them (CIFTA IX.2 and 3)."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.movements import DAY, Way, act


@beginning
def way(as_actor):
    return Way(as_actor)


def test_what_all_states_have_licensed_is_released(way):
    shipment = way.ship()
    assert (shipment["status"], way.release(shipment)["status"]) == ("planned", "released")


def test_a_release_is_reported_with_its_day_and_note(way):
    [event] = way.release(way.ship(), note="Sealed at the works")["events"]
    assert (event["kind"], event["state"], event["reason"], event["occurred_at"][:10]) == (
        "released",
        "BRA",
        "Sealed at the works",
        DAY,
    )


@pytest.mark.parametrize(
    "licensed,states", [((), "BOL, PRY"), (("BOL",), "PRY"), (("PRY",), "BOL")]
)
def test_a_licence_that_is_missing_forbids_the_release(as_actor, licensed, states):
    way = Way(as_actor, licensed)
    answer = way.release(way.ship(), 409)
    assert (answer["code"], answer["article"]) == ("not_licensed_by_all", "CIFTA IX.3")
    assert f"not licensed by {states}." in answer["detail"]
    assert "is missing" in answer["detail"]


def test_a_licence_that_comes_later_lets_it_go(as_actor):
    way = Way(as_actor, ("PRY",))
    shipment = way.ship()
    way.release(shipment, 409)
    way.license_import()
    assert way.release(shipment)["status"] == "released"


def test_a_licence_that_is_suspended_is_none(way):
    transit = way.pry.get("/permits?kind=in_transit").json["items"][0]
    etag = way.pry.get(f"/permits/{transit['id']}").headers["ETag"]
    reason = {"reason": "Under review"}
    way.pry.post(f"/permits/{transit['id']}/suspend", reason, 200, If_Match=etag)
    assert "is suspended" in way.release(way.ship(), 409)["detail"]


def test_a_licence_counts_on_the_day_of_shipment(as_actor):
    way = Way(as_actor, ("PRY",))
    way.license_import(expires_on="2026-02-20")
    early, late = way.ship(), way.ship("LATER0001", number="A-2", ships_on="2026-02-21")
    assert "is expired" in way.release(late, 409)["detail"]
    assert "is expired" in way.release(early, 409, on="2026-02-21")["detail"]
    assert way.release(early)["status"] == "released"


def test_nothing_is_released_under_a_permit_that_is_cancelled(way):
    shipment = way.ship()
    etag = way.bra.get(f"/permits/{way.permit['id']}").headers["ETag"]
    way.bra.post(f"/permits/{way.permit['id']}/cancel", {"reason": "Embargo"}, 200, If_Match=etag)
    assert "The permit is cancelled" in way.release(shipment, 409)["detail"]


def test_a_shipment_is_released_once(way):
    shipment = way.ship()
    way.release(shipment)
    assert way.release(shipment, 409)["code"] == "illegal_transition"


def test_a_release_of_the_future_is_refused(way):
    assert list(way.release(way.ship(), 422, on="2026-03-20")["errors"]) == ["on"]


@pytest.mark.parametrize("side", ["pry", "bol"])
def test_a_shipment_is_released_by_its_own_state(way, side):
    act(getattr(way, side), way.ship(), "release", 403)


def test_a_release_wants_the_version_that_was_read(way):
    path = f"/shipments/{way.ship()['id']}/release"
    way.bra.post(path, {}, 428)
    way.bra.post(path, {}, 412, If_Match='"7"')


@pytest.mark.parametrize("stage", ["exit", "transit_in", "transit_out"])
def test_a_stage_before_the_release_is_refused_and_says_what_comes_first(way, stage):
    answer = way.tick(way.ship(), stage, expect=409)
    assert answer["code"] == "illegal_transition"
    assert "Release it first" in answer["detail"]


def test_what_enters_without_a_release_is_taken_down_and_doubted(way):
    assert way.tick(way.ship(), "entry")["status"] == "arrived"
    assert way.discrepancies() == [("document_invalid", ""), ("missing_checkpoint", "exit:BRA")]


def test_a_licence_that_was_cancelled_before_the_goods_left_is_doubted(way, run):
    shipment = way.ship()
    way.release(shipment)
    way.tick(shipment, "exit", day=9)
    assert way.discrepancies() == []
    cancel(way.bol, way.bol.get("/permits?kind=import").json["items"][0]["id"])
    assert way.discrepancies() == [("permit_cancelled_in_transit", "BOL:import")]
    [found] = way.bol.get("/discrepancies?kind=permit_cancelled_in_transit").json["items"]
    assert found["data"] == {"state": "BOL", "kind": "import", "why": "cancelled"}


def test_an_export_certificate_that_is_cancelled_under_way_is_doubted(way):
    shipment = way.ship()
    way.release(shipment)
    way.tick(shipment, "exit")
    cancel(way.bra, way.permit["id"])
    assert ("permit_cancelled_in_transit", "BRA:export") in way.discrepancies()


def cancel(client, permit):
    etag = client.get(f"/permits/{permit}").headers["ETag"]
    client.post(f"/permits/{permit}/cancel", {"reason": "Embargo"}, 200, If_Match=etag)


PLAN = {
    "port_of_exit": "Ponta Porã",
    "mode": "rail",
    "seals": ["S-2"],
    "transport": {"document_kind": "tif", "document_number": "T-9", "plates": ["XYZ9A99"]},
    "expected": [{"stage": "entry", "at": "2026-03-12T10:00:00Z"}],
    "carrier": {"name": "Otra Línea", "kind": "carrier", "country": "PRY"},
}


def test_what_is_planned_is_amended(way):
    shipment = way.ship(seals=["S-1"])
    answer = act(way.bra, shipment, "amend", **PLAN, authentication="Stamp 7", reason="Strike")
    assert (answer["port_of_exit"], answer["mode"], answer["seals"]) == (
        "Ponta Porã",
        "rail",
        ["S-2"],
    )
    assert (answer["document_number"], answer["plates"]) == ("T-9", ["XYZ9A99"])
    assert answer["due"]["at"] == "2026-03-12T10:00:00+00:00"
    assert answer["carrier"]["name"] == "Otra Línea"
    assert answer["version"] == shipment["version"] + 1


def test_an_amendment_keeps_what_stood_before_and_names_nobody(way):
    shipment = way.ship(seals=["S-1"])
    answer = act(way.bra, shipment, "amend", **PLAN, authentication="Stamp 7", reason="Strike")
    [event] = answer["events"]
    assert (event["kind"], event["reason"]) == ("amended", "Strike")
    assert (event["data"]["before"]["seals"], event["data"]["after"]["seals"]) == (["S-1"], ["S-2"])
    assert event["data"]["authentication"] == "Stamp 7"
    assert "Línea" not in str(event)


def test_the_mode_alone_is_amended_without_a_sign(way):
    shipment = way.ship()
    assert act(way.bra, shipment, "amend", mode="rail", reason="Strike")["mode"] == "rail"
    answer = act(way.bra, shipment, "amend", 409, port_of_exit="X", reason="Strike")
    assert (answer["code"], answer["article"]) == (
        "authentication_missing",
        "Model Regulations 8.5",
    )


def test_an_amendment_of_a_shipment_says_why_but_for_the_mode_alone(way):
    shipment = way.ship()
    assert act(way.bra, shipment, "amend", mode="rail")["mode"] == "rail"
    answer = act(way.bra, shipment, "amend", 422, port_of_exit="X", authentication="Seal")
    assert list(answer["errors"]) == ["reason"]


@pytest.mark.parametrize("field,value", [("items", []), ("bulk", []), ("number", "A-9")])
def test_what_a_shipment_holds_is_not_amended(way, field, value):
    answer = act(way.bra, way.ship(), "amend", 422, **{field: value}, reason="Typo")
    assert (answer["code"], list(answer["errors"])) == ("not_amendable", [field])


def test_an_amendment_of_nothing_is_refused(way):
    assert list(act(way.bra, way.ship(), "amend", 422, reason="?")["errors"]) == ["reason"]


def test_a_shipment_is_amended_within_the_validity_of_its_permit(as_actor):
    way = Way(as_actor, expires_on="2026-03-01")
    answer = act(way.bra, way.ship(), "amend", 409, mode="rail", reason="Late")
    assert answer["code"] == "amended_after_expiry"


def test_a_shipment_ships_within_the_validity_of_its_permit(way):
    changes = {"ships_on": "2027-02-01", "authentication": "Seal", "reason": "Late"}
    assert list(act(way.bra, way.ship(), "amend", 422, **changes)["errors"]) == ["ships_on"]


def test_what_has_arrived_is_not_amended(way):
    shipment = way.ship()
    way.tick(shipment, "entry")
    assert act(way.bra, shipment, "amend", 409, mode="rail", reason="Late")["code"] == (
        "illegal_transition"
    )


def test_an_amended_port_is_no_reason_to_doubt(way):
    shipment = way.ship(seals=["S-1"])
    way.release(shipment)
    way.tick(shipment, "exit", seals=["S-1"])
    act(way.bra, shipment, "amend", **PLAN, authentication="Seal", reason="Inspection")
    way.tick(shipment, "transit_in", day=9, seals=["s 2"])
    assert way.discrepancies() == []


def test_a_shipment_that_has_not_left_is_cancelled(way):
    shipment = way.ship()
    assert way.left() == 8
    answer = act(way.bra, shipment, "cancel", reason="Buyer withdrew")
    assert (answer["status"], way.left(), answer["due"]) == ("cancelled", 10, None)
    assert (
        way.bol.get(f"/shipments/{shipment['id']}").json["events"][-1]["reason"] == "Buyer withdrew"
    )


def test_a_cancelled_shipment_that_was_the_last_opens_its_permit_again(way):
    shipment = way.ship(*(f"SN{n:05}" for n in range(10)))
    assert way.bra.get(f"/permits/{way.permit['id']}").json["status"] == "exhausted"
    act(way.bra, shipment, "cancel", reason="Buyer withdrew")
    assert way.bra.get(f"/permits/{way.permit['id']}").json["status"] == "issued"
    way.ship(*(f"SN{n:05}" for n in range(10)), number="A-2")


def test_what_has_left_is_not_cancelled(way):
    shipment = way.ship()
    way.release(shipment)
    way.tick(shipment, "exit")
    assert act(way.bra, shipment, "cancel", 409, reason="Late")["code"] == "illegal_transition"
    assert way.left() == 8


def test_a_cancelled_shipment_is_cancelled_once(way):
    shipment = way.ship()
    act(way.bra, shipment, "cancel", reason="Buyer withdrew")
    act(way.bra, shipment, "cancel", 409, reason="Again")
    assert way.left() == 10


def test_a_cancelled_shipment_is_in_the_way_of_nothing(way):
    act(way.bra, way.ship(), "cancel", reason="Buyer withdrew")
    assert way.discrepancies() == []
    assert len(way.ship(number="A-2")["items"]) == 2


def test_a_check_finds_no_export_of_what_was_cancelled(way, police):
    shipment = way.ship()
    assert police.post("/checks", bodies.check()).json["verdict"] == "hit"
    act(way.bra, shipment, "cancel", reason="Buyer withdrew")
    assert police.post("/checks", bodies.check()).json["verdict"] == "no_hit"


def test_a_trace_tells_no_export_of_what_was_cancelled(way, pry_police):
    act(way.bra, way.ship(), "cancel", reason="Buyer withdrew")
    trace = pry_police.post("/traces", bodies.trace()).json["id"]
    assert pry_police.get(f"/traces/{trace}/result").json["chain"] == []
