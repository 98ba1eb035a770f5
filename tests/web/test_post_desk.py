"""The officer's desk without a script: each form, what it fills in by itself, and what it refuses."""

import io
import re

import pytest

from tests.support import bodies
from tests.support.movements import Way
from tests.support.papers import code_of
from tests.web.desks import DESK
from tests.web.pages import text
from tests.web.scenes import POST
from tests.web.trucks import SCRIPT, attached, picture, ticks

FINE = 4  # times 72 dots an inch


def test_the_desk_is_reached_from_home_and_board_and_shows_what_is_due(officer, truck):
    for path in ("/", f"/posts/{POST}/board"):
        assert f'href="{DESK}"' in officer.open(path)
    shown = text(officer.open(DESK))
    for words in (
        "A-1",
        "BRA2E19",
        "E-1",
        "S-77",
        "2 × Pistol · Taurus · G2C · 9x19",
        "Entry",
        "9 Mar 2026, 17:00",
        "Your side",
    ):
        assert words in shown


def test_a_truck_that_was_ticked_is_found_again_in_what_was_ticked_today(officer, truck):
    assert "No crossing was recorded today." in text(officer.open(DESK))
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed", "seals": "S-77"})
    page = officer.open(DESK)
    assert 'class="truck' not in page  # nothing is due of it any more
    ticked = page.partition('id="ticked-title"')[2]
    shown = text(f"<main>{ticked}")
    assert "Crossed today (1)" in shown and "12:00 · Ciudad del Este · Entry ✓ Passed" in shown
    assert f'<a href="{DESK}/shipments/{truck["id"]}">A-1</a>' in ticked


def test_a_tick_of_a_clock_that_is_fast_is_shown_at_the_moment_that_counts(
    officer, truck, as_actor
):
    fast = {
        "stage": "entry",
        "post": POST,
        "occurred_at": "2026-03-09T15:04:00Z",
        "outcome": "passed",
    }
    as_actor("PRY", "border_officer").post(f"/shipments/{truck['id']}/checkpoints", fast)
    for page in (
        DESK,
        f"{DESK}/shipments/{truck['id']}",
        f"/posts/{POST}/board",
        f"/desk/shipments/{truck['id']}",
    ):
        body = text(officer.open(page))
        assert ("12:00" in body or "15:00" in body) and "12:04" not in body and "15:04" not in body


@pytest.mark.parametrize(
    "state,role,status",
    [("ARG", "border_officer", 403), ("PRY", "police_officer", 403), ("BRA", "supervisor", 200)],
)
def test_a_desk_is_for_officers_of_its_two_sides(signed_in, state, role, status):
    signed_in(state, role).open(DESK, status)


def test_of_a_long_manifest_a_list_tells_how_many_and_the_sheet_what(officer, truck, monkeypatch):
    monkeypatch.setattr("salsa_ext.boards.crossings.MAX_BODY_ITEMS", 1)
    assert "Firearms in this shipment: 2" in text(officer.open(DESK))
    assert "2 × Pistol" in text(officer.open(f"{DESK}/shipments/{truck['id']}"))


@pytest.mark.parametrize("typed", ["bra 2e19", "A-1", "e-1", "i-1", "BR-2026-118"])
def test_a_truck_is_found_by_plate_number_permit_or_paper(officer, truck, typed):
    page = officer.send(f"{DESK}/find", {"q": typed}, 200).get_data(as_text=True)
    assert f"{DESK}/shipments/{truck['id']}" in page and "Found for" in page


@pytest.mark.parametrize("licensed", [("BOL", "PRY"), ("PRY",)])
@pytest.mark.parametrize("typed", ["X-1", "I-1"])
def test_a_truck_in_transit_is_found_by_the_transit_permit_and_the_certificate(
    officer, as_actor, licensed, typed
):
    shipment = Way(as_actor, licensed).ship()
    page = officer.send(f"{DESK}/find", {"q": typed}, 200).get_data(as_text=True)
    assert f"{DESK}/shipments/{shipment['id']}" in page


def test_what_is_not_found_bears_no_sign_that_all_is_well(officer, truck):
    page = officer.send(f"{DESK}/find", {"q": "ZZZ"}, 200).get_data(as_text=True)
    assert "Nothing is found for “ZZZ”" in page
    assert "○ No shipment that concerns your state was found." in text(page)


