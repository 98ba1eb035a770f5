"""One side of a post asks the other to call: who is notified, how often it may, and who answers."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from salsa_ext.access.models import AuditEntry
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from tests.conftest import NOW
from tests.support import bodies
from tests.support.grounds import beginning

POST = "ciudad-del-este-foz-do-iguacu"
ELSEWHERE = "pedro-juan-caballero-ponta-pora"
CALLS = f"/posts/{POST}/calls"
DUTY = {
    "agency": "PRY-TEST",
    "kind": "border_post",
    "languages": ["es"],
    "hours": "24 h",
    "telephone": "+595 61 0000",
}


@beginning
def shipment(as_actor):
    exporter = as_actor("BRA", "licensing_officer")
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    return exporter.post(f"/permits/{permit}/shipments", bodies.shipment()).json


def waiting(officer):
    return officer.get(f"/posts/{POST}/board").json["calls"]


def notices(officer):
    return officer.get("/notifications?code=post_called").json["items"]


def pass_minutes(app, monkeypatch, minutes):
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(minutes=minutes)))


def test_a_call_is_on_both_boards_until_the_other_side_answers_it(
    as_actor, pry_border, bra_border, shipment
):
    as_actor("PRY", "state_administrator").post("/contacts", DUTY)
    made = pry_border.post(CALLS, {"shipment": shipment["id"]}).json
    [visible] = waiting(bra_border)
    assert visible == made
    assert (made["asking_state"], made["asked_state"]) == ("PRY", "BRA")
    assert (made["shipment_number"], made["asked_at"]) == ("A-1", "2026-03-09T15:00:00+00:00")
    assert made["contact"]["telephone"] == "+595 61 0000" and made["answered_at"] is None
    bra_border.post(f"/calls/{made['id']}/answer", expect=200)
    [settled] = waiting(pry_border)
    assert settled["answered_at"] == "2026-03-09T15:00:00+00:00"
    assert [item["id"] for item in bra_border.get(f"{CALLS}?answered=true").json["items"]] == [
        made["id"]
    ]
    assert bra_border.get(f"{CALLS}?answered=false").json["items"] == []


def test_of_a_settled_call_the_boards_are_clear_after_an_hour(
    app, monkeypatch, pry_border, bra_border
):
    made = pry_border.post(CALLS, {}).json
    bra_border.post(f"/calls/{made['id']}/answer", expect=200)
    pass_minutes(app, monkeypatch, 59)
    assert len(waiting(bra_border)) == 1
    pass_minutes(app, monkeypatch, 61)
    assert waiting(bra_border) == waiting(pry_border) == []


def test_an_unanswered_call_remains_for_a_day(app, monkeypatch, pry_border, bra_border):
    pry_border.post(CALLS, {})
    pass_minutes(app, monkeypatch, 23 * 60)
    assert len(waiting(bra_border)) == 1
    pass_minutes(app, monkeypatch, 25 * 60 - 1)  # the keys of the test are good for a day
    assert waiting_as_operator("BRA", NOW + timedelta(hours=25)) == []


def waiting_as_operator(state, now):
    from salsa_ext.boards import calls

    acting = operator(state, clock=FixedClock(now))
    with transaction(acting):
        return calls.calls_on_board(acting, POST)


def test_of_one_side_ten_calls_wait_and_the_oldest_comes_first(
    app, monkeypatch, pry_border, bra_border
):
    first = pry_border.post(CALLS, {}).json["id"]
    for times in range(1, 10):
        pass_minutes(app, monkeypatch, 5 * times)
        pry_border.post(CALLS, {})
    pass_minutes(app, monkeypatch, 50)
    refused = pry_border.post(CALLS, {}, 409).json
    assert refused["code"] == "too_many_calls" and refused["detail"].startswith("10 calls")
    bra_border.post(CALLS, {})  # the other side asks for itself
    for each in (pry_border, bra_border):
        assert len(waiting(each)) == 11 and waiting(each)[0]["id"] == first
    assert len(notices(bra_border)) == 10
    bra_border.post(f"/calls/{first}/answer", expect=200)
    pry_border.post(CALLS, {})


def test_notices_reach_somebody_though_all_agencies_are_at_other_posts(
    pry_border, administrator, bra_border
):
    for agency in administrator.get("/agencies?state=BRA").json["items"]:
        place(administrator, agency["code"], ELSEWHERE)
    pry_border.post(CALLS, {})
    assert len(notices(bra_border)) == 1


def test_a_call_names_the_office_of_the_agency_at_the_post(
    as_actor, pry_border, bra_border, pry_administrator
):
    duty = DUTY | {"agency": "PRY-POLICE", "kind": "duty_24h", "telephone": "+595 21 1111"}
    pry_administrator.post("/contacts", duty)
    customs = {
        "code": "PRY-ADUANA",
        "kind": "customs",
        "name": "Aduana",
        "posts": [],
        "time_zone": "America/Asuncion",
    }
    pry_administrator.post("/agencies", customs)
    pry_administrator.post("/contacts", DUTY | {"agency": "PRY-ADUANA", "kind": "customs"})
    pry_border.post(CALLS, {})
    assert waiting(bra_border)[0]["contact"]["telephone"] == "+595 21 1111"
    place(as_actor("PRY", "supervisor"), "PRY-ADUANA", POST)
    assert waiting(bra_border)[0]["contact"]["agency"] == "PRY-ADUANA"


def test_the_same_is_asked_once_in_five_minutes_and_says_since_when(
    app, monkeypatch, pry_border, shipment
):
    pry_border.post(CALLS, {})
    refused = pry_border.post(CALLS, {}, 409).json
    assert refused["code"] == "already_asked"
    assert "asked to call at 12:00 already" in refused["detail"]  # the clock of Ciudad del Este
    pry_border.post(CALLS, {"shipment": shipment["id"]})  # which is another matter
    pry_border.post(CALLS, {"shipment": shipment["id"]}, 409)
    pass_minutes(app, monkeypatch, 5)
    pry_border.post(CALLS, {})
    pry_border.post(CALLS, {}, 409)


def test_another_officer_of_the_side_is_notified_that_it_was_asked(
    as_actor, pry_border, bra_border
):
    pry_border.post(CALLS, {})
    as_actor("PRY", "border_officer").post(CALLS, {}, 409)
    bra_border.post(CALLS, {})  # the other side asks for itself


def test_what_was_answered_can_be_asked_again_at_once(pry_border, bra_border):
    made = pry_border.post(CALLS, {}).json
    bra_border.post(f"/calls/{made['id']}/answer", expect=200)
    pry_border.post(CALLS, {})


def test_the_side_that_asked_does_not_answer_and_a_second_answer_changes_nothing(
    as_actor, pry_border, bra_border
):
    made = pry_border.post(CALLS, {}).json["id"]
    pry_border.post(f"/calls/{made}/answer", expect=403)
    as_actor("ARG", "border_officer").post(f"/calls/{made}/answer", expect=404)
    first = bra_border.post(f"/calls/{made}/answer", expect=200).json
    assert as_actor("BRA", "border_officer").post(f"/calls/{made}/answer", expect=200).json == first


def test_a_state_that_is_no_side_neither_asks_nor_reads(as_actor, pry_border):
    other = as_actor("ARG", "border_officer")
    other.post(CALLS, {}, 403)
    other.get(CALLS, 403)
    as_actor("PRY", "supervisor").post(CALLS, {}, 403)  # who reads boards and ticks nothing


def test_a_shipment_that_is_not_the_other_sides_is_not_named(pry_border, bra_border, pry, arg):
    pry.post("/permits", bodies.import_permit(number="I-9", exporting_state="ARG"))
    named = {"state": "PRY", "number": "I-9"}
    body = bodies.permit(number="E-9", exporting_state="ARG", import_permit=named)
    permit = arg.post("/permits", body | {"authority": bodies.authority("ARG")}).json["id"]
    shipment = arg.post(f"/permits/{permit}/shipments", bodies.shipment(number="A-9")).json
    pry_border.post(CALLS, {"shipment": shipment["id"]})
    [visible] = waiting(bra_border)
    assert (visible["shipment"], visible["shipment_number"]) == (None, None)
    assert "A-9" not in str(notices(bra_border))
    bra_border.post(CALLS, {"shipment": shipment["id"]}, 404)


def test_the_officers_of_the_agencies_at_the_post_are_notified(as_actor, pry_border, administrator):
    here, there, anywhere = (
        as_actor("BRA", "border_officer", agency=agency)
        for agency in ("POLICE", "LICENSING", "TEST")
    )
    pry_border.post(CALLS, {})
    assert [len(notices(row)) for row in (here, there, anywhere)] == [1, 1, 1]  # nobody placed any
    place(administrator, "BRA-LICENSING", ELSEWHERE)
    assert ask_again(pry_border, here) and [
        len(notices(row)) for row in (here, there, anywhere)
    ] == [2, 1, 2]
    place(administrator, "BRA-POLICE", POST)
    assert ask_again(pry_border, here) and [
        len(notices(row)) for row in (here, there, anywhere)
    ] == [3, 1, 2]


def place(administrator, code, *posts):
    shown = administrator.post(f"/agencies/{code}/posts", {"posts": posts}, 200).json
    assert shown["posts"] == [*posts]


def ask_again(officer, other):
    [last, *_] = officer.get(f"{CALLS}?answered=false").json["items"]
    other.post(f"/calls/{last['id']}/answer", expect=200)
    return officer.post(CALLS, {})


@pytest.mark.parametrize(
    "posts,expected",
    [
        (["atlantis"], "posts.0"),
        (["paso-de-los-libres-uruguaiana"], "posts.0"),
        ([POST, POST], "posts.1"),
    ],
)
def test_an_agency_is_at_posts_of_its_own_state_alone(posts, expected, pry_administrator):
    refused = pry_administrator.post("/agencies/PRY-TEST/posts", {"posts": posts}, 422)
    assert list(refused.json["errors"]) == [expected]
    pry_administrator.post("/agencies/BRA-TEST/posts", {"posts": []}, 404)


def test_both_audits_name_who_asked_and_who_answered(pry_border, bra_border):
    made = pry_border.post(CALLS, {}).json
    bra_border.post(f"/calls/{made['id']}/answer", expect=200)
    for state in ("PRY", "BRA"):
        with transaction(operator(state)):
            found = db.session.execute(
                select(AuditEntry.action, AuditEntry.owner_state)
                .where(AuditEntry.subject_id == POST)
                .order_by(AuditEntry.id)
            ).all()
        assert [tuple(row) for row in found] == [("post:called", "PRY"), ("post:answered", "BRA")]
