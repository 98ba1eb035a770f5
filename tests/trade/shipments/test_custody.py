"""Shipments under way: held and resumed by who has them, and their notices."""

import pytest

from tests.support.grounds import beginning
from tests.support.movements import Way, act, add

EXPECTED = [
    {"stage": stage, "at": f"2026-03-{day:02}T12:00:00Z"}
    for stage, day in (("exit", 2), ("transit_in", 10), ("transit_out", 11), ("entry", 12))
]
THEFT = {"kind": "theft", "occurred_at": "2026-03-05T10:00:00Z", "note": "Lorry robbed"}


@beginning
def way(as_actor):
    return Way(as_actor)


@beginning
def shipped(way):
    shipment = way.ship(expected=EXPECTED)
    way.release(shipment)
    way.tick(shipment, "exit")
    return shipment


def test_the_next_stage_is_due(way):
    shipment = way.ship(expected=EXPECTED)
    assert way.release(shipment)["due"]["stage"] == "exit"
    for day, (stage, following) in enumerate(
        [("exit", "transit_in"), ("transit_in", "transit_out"), ("transit_out", "entry")], 2
    ):
        answer = way.tick(shipment, stage, day)
        assert (answer["status"], answer["due"]["stage"]) == ("in_transit", following)
    arrived = way.tick(shipment, "entry", 5)
    assert (arrived["status"], arrived["due"]) == ("arrived", None)
    assert way.discrepancies() == []


def test_the_exporting_state_holds_before_the_exit(way):
    shipment = way.ship()
    way.release(shipment)
    assert act(way.bra, shipment, "hold", reason="Papers")["status"] == "held"
    assert act(way.bra, shipment, "resume", reason="In order")["status"] == "released"


def test_the_transit_state_holds_what_is_in_its_hands(way, shipped):
    act(way.pry, shipped, "hold", 403, reason="Not here yet")
    way.tick(shipped, "transit_in", 3)
    assert act(way.pry, shipped, "hold", reason="Scan")["status"] == "held"
    assert act(way.pry, shipped, "resume", reason="In order")["status"] == "in_transit"
    way.tick(shipped, "transit_out", 4)
    act(way.pry, shipped, "hold", 403, reason="Gone already")


def test_the_importing_state_holds_after_the_entry(way, shipped):
    act(way.bol, shipped, "hold", 403, reason="Not here yet")
    way.tick(shipped, "entry", 3)
    assert act(way.bol, shipped, "hold", reason="Scan")["status"] == "held"
    assert act(way.bol, shipped, "resume", reason="In order")["status"] == "arrived"


def test_who_has_not_the_goods_does_not_let_them_go(way, shipped):
    way.tick(shipped, "transit_in", 3, outcome="held")
    act(way.bra, shipped, "resume", 403, reason="Ours")
    assert act(way.pry, shipped, "resume", reason="In order")["status"] == "in_transit"


@pytest.mark.parametrize("role", ["licensing_officer", "border_officer", "supervisor"])
def test_three_roles_hold(way, as_actor, role):
    assert act(as_actor("BRA", role), way.ship(), "hold", reason="Scan")["status"] == "held"


def test_a_held_shipment_is_not_held_again_and_a_moving_one_not_resumed(way):
    shipment = way.ship()
    act(way.bra, shipment, "resume", 409, reason="?")
    act(way.bra, shipment, "hold", reason="Scan")
    act(way.bra, shipment, "hold", 409, reason="Again")


def test_a_held_shipment_is_not_released(way):
    shipment = way.ship()
    act(way.bra, shipment, "hold", reason="Scan")
    assert way.release(shipment, 409)["code"] == "illegal_transition"


def test_nothing_is_held_after_the_receipt(way, shipped):
    add(way.bol, shipped, "receipt", received_on="2026-03-05", all=True)
    assert act(way.bol, shipped, "hold", 409, reason="Late")["code"] == "illegal_transition"


def test_holds_are_reported_in_order_with_their_reasons(way, shipped):
    way.tick(shipped, "transit_in", 3)
    act(way.pry, shipped, "hold", reason="Scan")
    act(way.pry, shipped, "resume", reason="In order")
    notices = [
        (event["kind"], event["state"], event["reason"]) for event in way.read(shipped)["events"]
    ]
    assert notices == [
        ("released", "BRA", None),
        ("checkpoint", "BRA", None),
        ("checkpoint", "PRY", None),
        ("held", "PRY", "Scan"),
        ("resumed", "PRY", "In order"),
    ]


def test_a_delay_moves_the_time_of_all_that_is_to_come(way, shipped):
    answer = add(
        way.pry,
        shipped,
        "incidents",
        kind="delay",
        note="Bridge closed",
        occurred_at="2026-03-02T15:00:00Z",
        new_expected_at="2026-03-12T12:00:00Z",
    )
    assert answer["due"] == {
        "stage": "transit_in",
        "at": "2026-03-12T12:00:00+00:00",
        "overdue_at": "2026-03-13T12:00:00+00:00",
    }
    assert answer["status"] == "in_transit"
    way.tick(shipped, "transit_in", 9)
    assert way.read(shipped)["due"]["at"] == "2026-03-13T12:00:00+00:00"


