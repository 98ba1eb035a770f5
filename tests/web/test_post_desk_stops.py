"""What stops a truck, or should: who is asked before it passes, and what each side learns after."""

import re

import pytest

from salsa_ext.boards import crossings
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.movements import act, add, tick
from tests.web.desks import DESK
from tests.web.pages import text
from tests.web.scenes import POST
from tests.web.trucks import SCRIPT, TRUCK, ticks


def test_a_truck_is_held_and_let_go_on_and_an_incident_is_told(officer, truck, as_actor):
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed", "seals": "S-77"})
    for task, more in (
        ("hold", {"reason": "Scanner"}),
        ("resume", {"reason": "Clean"}),
        ("incident", {"kind": "seal_broken", "note": "S-77 is cut"}),
    ):
        officer.send(f"{DESK}/{task}", {"which": "A-1"} | more)
    answer = as_actor("BRA", "licensing_officer").get(f"/shipments/{truck['id']}").json["events"]
    assert {"held", "resumed", "incident"} <= {event["kind"] for event in answer}


@pytest.mark.parametrize("outcome", ["held", "refused"])
def test_what_does_not_pass_wants_a_reason_which_both_sides_read(officer, truck, as_actor, outcome):
    sent = {"which": "A-1", "outcome": outcome}
    page = officer.send(f"{DESK}/tick", sent, 422).get_data(as_text=True)
    assert "Say why: the states concerned read it." in text(page)
    officer.send(f"{DESK}/tick", sent | {"reason": "Seal cut"})
    [hold] = as_actor("BRA", "border_officer").get(f"/shipments/{truck['id']}").json["holds"]
    assert (hold["state"], hold["reason"]) == ("PRY", "Seal cut")


def stopped(as_actor, truck):
    """Brazil stops the truck at its exit, and says whom to call."""
    duty = {
        "agency": "BRA-POLICE",
        "kind": "duty_24h",
        "languages": ["pt"],
        "hours": "24 h",
        "telephone": "+55 45 0000",
    }
    as_actor("BRA", "state_administrator").post("/contacts", duty)
    tick(
        as_actor("BRA", "border_officer"),
        truck,
        "exit",
        "held",
        at="2026-03-09T13:00:00Z",
        reason="A serial is on an alert",
    )


def test_the_page_of_a_truck_that_is_held_says_who_holds_it_why_since_when_and_whom_to_call(
    officer, truck, as_actor
):
    stopped(as_actor, truck)
    page = officer.open(f"{DESK}/shipments/{truck['id']}")
    shown = text(page)
    for words in (
        "Held by Brazil since 9 Mar 2026, 10:00 : A serial is on an alert",
        "That is the word of Brazil; it does not bind your side.",
        "I know of it, and it passes all the same",
    ):
        assert words in shown
    assert 'href="tel:+55450000"' in page and f"{DESK}/resume" not in page


def test_what_another_state_holds_passes_once_it_is_confirmed(officer, truck, as_actor):
    stopped(as_actor, truck)
    sent = {"which": "A-1", "outcome": "passed", "seals": "S-77"}
    page = officer.send(f"{DESK}/tick", sent, 409).get_data(as_text=True)
    assert "Brazil holds this shipment since 9 Mar 2026" in text(page)
    assert "confirm it with “I know of it, and it passes all the same”" in text(page)
    again = officer.send(f"{DESK}/tick", sent, 409, **SCRIPT)
    assert (
        again.json["confirm"] == "confirm_held"
        and "A serial is on an alert" in again.json["messages"][0]
    )
    officer.send(f"{DESK}/tick", sent | {"confirm_held": "true"})
    assert [tick["outcome"] for tick in ticks(as_actor, truck)] == ["held", "passed"]


