"""A passage despite a hold shows who holds it, and why; the holder is notified."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from salsa_ext.access.models import AuditEntry
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from salsa_ext.trade.shipments import checkpoints
from salsa_ext.trade.shipments.values import CheckpointData
from tests.conftest import NOW
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.movements import Way, act, add, tick

HELD_AT, LATER = "2026-03-03T10:00:00Z", "2026-03-03T12:00:00Z"
DUTY = {
    "agency": "BRA-POLICE",
    "kind": "duty_24h",
    "languages": ["pt"],
    "hours": "24 h",
    "telephone": "+55 45 0000",
}


@beginning
def way(as_actor):
    return Way(as_actor)


@beginning
def shipped(way):
    made = way.ship()
    way.release(made)
    return made


@beginning
def stop(way, shipped):
    """Brazil holds it at its exit."""
    way.tick(shipped, "exit", 3, outcome="held", reason="Seal cut.")
    return shipped


def enter(way, shipment, expect=201, at=LATER, **more):
    officer = way.client("PRY", "border_officer")
    return tick(officer, shipment, "transit_in", expect=expect, at=at, **more)


def test_what_another_state_holds_is_not_passed_without_a_word(way, stop, as_actor):
    as_actor("BRA", "state_administrator").post("/contacts", DUTY)
    answer = enter(way, stop, 409)
    assert answer["code"] == "held"
    for words in (
        "Brazil holds this shipment since 3 Mar 2026",
        ": Seal cut.",
        "+55 45 0000",
        "does not bind yours",
        "confirm_held",
    ):
        assert words in answer["detail"]
    assert [each["stage"] for each in way.read(stop)["checkpoints"]] == ["exit"]


def test_every_state_that_holds_it_is_named_and_told_of_what_passes(way, stop):
    way.tick(stop, "entry", 3, outcome="held", reason="No licence.")
    answer = enter(way, stop, 409)["detail"]
    for words in (
        "Bolivia holds this shipment since 3 Mar 2026, 10:00: No licence. No office",
        "Brazil holds this shipment since 3 Mar 2026, 10:00: Seal cut. No office",
        "are notified: Bolivia, Brazil",
    ):
        assert words in answer
    enter(way, stop, confirm_held=True)
    for state in ("BRA", "BOL"):
        body = way.client(state, "border_officer").get("/notifications?code=shipment_passed_held")
        assert len(body.json["items"]) == 1


def test_a_tick_of_later_today_is_refused_with_what_time_it_is(way, shipped):
    officer = way.client("BRA", "border_officer")
    late = tick(officer, shipped, "exit", expect=422, at="2026-03-09T12:06:00-03:00")
    [errors] = late["errors"]["occurred_at"]
    assert "it is 9 Mar 2026, 12:00 now" in errors and "clock" in errors
    add(
        way.bol,
        shipped,
        "incidents",
        422,
        kind="theft",
        note="x",
        occurred_at="2026-03-09T15:06:00Z",
    )
    assert tick(officer, shipped, "exit", at="2026-03-09T12:05:00-03:00")["status"] == "in_transit"


@pytest.mark.parametrize(
    "outcome,orders,status",
    [
        ("passed", ["hold"], "held"),
        ("passed", ["hold", "resume"], "arrived"),
        ("held", ["resume"], "released"),
    ],
)
def test_an_order_counts_after_a_tick_of_a_clock_that_is_fast(
    way, shipped, outcome, orders, status
):
    tick(way.client("BOL", "border_officer"), shipped, "entry", outcome, at="2026-03-09T15:05:00Z")
    for order in orders:
        found = act(way.bol, shipped, order, reason="Scan")
    assert found["status"] == status


@pytest.mark.parametrize(
    "outcomes,status", [(("passed", "held"), "held"), (("held", "passed"), "in_transit")]
)
def test_a_tick_is_corrected_at_its_own_moment(way, shipped, outcomes, status):
    for turn, outcome in enumerate(outcomes):
        actor = operator("BRA", "BRA-TEST", FixedClock(NOW + timedelta(seconds=turn)))
        with transaction(actor):
            data = CheckpointData("exit", NOW - timedelta(hours=2), outcome)
            checkpoints.record(actor=actor, shipment_id=UUID(shipped["id"]), data=data)
    assert way.read(shipped)["status"] == status


def test_a_confirmed_passage_despite_a_hold_notifies_the_holder(way, stop, session):
    assert enter(way, stop, confirm_held=True)["status"] == "in_transit"
    body = way.client("BRA", "border_officer").get("/notifications?code=shipment_passed_held").json
    assert [row["subject"]["id"] for row in body["items"]] == [stop["id"]]
    none = way.client("BOL", "border_officer").get("/notifications?code=shipment_passed_held").json
    assert none["items"] == []
    with transaction(operator("PRY")):
        written = db.session.scalars(
            select(AuditEntry.data).where(AuditEntry.action == "checkpoint:recorded")
        )
        passed = {"stage": "transit_in", "outcome": "passed", "held_by": ["BRA"]}
        assert any(passed.items() <= data.items() for data in written)


def test_a_confirmation_of_what_nobody_holds_is_reported_to_nobody(way, shipped):
    way.tick(shipped, "exit", 2)
    enter(way, shipped, confirm_held=True)
    body = way.client("BRA", "border_officer").get("/notifications?code=shipment_passed_held").json
    assert body["items"] == []


@pytest.mark.parametrize("outcome", ["held", "refused"])
def test_a_shipment_held_by_another_state_can_be_held_or_refused_here(way, stop, outcome):
    assert enter(way, stop, outcome=outcome)["status"] == "held"


def test_a_passage_before_the_hold_is_recorded_late_without_a_question(way, shipped):
    way.tick(shipped, "exit", 2)
    way.tick(shipped, "entry", 3, outcome="held")
    assert enter(way, shipped, at="2026-03-02T22:00:00Z")["status"] == "held"


def test_a_program_that_says_what_it_saw_is_asked_what_else_there_is(way, shipped):
    way.tick(shipped, "exit", 2)
    view = way.read(shipped)["version"]
    enter(way, shipped, at=HELD_AT, outcome="held", reason="Scanner")
    assert enter(way, shipped, 409, expected_version=view)["code"] == "held_since"
    assert (
        enter(way, shipped, 409, expected_version=view, confirm_held=True)["code"] == "held_since"
    )
    enter(way, shipped, expected_version=way.read(shipped)["version"])


def test_a_program_that_does_not_say_it_is_asked_nothing_of_its_own_side(way, shipped):
    way.tick(shipped, "exit", 2)
    enter(way, shipped, at=HELD_AT, outcome="held", reason="Scanner")
    assert enter(way, shipped)["status"] == "in_transit"


def test_the_holder_acknowledges_a_passage_once(way, stop):
    enter(way, stop, confirm_held=True)
    act(way.bra, stop, "resume", reason="Known")
    act(way.bra, stop, "resume", 403, reason="Known")


def test_what_was_let_go_on_meanwhile_passes_without_a_question(way, stop):
    act(way.bra, stop, "resume", reason="In order")
    enter(way, stop)


def test_a_refusal_of_another_state_is_shown_as_a_refusal(way, shipped):
    way.tick(shipped, "exit", 2)
    add(way.bol, shipped, "incidents", kind="refused_entry", note="No licence", occurred_at=HELD_AT)
    answer = enter(way, shipped, 409)
    assert "Bolivia refused this shipment on 3 Mar 2026" in answer["detail"]
    assert "No licence" in answer["detail"]
    assert "No office is registered that can be called." in answer["detail"]


def test_what_the_own_state_holds_is_let_go_on_first(way, shipped):
    act(way.bra, shipped, "hold", reason="The licence is looked at")
    later = {"at": "2026-03-09T15:00:00Z"}
    officer = way.client("BRA", "border_officer")
    for confirmed in ({}, {"confirm_held": True}):
        answer = tick(officer, shipped, "exit", expect=409, **later | confirmed)
        assert answer["code"] == "held_by_own"
        assert "Your state holds this shipment since 9 Mar 2026" in answer["detail"]
        assert "The licence is looked at" in answer["detail"] and "resume" in answer["detail"]
    act(officer, shipped, "resume", reason="In order")
    assert tick(officer, shipped, "exit", **later)["status"] == "in_transit"


def test_to_let_go_on_what_the_own_state_holds_ends_no_hold_of_another(way, stop):
    enter(way, stop, outcome="held")
    assert act(way.pry, stop, "resume", reason="In order")["status"] == "held"
    assert [each["state"] for each in way.read(stop)["holds"]] == ["BRA"]
    answer = act(way.pry, stop, "resume", 409, reason="In order")
    assert "Your state does not hold this shipment" in answer["detail"]
    assert enter(way, stop, 409)["code"] == "held"


def test_what_a_tick_holds_the_own_authority_holds_too_and_then_no_tick_frees_it(way, stop):
    act(way.bra, stop, "hold", reason="The licence is looked at")
    act(way.bra, stop, "hold", 409, reason="Again")
    later = "2026-03-09T15:00:00Z"
    officer = way.client("BRA", "border_officer")
    assert tick(officer, stop, "exit", expect=409, at=later)["code"] == "held_by_own"
    act(officer, stop, "resume", reason="In order")
    assert tick(officer, stop, "exit", at=later)["status"] == "in_transit"


def test_a_shipment_held_at_a_stage_passes_it_later(way, stop):
    assert way.tick(stop, "exit", 4)["status"] == "in_transit"


def test_a_hold_at_another_stage_is_lifted_first(way, shipped):
    way.tick(shipped, "exit", 2)
    way.tick(shipped, "transit_in", 3, outcome="held")
    assert way.tick(shipped, "transit_out", 4, expect=409)["code"] == "held_by_own"
    way.tick(shipped, "transit_in", 4)
    way.tick(shipped, "transit_out", 5)


def test_a_shipment_says_what_stops_it_and_since_when(way, stop):
    [hold] = way.read(stop)["holds"]
    assert hold == {
        "state": "BRA",
        "kind": "held",
        "since": "2026-03-03T10:00:00+00:00",
        "stage": "exit",
        "reason": "Seal cut.",
    }
    enter(way, stop, confirm_held=True)
    assert way.read(stop)["holds"] == []


@pytest.mark.parametrize(
    "language,expected",
    [
        ("es", "Brasil retiene este embarque desde el 3 mar 2026"),
        ("fr", "Envoi retenu par le Brésil depuis le 3 mars 2026"),
        ("pt", "Embarque retido pelo Brasil desde 3 de mar. de 2026"),
    ],
)
def test_a_hold_is_reported_in_the_readers_language(way, stop, language, expected):
    body = {"stage": "transit_in", "occurred_at": LATER, "outcome": "passed"}
    officer = way.client("PRY", "border_officer")
    answer = officer.post(
        f"/shipments/{stop['id']}/checkpoints", body, 409, Accept_Language=language
    )
    assert expected in answer.json["detail"]


def test_a_shipment_shows_what_of_its_ticks_does_not_add_up(way):
    made = way.ship(seals=["S-1", "S-2"])
    way.release(made)
    way.tick(made, "exit", seals=["S-1", "S-9"], quantity=1)
    texts = {
        each["kind"]: (each["key"], each["status"], each["data"])
        for each in way.read(made)["discrepancies"]
    }
    result = {"stage": "exit", "state": "BRA"}
    assert texts == {
        "seal_mismatch": (
            "exit:BRA",
            "open",
            result | {"declared": ["S1", "S2"], "read": ["S1", "S9"]},
        ),
        "quantity_mismatch": ("exit:BRA", "open", result | {"counted": 1, "expected": 2}),
    }


def test_a_count_that_was_wrong_is_corrected_by_the_next_tick_of_the_stage(way, shipped):
    way.tick(shipped, "exit", quantity=1)
    assert way.discrepancies() == [("quantity_mismatch", "exit:BRA")]
    way.tick(shipped, "exit", 3, quantity=2)
    assert way.discrepancies() == []
    assert way.discrepancies("resolved") == [("quantity_mismatch", "exit:BRA")]


@pytest.mark.parametrize("counted", [2, 402])
def test_goods_without_serials_are_counted_or_not(as_actor, counted):
    lines = [
        *bodies.permit()["lines"],
        {"line": 2, "quantity": 5000, "type": "cartridge", "category": "ammunition"},
    ]
    way = Way(as_actor, lines=lines)
    made = way.ship(bulk=[{"line": 2, "quantity": 400}])
    way.release(made)
    way.tick(made, "exit", quantity=counted)
    assert way.read(made)["discrepancies"] == []
    way.tick(made, "exit", 3, quantity=400)
    [found] = way.read(made)["discrepancies"]
    assert found["data"]["expected"] == 2


def test_who_may_not_read_discrepancies_is_answered_without_them(as_actor, way, shipped):
    way.tick(shipped, "exit", quantity=1)
    key = as_actor("BRA", "border_officer", scopes=["shipment:read"])
    assert key.get(f"/shipments/{shipped['id']}").json["discrepancies"] == []