@pytest.mark.parametrize("side", ["bra", "pry", "bol"])
def test_every_state_concerned_tells_incidents_and_learns_them(way, shipped, side):
    client = getattr(way, side)
    add(
        client,
        shipped,
        "incidents",
        kind="breakdown",
        note="Axle",
        occurred_at="2026-03-03T15:00:00Z",
    )
    for reader in (way.bra, way.pry, way.bol):
        [event] = [
            event
            for event in reader.get(f"/shipments/{shipped['id']}").json["events"]
            if event["kind"] == "incident"
        ]
        assert (event["data"]["kind"], event["reason"]) == ("breakdown", "Axle")


def test_a_state_that_it_does_not_concern_tells_nothing(way, shipped, as_actor):
    add(as_actor("URY", "licensing_officer"), shipped, "incidents", 404, **THEFT)


def test_a_theft_of_it_all_loses_the_shipment(way, shipped):
    answer = add(way.bra, shipped, "incidents", **THEFT, is_total=True)
    assert (answer["status"], answer["due"]) == ("lost", None)
    assert way.discrepancies() == [("short_receipt", "")]


def test_a_lost_shipment_may_arrive_later(way, shipped):
    add(way.bra, shipped, "incidents", **THEFT, is_total=True)
    assert ("short_receipt", "") in way.discrepancies()
    assert way.tick(shipped, "entry", 8)["status"] == "arrived"
    assert ("short_receipt", "") in way.discrepancies("resolved")


@pytest.mark.parametrize(
    "changes,field",
    [
        ({"occurred_at": "2026-04-01T10:00:00Z"}, "occurred_at"),
        ({"new_expected_at": "2026-03-01T10:00:00Z"}, "new_expected_at"),
        ({"new_expected_at": "2026-03-20T10:00:00Z", "is_total": True}, "new_expected_at"),
    ],
)
def test_an_incident_that_cannot_be_is_refused(way, shipped, changes, field):
    assert list(add(way.bra, shipped, "incidents", 422, **THEFT | changes)["errors"]) == [field]


def test_nothing_more_happens_to_what_was_received(way, shipped):
    add(way.bol, shipped, "receipt", received_on="2026-03-05", all=True)
    assert add(way.bra, shipped, "incidents", 409, **THEFT)["code"] == "illegal_transition"


def test_a_receipt_is_asked_for_with_the_day_it_is_due(way, shipped):
    answer = add(way.bra, shipped, "request-receipt")
    assert answer["events"][-1]["kind"] == "receipt_asked"
    assert answer["events"][-1]["data"] == {"due_on": "2026-04-08"}


def test_a_receipt_that_is_not_owed_is_not_asked_for(way, shipped):
    answer = add(way.bra, way.ship("NEXT00001", number="A-2"), "request-receipt", 409)
    assert (answer["code"], answer["article"]) == ("receipt_not_owed", "CIFTA IX.4")
    add(way.bol, shipped, "receipt", received_on="2026-03-05", all=True)
    add(way.bra, shipped, "request-receipt", 409)


def test_the_exporting_state_asks(way, shipped):
    add(way.bol, shipped, "request-receipt", 403)


def test_other_seals_than_those_declared_are_doubted(way):
    shipment = way.ship(seals=["S-1"])
    way.release(shipment)
    way.tick(shipment, "exit", seals=["s1"])
    way.tick(shipment, "transit_in", 3, seals=["S-2"])
    assert way.discrepancies() == [("seal_mismatch", "transit_in:PRY")]
    act(way.bra, shipment, "amend", seals=["S-2"], authentication="Customs seal", reason="Resealed")
    assert way.discrepancies() == []


def test_a_stage_that_was_left_out_is_doubted_until_it_is_told(way, shipped):
    way.tick(shipped, "transit_in", 3)
    way.tick(shipped, "entry", 5)
    assert way.discrepancies() == [("missing_checkpoint", "transit_out")]
    way.tick(shipped, "transit_out", 4)
    assert way.discrepancies() == []
    assert ("missing_checkpoint", "transit_out") in way.discrepancies("resolved")


def test_the_other_states_are_notified_of_everything_and_the_own_of_nothing_it_did(way, shipped):
    way.tick(shipped, "transit_in", 3)
    act(way.pry, shipped, "hold", reason="Scan")
    act(way.pry, shipped, "resume", reason="In order")
    add(way.pry, shipped, "incidents", **THEFT)
    add(way.bra, shipped, "request-receipt")
    add(way.bol, shipped, "receipt", received_on="2026-03-05", all=True)
    assert notices(way.bol) == [
        "receipt_asked",
        "shipment_held",
        "shipment_incident",
        "shipment_posted",
        "shipment_released",
        "shipment_resumed",
    ]
    assert notices(way.pry) == ["shipment_posted", "shipment_released"]
    assert notices(way.bra) == [
        "receipt_confirmed",
        "shipment_held",
        "shipment_incident",
        "shipment_resumed",
    ]


def notices(client):
    codes = (item["code"] for item in client.get("/notifications?limit=200").json["items"])
    return sorted(code for code in codes if code.startswith(("shipment", "receipt")))