def test_who_is_called_before_a_pass_is_named_and_not_by_a_code(
    officer, truck, as_actor, administrator
):
    stopped(as_actor, truck)
    customs = {
        "code": "BRA-ADUANA",
        "kind": "customs",
        "name": "Alfândega de Foz",
        "posts": [POST],
        "time_zone": "America/Sao_Paulo",
    }
    administrator.post("/agencies", customs)
    administrator.post(
        "/contacts",
        {
            "agency": "BRA-ADUANA",
            "kind": "customs",
            "languages": ["pt"],
            "hours": "Mo-Fr 08:00-17:00",
            "telephone": "+55 45 1111",
        },
    )
    page = officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed", "seals": "S-77"}, 409)
    shown = text(page.get_data(as_text=True))
    assert "Call first: Alfândega de Foz, +55 45 1111." in shown
    offices = [part.partition("Mon-Fri 08:00")[1] for part in shown.split("Alfândega de Foz")]
    assert any(offices) and shown.index("Alfândega de Foz , Brazil") < shown.index(
        "BRA-POLICE , Brazil"
    )


def test_the_holder_sees_a_passage_despite_the_hold_until_he_lifts_it(
    officer, signed_in, truck, as_actor
):
    stopped(as_actor, truck)
    sent = {"which": "A-1", "outcome": "passed", "seals": "S-77", "confirm_held": "true"}
    officer.send(f"{DESK}/tick", sent)
    holder = signed_in("BRA", "border_officer")
    sheet, board = f"{DESK}/shipments/{truck['id']}", f"/posts/{POST}/board"
    result = "Passed in spite of your hold: Paraguay, on 9 Mar 2026, 12:00"
    for page in (sheet, DESK, board):
        assert result in text(holder.open(page))
        assert result not in text(officer.open(page))
    assert "shipment_passed_held" in urgent(as_actor("BRA", "border_officer"))
    add(as_actor("PRY", "border_officer"), truck, "receipt", received_on="2026-03-09", all=True)
    for page in (sheet, DESK, board):  # its receipt changes nothing of that
        assert result in text(holder.open(page))
    holder.send(f"{DESK}/resume", {"which": truck["id"], "reason": "Known"})
    for page in (sheet, DESK, board):
        assert result not in text(holder.open(page))


def urgent(client):
    return [item["code"] for item in client.get("/notifications?urgent=true").json["items"]]


def test_a_passage_despite_a_hold_is_listed_once(officer, signed_in, truck, as_actor, monkeypatch):
    stopped(as_actor, truck)
    exporter, permit = as_actor("BRA", "licensing_officer"), truck["permit"]
    for number in ("A-2", "A-3"):  # looked at, and let go on: they leave earlier
        expected = [{"stage": "entry", "post": POST, "at": "2026-03-09T13:00:00Z"}]
        body = bodies.shipment((f"QQ{number}",), number=number, expected=expected)
        other = exporter.post(f"/permits/{permit}/shipments", body).json
        act(exporter, other, "release")
        for minute, outcome in ((0, {"outcome": "held", "reason": "Looked at"}), (30, {})):
            at = f"2026-03-09T13:{minute:02}:00Z"
            tick(as_actor("BRA", "border_officer"), other, "exit", at=at, **outcome)
    officer.send(
        f"{DESK}/tick",
        {"which": "A-1", "outcome": "passed", "seals": "S-77", "confirm_held": "true"},
    )
    monkeypatch.setattr(crossings, "MAX_ROWS", 2)
    board = as_actor("BRA", "border_officer").get(f"/posts/{POST}/board").json
    assert board["late"][0]["number"] == "A-1"
    assert "A-1" not in [row["number"] for row in board["due"]]


def test_what_was_stopped_meanwhile_is_asked_about_until_it_is_confirmed(officer, truck, as_actor):
    visible = re.search(
        r'name="expected_version" value="([0-9]+)"', officer.open(f"{DESK}/shipments/{truck['id']}")
    )
    tick(
        as_actor("PRY", "border_officer"),
        truck,
        "entry",
        "held",
        at="2026-03-09T14:00:00Z",
        reason="The dog",
    )
    sent = {
        "which": truck["id"],
        "outcome": "passed",
        "seals": "S-77",
        "expected_version": visible[1],
    }
    for _ in range(2):
        page = officer.send(f"{DESK}/tick", sent, 409).get_data(as_text=True)
        sent |= {
            "expected_version": re.search(r'name="expected_version" value="([0-9]+)"', page)[1]
        }
    officer.send(f"{DESK}/tick", sent | {"confirm_held_since": "true"})