def test_the_code_of_a_paper_leads_to_its_truck_and_says_whether_it_stands(officer, truck, bra):
    code = code_of(bra.get(f"/permits/{truck['permit']}/paper").data, FINE)
    page = officer.send(f"{DESK}/find", {"q": f" {code.lower()} "}, 200).get_data(as_text=True)
    assert "The document is valid: its signature is good" in text(page)
    assert f"{DESK}/shipments/{truck['id']}" in page
    forged = officer.send(f"{DESK}/find", {"q": "SALSA1.BRA-2026-00000000.AA.AA"}, 200)
    assert "No state of this service has the key" in text(forged.get_data(as_text=True))


def test_one_press_ticks_the_stage_of_the_own_side_here_and_now(officer, truck, as_actor):
    which = {"which": truck["id"], "outcome": "passed", "seals": "S-77"}
    done = officer.send(f"{DESK}/tick", which)
    assert done.location == f"{DESK}/shipments/{truck['id']}?done=tick"
    [tick] = ticks(as_actor, truck)
    assert (tick["stage"], tick["post"], tick["outcome"]) == ("entry", POST, "passed")
    assert tick["occurred_at"] == "2026-03-09T15:00:00+00:00" and tick["seals"] == ["S-77"]
    assert "The crossing is recorded." in text(officer.open(done.location))


def test_a_time_that_is_typed_is_that_of_the_own_side(officer, truck, as_actor):
    officer.send(
        f"{DESK}/tick",
        {"which": "A-1", "outcome": "held", "reason": "Scanner", "occurred_at": "2026-03-09T11:30"},
    )
    assert ticks(as_actor, truck)[0]["occurred_at"] == "2026-03-09T14:30:00+00:00"


def test_a_photograph_is_kept_with_the_truck_and_the_form_has_one_effect(officer, truck, as_actor):
    once = "0199f2c0-0000-7000-8000-00000000abcd"
    for _ in range(2):
        sent = {
            "which": "BRA2E19",
            "outcome": "refused",
            "reason": "Rust",
            "photo": picture(),
            "once": once,
        }
        officer.send(f"{DESK}/tick", sent)
    assert len(ticks(as_actor, truck)) == 1
    assert attached(as_actor, f"shipment:{truck['id']}") == ["photograph"]


@pytest.mark.parametrize(
    "which,expected",
    [
        ("NOWHERE", "No shipment under way has this number or plate."),
        ("", "No shipment under way has this number or plate."),
    ],
)
def test_a_truck_that_is_not_found_is_asked_for_again(officer, truck, which, expected):
    page = officer.send(f"{DESK}/tick", {"which": which, "outcome": "passed"}, 422)
    assert expected in text(page.get_data(as_text=True))


def test_what_is_no_photograph_is_refused_at_its_field(officer, truck, as_actor):
    sent = {
        "which": "A-1",
        "outcome": "passed",
        "seals": "S-77",
        "photo": (io.BytesIO(b"%PDF-1.7"), "a.pdf"),
    }
    officer.send(f"{DESK}/tick", sent, 422)
    assert ticks(as_actor, truck) == []


def test_a_check_needs_its_serial_alone_and_keeps_a_photograph_of_the_mark(
    officer, as_actor, session
):
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    page = officer.send(f"{DESK}/check", {"serial": "ABC1234??", "photo": picture()}, 200)
    shown = text(page.get_data(as_text=True))
    assert (
        "Possible hit" in shown
        and "Incident Ciudad del Este–Foz do Iguaçu, 9 Mar 2026, 12:00" in shown
    )
    check = shown.partition("Number of the check: ")[2].split()[0]
    assert attached(as_actor, f"check:{check}") == ["photograph"]


def test_a_check_that_is_sent_again_is_one_check_with_the_same_answer(officer, as_actor):
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    once = {"serial": "ABC123456", "once": "0199f2c0-0000-7000-8000-00000000abcd"}
    first, second = (
        text(officer.send(f"{DESK}/check", once, 200).get_data(as_text=True)) for _ in range(2)
    )
    assert (
        first.split("Number of the check:")[1][:38] == second.split("Number of the check:")[1][:38]
    )