def test_what_the_own_state_holds_is_let_go_on_before_it_is_ticked(signed_in, truck, as_actor):
    act(as_actor("BRA", "licensing_officer"), truck, "hold", reason="Licence")
    exporter = signed_in("BRA", "border_officer")
    body = text(exporter.open(f"{DESK}/shipments/{truck['id']}"))
    assert "Held by Brazil since" in body and "Release it before you record that it passed" in body
    sent = {"which": "A-1", "outcome": "passed", "seals": "S-77", "occurred_at": "2026-03-09T12:00"}
    page = exporter.send(f"{DESK}/tick", sent, 409).get_data(as_text=True)
    assert "Resume it first with “Resume it”" in text(page)
    assert "hidden" in page.partition('data-confirm="confirm_held"')[2][:10]


def test_a_pass_does_not_undo_what_a_colleague_stopped_after_the_page_was_read(
    officer, truck, as_actor, pry_border
):
    page = officer.open(f"{DESK}/shipments/{truck['id']}")
    visible = re.search(r'name="expected_version" value="([0-9]+)"', page)[1]
    hold = {
        "stage": "entry",
        "occurred_at": "2026-03-09T14:00:00Z",
        "outcome": "held",
        "reason": "The dog marked the trailer",
    }
    pry_border.post(f"/shipments/{truck['id']}/checkpoints", hold)
    sent = {
        "which": truck["id"],
        "outcome": "passed",
        "seals": "S-77",
        "expected_version": visible,
        "confirm_held": "true",
    }
    again = officer.send(f"{DESK}/tick", sent, 409, **SCRIPT)
    assert again.json["confirm"] == "confirm_held_since"
    assert "Your own side stopped this shipment on 9 Mar 2026, 11:00" in again.json["messages"][0]
    assert "The dog marked the trailer" in again.json["messages"][0]
    page = officer.send(f"{DESK}/tick", sent, 409).get_data(as_text=True)
    assert "confirm it with “I know that my own side stopped it" in text(page)
    assert [tick["outcome"] for tick in ticks(as_actor, truck)] == ["held"]
    officer.send(f"{DESK}/tick", sent | {"confirm_held_since": "true"})
    assert [tick["outcome"] for tick in ticks(as_actor, truck)] == ["held", "passed"]


def test_an_officer_who_read_the_holds_of_his_side_is_not_asked_again(officer, truck, as_actor):
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "held", "reason": "Scanner"})
    page = officer.open(f"{DESK}/shipments/{truck['id']}")
    visible = re.search(r'name="expected_version" value="([0-9]+)"', page)[1]
    officer.send(
        f"{DESK}/tick",
        {"which": truck["id"], "outcome": "passed", "seals": "S-77", "expected_version": visible},
    )
    assert [tick["outcome"] for tick in ticks(as_actor, truck)] == ["held", "passed"]


@beginning
def planned(as_actor):
    """A truck that Brazil announced and never released."""
    exporter = as_actor("BRA", "licensing_officer")
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = exporter.post("/permits", bodies.permit()).json
    expected = [{"stage": "entry", "post": POST, "at": "2026-03-09T20:00:00Z"}]
    body = bodies.shipment(transport=TRUCK, expected=expected)
    return exporter.post(f"/permits/{permit['id']}/shipments", body).json


def test_a_missing_release_is_shown_before_entry_confirmed_and_shown_after(
    officer, planned, as_actor
):
    sheet = f"{DESK}/shipments/{planned['id']}"
    warned = "Brazil has not released it, and has not recorded its exit: call before it enters."
    assert "Not released by Brazil" in text(officer.open(DESK))
    assert warned in text(officer.open(sheet))
    sent = {"which": planned["id"], "outcome": "passed", "seals": "S-77"}
    refused = officer.send(f"{DESK}/tick", sent, 409, **SCRIPT)
    assert refused.json["confirm"] == "confirm_unreleased"
    assert "Brazil never released this shipment" in refused.json["messages"][0]
    done = officer.send(f"{DESK}/tick", sent | {"confirm_unreleased": "true"})
    shown = text(officer.open(done.location))
    assert "It does not agree with the papers" in shown and "Brazil never released it." in shown
    assert [tick["stage"] for tick in ticks(as_actor, planned)] == ["entry"]