def test_a_seizure_needs_what_was_read_alone(officer, as_actor):
    done = officer.send(f"{DESK}/seizure", {"items.0.serial": "XYZ1?3", "photo": picture()})
    assert "The seizure is recorded." in text(officer.open(done.location))
    [made] = as_actor("PRY", "border_officer").get("/seizures").json["items"]
    assert (made["kind"], made["post"], made["place"]["name"]) == (
        "seized",
        POST,
        "Ciudad del Este",
    )
    assert (made["occurred_on"], made["agency"]) == ("2026-03-09", "PRY-TEST")
    assert made["number"].startswith("20260309-") and made["items"][0]["serial"] == "XYZ1?3"
    assert attached(as_actor, f"seizure:{made['id']}") == ["photograph"]


def test_a_seizure_answers_at_once_with_its_number_what_it_matches_and_whom_to_call(
    officer, as_actor
):
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    typed = {"items.0.serial": "ABC12345", "items.1.serial": "QQQ77777", "items.0.make": "Taurus"}
    address = officer.send(f"{DESK}/seizure", typed | {"number": "CDE-9"}).location
    page = text(officer.open(address))  # near marks are compared by now
    for words in (
        "Seizure CDE-9",
        "Seized before: Brazil",
        "Mark ABC123456",
        "QQQ77777 : ○ Not in",
        "Brazil has no office registered that can be called.",
    ):
        assert words in page
    [messages, _] = officer.send(f"{DESK}/seizure", typed, 200, **SCRIPT).json["messages"]
    assert messages.startswith("ABC12345: Hit. Seized before: ")


def test_the_receipt_of_a_seizure_follows_by_itself_what_is_still_compared(officer, as_actor):
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    officer.client.background = False
    address = officer.send(f"{DESK}/seizure", {"items.0.serial": "ABC12345"}).location
    waiting = officer.client.get(address)
    assert (
        waiting.headers["Refresh"].startswith("1; url=/") and "Near marks are still" in waiting.text
    )
    assert "Seized before: Brazil" not in text(waiting.text)
    officer.client.background = True
    complete = officer.client.get(address)
    assert "Refresh" not in complete.headers and "Seized before: Brazil" in text(complete.text)


def test_a_receipt_says_of_each_gun_what_a_check_says_the_action_of_an_alert_first(
    officer, as_actor
):
    """Brazil has seized the gun before; Argentina asks to hold it and to be called."""
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    for state in ("ARG", "BRA"):
        duty = {
            "agency": f"{state}-POLICE",
            "kind": "duty_24h",
            "languages": ["es"],
            "hours": "24 h",
            "telephone": "+55 45 0000000",
        }
        as_actor(state, "state_administrator").post("/contacts", duty)
    as_actor("ARG", "police_officer").post("/alerts", bodies.alert())
    typed = {"items.0.serial": "ABC123456", "items.0.make": "Taurus", "items.1.serial": "QQQ77777"}
    page = officer.open(officer.send(f"{DESK}/seizure", typed).location)
    shown = text(page)
    parts = (
        "Hold the gun and call Argentina",
        "Seized before: Brazil",
        "Hit with Argentina",
        "Whom to call",
        "ARG-POLICE",
        "BRA-POLICE",
        "QQQ77777 : ○ Not in",
    )
    assert [shown.find(part) for part in parts] == sorted(shown.find(part) for part in parts)
    assert all(part in shown for part in parts)
    officer.open(re.search(r'href="(/hits/[^"]+)"', page)[1])
    [loud, _] = officer.send(f"{DESK}/seizure", typed, 200, **SCRIPT).json["messages"]
    assert loud.startswith("ABC123456: Hit. Hold the gun and call Argentina")


def test_a_receipt_that_is_read_again_says_that_the_alert_has_ended(officer, arg_police):
    alert = arg_police.post("/alerts", bodies.alert()).json
    typed = {"items.0.serial": "ABC123456", "items.0.make": "Taurus"}
    receipt = officer.send(f"{DESK}/seizure", typed).location
    assert "was cancelled" not in text(officer.open(receipt))
    arg_police.post(f"/alerts/{alert['id']}/cancel", {"reason": "Found"}, 200, If_Match='"1"')
    shown, page = text(officer.open(receipt)), officer.open(receipt)
    ended = "✕ The alert was cancelled by Argentina on 9 Mar 2026"
    stored = "It was answered when it was recorded: Hold the gun and call Argentina"
    assert shown.index(ended) < shown.index(stored)
    assert '<p class="lead">Hold the gun' not in page


def test_a_receipt_is_of_the_own_state_alone(officer, signed_in):
    done = officer.send(f"{DESK}/seizure", {"items.0.serial": "XYZ123", "joint_with.number": "F-1"})
    signed_in("BRA", "border_officer").open(done.location, 404)


def test_several_guns_of_a_partly_read_mark_are_distinguished(officer, police):
    for at, serial in enumerate(("TKA52381", "TKA523B1")):
        item = bodies.seizure()["items"][0] | {"serial": serial}
        police.post("/seizures", bodies.seizure(number=f"S-{at}", items=[item]))
    sent = {"serial": "TKA523[8B]1", "photo": picture()}
    page = text(officer.send(f"{DESK}/check", sent, 200).get_data(as_text=True))
    for words in (
        "2 guns fit it",
        "Mark TKA52381",
        "Mark TKA523B1",
        "How was this scored?",
        "The photograph is stored with this check.",
    ):
        assert words in page


def test_a_seizure_of_nothing_is_refused_at_its_serial(officer, as_actor):
    page = officer.send(f"{DESK}/seizure", {"items.0.serial": "  "}, 422).get_data(as_text=True)
    assert page.count('href="#items-0-serial"') == 1 and "This field is required" not in page
    assert 'aria-invalid="true"' in page
    assert as_actor("PRY", "border_officer").get("/seizures").json["items"] == []


def test_a_day_in_a_sentence_is_written_as_on_the_page(officer):
    sent = {"items.0.serial": "XYZ1", "occurred_at": "2026-03-12T10:00"}
    page = text(officer.send(f"{DESK}/seizure", sent, 422).get_data(as_text=True))
    assert "today is 9 Mar 2026" in page and "2026-03-09" not in page


def test_enter_in_a_field_of_a_tick_chooses_no_outcome(officer, truck):
    page = officer.open(f"{DESK}/shipments/{truck['id']}")
    buttons = re.findall(r"<button[^>]*>", page[page.index('id="tick-title"') :])
    assert buttons[0] == "<button disabled hidden>" and 'value="passed"' in buttons[1]


def test_a_joint_seizure_of_two_guns_is_visible_to_the_other_side(officer, as_actor):
    officer.send(
        f"{DESK}/seizure",
        {
            "items.0.serial": "XYZ123",
            "items.3.type": "rifle",
            "joint_with.number": "FOZ-7",
            "place.name": "Camino viejo",
            "number": "CDE-9",
            "occurred_at": "2026-03-08T23:30",
        },
    )
    [own] = as_actor("PRY", "border_officer").get("/seizures?number=CDE-9").json["items"]
    assert own["joint_with"] == {"state": "BRA", "number": "FOZ-7"}
    assert [item["line"] for item in own["items"]] == [1, 2] and own["post"] is None
    headers = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    visible = as_actor("BRA", "police_officer").get(f"/seizures/{own['id']}", **headers).json
    assert (visible["state"], visible["occurred_on"]) == ("PRY", "2026-03-08")


def test_the_other_side_is_called_by_telephone_or_asked_to_call(officer, truck, as_actor):
    duty = {
        "agency": "BRA-POLICE",
        "kind": "border_post",
        "languages": ["pt"],
        "hours": "24 h",
        "telephone": "+55 45 0000",
    }
    as_actor("BRA", "state_administrator").post("/contacts", duty)
    assert 'href="tel:+55450000"' in officer.open(f"{DESK}/call")
    officer.send(f"{DESK}/call", {"which": "A-1"})
    officer.send(f"{DESK}/call", {"which": ""})
    notices = as_actor("BRA", "border_officer").get("/notifications?code=post_called").json["items"]
    assert [each["subject"]["kind"] for each in notices] == ["post", "shipment"]