def test_the_side_that_it_leaves_is_told_who_releases_it_and_is_offered_no_tick(signed_in, planned):
    shown = officer_page = signed_in("BRA", "border_officer").open(
        f"{DESK}/shipments/{planned['id']}"
    )
    assert "the licensing authority of your state releases it" in text(shown)
    assert 'data-task="tick"' not in officer_page and f"{DESK}/hold" in officer_page


def test_a_missing_release_shows_with_a_hold_on_sheet_list_and_board(officer, planned, signed_in):
    officer.send(f"{DESK}/tick", {"which": planned["id"], "outcome": "held", "reason": "Scanner"})
    sheet = f"{DESK}/shipments/{planned['id']}"
    for page in (DESK, sheet, f"/posts/{POST}/board"):
        shown = text(officer.open(page))
        assert "Scanner" in shown, page
        assert "Not released by Brazil" in shown or "Brazil has not released it" in shown, page
    exporter = signed_in("BRA", "border_officer").open(sheet)
    assert "the licensing authority of your state releases it" in text(exporter)
    assert 'data-task="tick"' not in exporter


def test_an_incident_is_on_list_sheet_board_and_wall_and_is_named_where_it_is_notified(
    officer, truck, bra_border
):
    robbed = {"kind": "theft", "note": "Robbed on the way", "occurred_at": "2026-03-09T13:00:00Z"}
    bra_border.post(f"/shipments/{truck['id']}/incidents", robbed)
    for page in (DESK, f"{DESK}/shipments/{truck['id']}"):
        shown = text(officer.open(page))
        assert "Theft, as Brazil says, on 9 Mar 2026, 10:00 : Robbed on the way" in shown
    assert "Theft · Brazil" in text(officer.open(f"/posts/{POST}/board"))
    [row] = bra_border.get(f"/posts/{POST}/board").json["due"]
    assert [(each["kind"], each["state"]) for each in row["incidents"]] == [("theft", "BRA")]
    assert "concerns your state: Theft." in text(officer.open("/notifications"))


def test_seals_and_count_of_the_papers_stand_beside_what_is_asked_and_a_wrong_one_is_told(
    officer, truck, as_actor
):
    duty = {
        "agency": "BRA-POLICE",
        "kind": "border_post",
        "languages": ["pt"],
        "hours": "24 h",
        "telephone": "+55 45 0000",
    }
    as_actor("BRA", "state_administrator").post("/contacts", duty)
    shown = text(officer.open(f"{DESK}/shipments/{truck['id']}"))
    assert "On its papers: S-77" in shown and "On its papers: 2" in shown
    sent = {"which": truck["id"], "outcome": "passed", "seals": "S-78", "quantity": "1"}
    asked = officer.send(f"{DESK}/tick", sent, 409).get_data(as_text=True)
    assert "Seals read: S-78; expected: S-77. 1 pieces counted, 2 on its papers." in text(asked)
    assert ticks(as_actor, truck) == []
    sent["confirm_differs"] = "true"
    page = officer.open(officer.send(f"{DESK}/tick", sent).location)
    seals = "Entry: 1 of 1 seals differ: S-78 read, S-77 expected."
    pieces = "Entry: 1 pieces counted, 2 on its papers."
    warned = text(page).partition("It does not agree with the papers")[2].partition("A-1")[0]
    assert seals in warned and pieces in warned
    assert 'class="done"' not in page and 'href="tel:+55450000"' in page
    doubts = re.findall(r'href="(/desk/discrepancies/[^"]+)"', page)
    facts = " ".join(text(officer.open(doubt)) for doubt in doubts)
    assert "Pieces on its papers: 2 Pieces counted: 1" in facts and "Seals read: S78" in facts
    token = {"Idempotency-Key": "0199f2c0-0000-7000-8000-00000000abcd"}
    messages = officer.send(f"{DESK}/tick", sent, 200, **SCRIPT, **token).json["messages"]
    assert messages[0] == "Discrepancies opened: 3." and {seals, pieces} < {*messages}
    officer.client.background = False
    right = officer.send(f"{DESK}/tick", sent | {"seals": "S-77", "quantity": "2"})
    assert 'class="done"' in officer.open(right.location)


def test_a_difference_is_shown_before_its_discrepancy_is_raised(officer, truck):
    sent = {
        "which": truck["id"],
        "outcome": "passed",
        "seals": "S-77",
        "quantity": "1",
        "confirm_differs": "true",
    }
    officer.client.background = False
    address = officer.send(f"{DESK}/tick", sent).location
    for background in (False, True):
        officer.client.background = background
        page = officer.open(address)
        warned = text(page).partition("It does not agree with the papers")[2]
        assert "Entry: 1 pieces counted, 2 on its papers." in warned
        assert ("/desk/discrepancies/" in page) is background


def test_a_lifted_hold_shows_on_desk_board_and_sheet(officer, truck, as_actor):
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "held", "reason": "Scanner"})
    board = officer.open(f"/posts/{POST}/board")
    assert "Held by Paraguay since 9 Mar 2026, 12:00" in text(board) and "Scanner" in text(board)
    assert board.count('class="box"') == 2  # Brazil's, and the one that is held
    officer.send(f"{DESK}/resume", {"which": "A-1", "reason": "Clean"})
    for page in (
        f"/posts/{POST}/board",
        f"{DESK}/shipments/{truck['id']}",
        f"/desk/shipments/{truck['id']}",
    ):
        shown = text(officer.open(page))
        assert "Let go on 9 Mar 2026" in shown and "Held by" not in shown


def test_the_order_to_stop_is_offered_where_no_tick_can_say_it(officer, truck):
    sheet = f"{DESK}/shipments/{truck['id']}"
    assert f"{DESK}/hold" not in officer.open(sheet)
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed", "seals": "S-77"})
    assert f"{DESK}/hold" in officer.open(sheet)


@pytest.mark.parametrize("task", ["hold", "resume"])
def test_a_state_without_the_goods_is_refused_before_it_types_a_reason(officer, truck, task):
    """Brazil has not ticked its exit: the truck is not Paraguay's to hold."""
    page = officer.open(f"{DESK}/{task}?which={truck['id']}")
    result = "This is not possible now: A shipment is held, and let go on, by the state that has it"
    assert result in text(page) and f'data-task="{task}"' not in page
    sent = {"which": "A-1", "reason": "A serial is on an alert"}
    again = officer.send(f"{DESK}/{task}", sent, 409).get_data(as_text=True)
    assert "by the state that has it" in text(again) and "A serial is on an alert" in again
    assert f'data-task="{task}"' in again


def test_a_state_that_has_the_goods_opens_the_form(officer, truck):
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed", "seals": "S-77"})
    assert 'data-task="hold"' in officer.open(f"{DESK}/hold?which={truck['id']}")


def test_a_stale_hold_is_refused_in_words_with_the_form(officer, truck):
    sent = {"which": truck["id"], "expected_version": "99", "reason": "Scanner"}
    page = officer.send(f"{DESK}/hold", sent, 412).get_data(as_text=True)
    assert "This was changed since you read it" in text(page)


def test_a_truck_that_is_held_is_so_on_the_board(officer, truck, as_actor):
    board = f"/posts/{POST}/board"
    assert 'class="mark held"' not in officer.open(board)
    act(as_actor("BRA", "border_officer"), truck, "hold", reason="Seal broken")
    assert 'class="mark held"' in officer.open(board)


def test_a_pass_without_seals_is_asked_once_where_no_script_offers_to_undo_it(
    officer, truck, as_actor
):
    sent = {"which": truck["id"], "outcome": "passed"}
    asked = officer.send(f"{DESK}/tick", sent, 409).get_data(as_text=True)
    assert "No seals are entered; on its papers: S-77." in text(asked)
    assert 'href="#confirm_no_seals"' in asked and ticks(as_actor, truck) == []
    officer.send(f"{DESK}/tick", sent | {"confirm_no_seals": "true"})
    assert [tick["seals"] for tick in ticks(as_actor, truck)] == [[]]
