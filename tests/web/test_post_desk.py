"""The officer's desk without a script: each form, what it fills in by itself, and what it refuses."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from api.web.post_desk import device
from api.web.post_desk.device import DECODER, OWN, SHELL
from tests import bodies
from tests.movements import act
from tests.papers import code_of
from tests.web.pages import text
from tests.web.scenes import POST

DESK = f"/posts/{POST}/desk"
FINE = 4  # times 72 dots an inch
FILES = Path(__file__).parents[2] / "api/web/static/post-desk"
SCRIPT = {"Accept": "application/json"}
TRUCK = {"document_kind": "mic_dta", "document_number": "BR-2026-118", "plates": ["BRA2E19"]}
WORDS = {
    "en": ("Officer’s desk", "Record a seizure", "Late", "Call the other side"),
    "es": ("Puesto del funcionario", "Registrar una incautación", "Con retraso", "Llamar al otro lado"),
    "fr": ("Poste de l’agent", "Enregistrer une saisie", "En retard", "Appeler l’autre côté"),
    "pt": ("Posto do agente", "Registrar uma apreensão", "Em atraso", "Ligar para o outro lado"),
}  # fmt: skip


def picture():
    made = io.BytesIO()
    Image.new("RGB", (60, 40), "gray").save(made, "JPEG")
    return io.BytesIO(made.getvalue()), "mark.jpg"


@pytest.fixture
def truck(as_actor):
    """A truck that Brazil released, due at the post today, with two pistols and a seal."""
    exporter = as_actor("BRA", "licensing_officer")
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = exporter.post("/permits", bodies.permit()).json
    expected = [{"stage": "entry", "post": POST, "at": "2026-03-09T20:00:00Z"}]
    body = bodies.shipment(transport=TRUCK, expected=expected, seals=["S-77"])
    shipment = exporter.post(f"/permits/{permit['id']}/shipments", body).json
    act(exporter, shipment, "release")
    return shipment


@pytest.fixture
def officer(signed_in):
    return signed_in("PRY", "border_officer")


def ticks(as_actor, truck):
    return as_actor("PRY", "border_officer").get(f"/shipments/{truck['id']}").json["checkpoints"]


def attached(as_actor, subject):
    listed = as_actor("PRY", "border_officer").get(f"/attachments?subject={subject}").json
    return [one["kind"] for one in listed["items"]]


def test_the_desk_is_reached_from_home_and_board_and_shows_what_is_due(officer, truck):
    for path in ("/", f"/posts/{POST}/board"):
        assert f'href="{DESK}"' in officer.open(path)
    said = text(officer.open(DESK))
    for words in ("A-1", "BRA2E19", "E-1", "S-77", "2 × Pistol · Taurus · G2C · 9x19", "Entry",
                  "Mar 9, 2026, 17:00", "Your side"):  # fmt: skip
        assert words in said


@pytest.mark.parametrize("language", WORDS)
def test_the_desk_speaks_the_reader_s_language(officer, truck, language):
    officer.client.set_cookie("salsa_language", language)
    said = text(officer.open(DESK))
    assert [words for words in WORDS[language] if words not in said] == []


@pytest.mark.parametrize("state,role,status", [
    ("ARG", "border_officer", 403), ("PRY", "police_officer", 403), ("BRA", "supervisor", 200),
])  # fmt: skip
def test_a_desk_is_for_officers_of_its_two_sides(signed_in, state, role, status):
    signed_in(state, role).open(DESK, status)


def test_of_a_long_manifest_a_list_tells_how_many_and_the_sheet_what(officer, truck, monkeypatch):
    monkeypatch.setattr("salsa_ext.readmodels.trucks.MOST_LISTED", 1)
    assert "Firearms in this shipment: 2" in text(officer.open(DESK))
    assert "2 × Pistol" in text(officer.open(f"{DESK}/shipments/{truck['id']}"))


@pytest.mark.parametrize("typed", ["bra 2e19", "A-1", "e-1", "BR-2026-118"])
def test_a_truck_is_found_by_plate_number_permit_or_paper(officer, truck, typed):
    page = officer.send(f"{DESK}/find", {"q": typed}, 200).get_data(as_text=True)
    assert f"{DESK}/shipments/{truck['id']}" in page


def test_the_code_of_a_paper_leads_to_its_truck_and_says_whether_it_stands(
    officer, truck, as_actor
):
    owner = as_actor("BRA", "licensing_officer")
    code = code_of(owner.get(f"/permits/{truck['permit']}/paper").data, FINE)
    page = officer.send(f"{DESK}/find", {"q": f" {code.lower()} "}, 200).get_data(as_text=True)
    assert "The paper stands: its signature is good" in text(page)
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
    assert "The stage is ticked." in text(officer.open(done.location))


def test_a_time_that_is_typed_is_that_of_the_own_side(officer, truck, as_actor):
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "held", "reason": "Scanner",
                                  "occurred_at": "2026-03-09T11:30"})  # fmt: skip
    assert ticks(as_actor, truck)[0]["occurred_at"] == "2026-03-09T14:30:00+00:00"


def test_a_photograph_is_kept_with_the_truck_and_the_form_has_one_effect(officer, truck, as_actor):
    once = "0199f2c0-0000-7000-8000-00000000abcd"
    for _ in range(2):
        sent = {"which": "BRA2E19", "outcome": "refused", "reason": "Rust", "photo": picture(),
                "once": once}  # fmt: skip
        officer.send(f"{DESK}/tick", sent)
    assert len(ticks(as_actor, truck)) == 1
    assert attached(as_actor, f"shipment:{truck['id']}") == ["photograph"]


@pytest.mark.parametrize("which,said", [
    ("NOWHERE", "Nothing under way that concerns your state is found by this."),
    ("", "Nothing under way that concerns your state is found by this."),
])  # fmt: skip
def test_a_truck_that_is_not_found_is_asked_for_again(officer, truck, which, said):
    page = officer.send(f"{DESK}/tick", {"which": which, "outcome": "passed"}, 422)
    assert said in text(page.get_data(as_text=True))


def test_what_is_no_photograph_is_refused_at_its_field(officer, truck, as_actor):
    sent = {"which": "A-1", "outcome": "passed", "photo": (io.BytesIO(b"%PDF-1.7"), "a.pdf")}
    officer.send(f"{DESK}/tick", sent, 422)
    assert ticks(as_actor, truck) == []


def test_a_truck_is_held_and_let_go_on_and_an_incident_is_told(officer, truck, as_actor):
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed"})
    for task, more in (("hold", {"reason": "Scanner"}), ("resume", {"reason": "Clean"}),
                       ("incident", {"kind": "seal_broken", "note": "S-77 is cut"})):  # fmt: skip
        officer.send(f"{DESK}/{task}", {"which": "A-1"} | more)
    told = as_actor("BRA", "licensing_officer").get(f"/shipments/{truck['id']}").json["events"]
    assert {"held", "resumed", "incident"} <= {event["kind"] for event in told}


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
    duty = {"agency": "BRA-POLICE", "kind": "duty_24h", "languages": ["pt"], "hours": "24 h",
            "telephone": "+55 45 0000"}  # fmt: skip
    as_actor("BRA", "state_administrator").post("/contacts", duty)
    tick = {"stage": "exit", "occurred_at": "2026-03-09T13:00:00Z", "outcome": "held",
            "reason": "A serial is on an alert"}  # fmt: skip
    as_actor("BRA", "border_officer").post(f"/shipments/{truck['id']}/checkpoints", tick)


def test_the_page_of_a_truck_that_is_held_says_who_holds_it_why_since_when_and_whom_to_call(
    officer, truck, as_actor
):
    stopped(as_actor, truck)
    page = officer.open(f"{DESK}/shipments/{truck['id']}")
    said = text(page)
    for words in ("Held by Brazil since Mar 9, 2026, 10:00 : A serial is on an alert",
                  "That is the word of Brazil; it does not bind your side.",
                  "I know of it, and it passes all the same"):  # fmt: skip
        assert words in said
    assert 'href="tel:+55450000"' in page and f"{DESK}/resume" not in page


def test_what_another_state_holds_passes_once_it_is_confirmed(officer, truck, as_actor):
    stopped(as_actor, truck)
    sent = {"which": "A-1", "outcome": "passed"}
    page = officer.send(f"{DESK}/tick", sent, 409).get_data(as_text=True)
    assert "Brazil holds this shipment since Mar 9, 2026" in text(page)
    assert "confirm it with “I know of it, and it passes all the same”" in text(page)
    again = officer.send(f"{DESK}/tick", sent, 409, **SCRIPT)
    assert (
        again.json["confirm"] == "confirm_held"
        and "A serial is on an alert" in again.json["said"][0]
    )
    officer.send(f"{DESK}/tick", sent | {"confirm_held": "true"})
    assert [tick["outcome"] for tick in ticks(as_actor, truck)] == ["held", "passed"]


def test_who_held_it_sees_that_it_passed_against_his_hold_until_he_lets_it_go_on(
    officer, signed_in, truck, as_actor
):
    stopped(as_actor, truck)
    sent = {"which": "A-1", "outcome": "passed", "confirm_held": "true"}
    officer.send(f"{DESK}/tick", sent)
    holder = signed_in("BRA", "border_officer")
    sheet, board = f"{DESK}/shipments/{truck['id']}", f"/posts/{POST}/board"
    said = "Passed in spite of your hold: Paraguay, on Mar 9, 2026, 12:00"
    for page in (sheet, DESK, board):
        assert said in text(holder.open(page))
        assert said not in text(officer.open(page))
    assert "Somebody waits for this" in text(holder.open("/notifications"))
    holder.send(f"{DESK}/resume", {"which": truck["id"], "reason": "Known"})
    for page in (sheet, DESK, board):
        assert said not in text(holder.open(page))


def test_what_the_own_state_holds_is_let_go_on_before_it_is_ticked(signed_in, truck, as_actor):
    act(as_actor("BRA", "licensing_officer"), truck, "hold", reason="Licence")
    exporter = signed_in("BRA", "border_officer")
    said = text(exporter.open(f"{DESK}/shipments/{truck['id']}"))
    assert "Held by Brazil since" in said and "let it go on before you tick it as passed" in said
    sent = {"which": "A-1", "outcome": "passed", "occurred_at": "2026-03-09T12:00"}
    page = exporter.send(f"{DESK}/tick", sent, 409).get_data(as_text=True)
    assert "Let it go on first with “Let it go on”" in text(page)
    assert "hidden" in page.partition('data-confirm="confirm_held"')[2][:10]


def test_a_pass_does_not_undo_what_a_colleague_stopped_after_the_page_was_read(
    officer, truck, as_actor
):
    page = officer.open(f"{DESK}/shipments/{truck['id']}")
    seen = re.search(r'name="seen" value="([0-9]+)"', page)[1]
    colleague = as_actor("PRY", "border_officer")
    held = {"stage": "entry", "occurred_at": "2026-03-09T14:00:00Z", "outcome": "held",
            "reason": "The dog marked the trailer"}  # fmt: skip
    colleague.post(f"/shipments/{truck['id']}/checkpoints", held)
    sent = {"which": truck["id"], "outcome": "passed", "seen": seen, "confirm_held": "true"}
    again = officer.send(f"{DESK}/tick", sent, 409, **SCRIPT)
    assert again.json["confirm"] == "confirm_held_since"
    assert "Your own side stopped this shipment on Mar 9, 2026, 11:00" in again.json["said"][0]
    assert "The dog marked the trailer" in again.json["said"][0]
    page = officer.send(f"{DESK}/tick", sent, 409).get_data(as_text=True)
    assert "confirm it with “I know that my own side stopped it" in text(page)
    assert [tick["outcome"] for tick in ticks(as_actor, truck)] == ["held"]
    officer.send(f"{DESK}/tick", sent | {"confirm_held_since": "true"})
    assert [tick["outcome"] for tick in ticks(as_actor, truck)] == ["held", "passed"]


def test_who_has_seen_what_his_side_holds_is_not_asked_again(officer, truck, as_actor):
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "held", "reason": "Scanner"})
    page = officer.open(f"{DESK}/shipments/{truck['id']}")
    seen = re.search(r'name="seen" value="([0-9]+)"', page)[1]
    officer.send(f"{DESK}/tick", {"which": truck["id"], "outcome": "passed", "seen": seen})
    assert [tick["outcome"] for tick in ticks(as_actor, truck)] == ["held", "passed"]


@pytest.fixture
def planned(as_actor):
    """A truck that Brazil announced and never released."""
    exporter = as_actor("BRA", "licensing_officer")
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = exporter.post("/permits", bodies.permit()).json
    expected = [{"stage": "entry", "post": POST, "at": "2026-03-09T20:00:00Z"}]
    body = bodies.shipment(transport=TRUCK, expected=expected)
    return exporter.post(f"/permits/{permit['id']}/shipments", body).json


def test_what_was_never_released_is_told_before_it_enters_asked_about_and_told_after(
    officer, planned, as_actor
):
    sheet = f"{DESK}/shipments/{planned['id']}"
    warned = "Brazil has not released it, and has not ticked its exit: call before it enters."
    assert "Not released by Brazil" in text(officer.open(DESK))
    assert warned in text(officer.open(sheet))
    sent = {"which": planned["id"], "outcome": "passed"}
    refused = officer.send(f"{DESK}/tick", sent, 409, **SCRIPT)
    assert refused.json["confirm"] == "confirm_unreleased"
    assert "Brazil never released this shipment" in refused.json["said"][0]
    done = officer.send(f"{DESK}/tick", sent | {"confirm_unreleased": "true"})
    said = text(officer.open(done.location))
    assert "It does not agree with the papers" in said and "Brazil never released it." in said
    assert [tick["stage"] for tick in ticks(as_actor, planned)] == ["entry"]


def test_the_side_that_it_leaves_is_told_who_releases_it_and_is_offered_no_tick(signed_in, planned):
    said = officer_page = signed_in("BRA", "border_officer").open(
        f"{DESK}/shipments/{planned['id']}"
    )
    assert "the licensing authority of your state releases it" in text(said)
    assert 'data-task="tick"' not in officer_page and f"{DESK}/hold" in officer_page


def test_an_incident_stands_on_list_sheet_board_and_wall_and_is_named_where_it_is_notified(
    officer, truck, as_actor
):
    robbed = {"kind": "theft", "note": "Robbed on the way", "occurred_at": "2026-03-09T13:00:00Z"}
    brazil = as_actor("BRA", "border_officer")
    brazil.post(f"/shipments/{truck['id']}/incidents", robbed)
    for page in (DESK, f"{DESK}/shipments/{truck['id']}"):
        said = text(officer.open(page))
        assert "Theft, as Brazil says, on Mar 9, 2026, 10:00 : Robbed on the way" in said
    assert "Theft · Brazil" in text(officer.open(f"/posts/{POST}/board"))
    [row] = brazil.get(f"/posts/{POST}/board").json["due"]
    assert [(one["kind"], one["state"]) for one in row["incidents"]] == [("theft", "BRA")]
    assert "concerns your state: Theft." in text(officer.open("/notifications"))


def test_seals_and_count_of_the_papers_stand_beside_what_is_asked_and_a_wrong_one_is_told(
    officer, truck, as_actor
):
    duty = {"agency": "BRA-POLICE", "kind": "border_post", "languages": ["pt"], "hours": "24 h",
            "telephone": "+55 45 0000"}  # fmt: skip
    as_actor("BRA", "state_administrator").post("/contacts", duty)
    said = text(officer.open(f"{DESK}/shipments/{truck['id']}"))
    assert "On its papers: S-77" in said and "On its papers: 2" in said
    sent = {"which": truck["id"], "outcome": "passed", "seals": "S-78", "quantity": "1"}
    asked = officer.send(f"{DESK}/tick", sent, 409).get_data(as_text=True)
    read = "Seals read: S-78; expected: S-77. 1 pieces counted, 2 on its papers."
    assert read in text(asked)
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
    told = officer.send(f"{DESK}/tick", sent, 200, **SCRIPT, **token).json["said"]
    assert sorted(told) == sorted([seals, pieces])
    right = officer.send(f"{DESK}/tick", sent | {"seals": "S-77", "quantity": "2"})
    assert 'class="done"' in officer.open(right.location)


def test_what_was_held_and_let_go_on_says_so_on_desk_board_and_sheet(officer, truck, as_actor):
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "held", "reason": "Scanner"})
    board = officer.open(f"/posts/{POST}/board")
    assert "Held by Paraguay since Mar 9, 2026, 12:00" in text(board) and "Scanner" in text(board)
    assert board.count('class="box"') == 2  # Brazil's, and the one that is held
    officer.send(f"{DESK}/resume", {"which": "A-1", "reason": "Clean"})
    for page in (f"/posts/{POST}/board", f"{DESK}/shipments/{truck['id']}",
                 f"/desk/shipments/{truck['id']}"):  # fmt: skip
        said = text(officer.open(page))
        assert "Let go on Mar 9, 2026" in said and "Held by" not in said


def test_the_order_to_stop_is_offered_where_no_tick_can_say_it(officer, truck):
    sheet = f"{DESK}/shipments/{truck['id']}"
    assert f"{DESK}/hold" not in officer.open(sheet)
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed"})
    assert f"{DESK}/hold" in officer.open(sheet)


def test_a_stale_hold_is_refused_in_words_with_the_form(officer, truck):
    sent = {"which": truck["id"], "seen": "99", "reason": "Scanner"}
    page = officer.send(f"{DESK}/hold", sent, 412).get_data(as_text=True)
    assert "This was changed since you read it" in text(page)


def test_a_check_needs_its_serial_alone_and_keeps_a_photograph_of_the_mark(
    officer, as_actor, session
):
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    page = officer.send(f"{DESK}/check", {"serial": "ABC12345?", "photo": picture()}, 200)
    said = text(page.get_data(as_text=True))
    assert (
        "Possible hit" in said
        and "Incident Ciudad del Este–Foz do Iguaçu, Mar 9, 2026, 12:00" in said
    )
    check = said.partition("Number of the check: ")[2].split()[0]
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
    done = officer.send(f"{DESK}/seizure", typed | {"number": "CDE-9"})
    page = text(officer.open(done.location))
    for words in ("Seizure CDE-9", "Seized before: Brazil", "Mark ABC123456", "QQQ77777 : ○ Not in",
                  "Brazil has no office registered that can be called."):  # fmt: skip
        assert words in page
    [said, _] = officer.send(f"{DESK}/seizure", typed, 200, **SCRIPT).json["said"]
    assert said.startswith("ABC12345: Hit. Seized before: ")


def test_a_receipt_is_of_the_own_state_alone(officer, signed_in):
    done = officer.send(f"{DESK}/seizure", {"items.0.serial": "XYZ123", "joint_with.number": "F-1"})
    signed_in("BRA", "border_officer").open(done.location, 404)


def test_a_mark_that_was_read_in_part_may_be_one_of_several_which_are_told_apart(officer, as_actor):
    police = as_actor("BRA", "police_officer")
    for at, serial in enumerate(("TKA52381", "TKA523B1")):
        item = bodies.seizure()["items"][0] | {"serial": serial}
        police.post("/seizures", bodies.seizure(number=f"S-{at}", items=[item]))
    sent = {"serial": "TKA523[8B]1", "photo": picture()}
    page = text(officer.send(f"{DESK}/check", sent, 200).get_data(as_text=True))
    for words in ("2 guns fit it", "Mark TKA52381", "Mark TKA523B1", "one more doubles the odds",
                  "The photograph is kept with this check."):  # fmt: skip
        assert words in page


def test_a_seizure_of_nothing_is_refused_at_its_serial(officer, as_actor):
    page = officer.send(f"{DESK}/seizure", {"items.0.serial": "  "}, 422).get_data(as_text=True)
    assert "Say what was seized" in text(page) and 'aria-invalid="true"' in page
    assert as_actor("PRY", "border_officer").get("/seizures").json["items"] == []


def test_a_day_in_a_sentence_is_written_as_on_the_page(officer):
    sent = {"items.0.serial": "XYZ1", "occurred_at": "2026-03-12T10:00"}
    page = text(officer.send(f"{DESK}/seizure", sent, 422).get_data(as_text=True))
    assert "today is Mar 9, 2026" in page and "2026-03-09" not in page


def test_enter_in_a_field_of_a_tick_chooses_no_outcome(officer, truck):
    page = officer.open(f"{DESK}/shipments/{truck['id']}")
    buttons = re.findall(r"<button[^>]*>", page[page.index('id="tick-title"') :])
    assert buttons[0] == "<button disabled hidden>" and 'value="passed"' in buttons[1]


def test_a_truck_that_is_held_is_so_on_the_board(officer, truck, as_actor):
    board = f"/posts/{POST}/board"
    assert 'class="mark held"' not in officer.open(board)
    act(as_actor("BRA", "border_officer"), truck, "hold", reason="Seal broken")
    assert 'class="mark held"' in officer.open(board)


def test_a_joint_seizure_of_two_guns_is_seen_by_the_other_side(officer, as_actor):
    officer.send(f"{DESK}/seizure", {
        "items.0.serial": "XYZ123", "items.3.type": "rifle", "joint_with.number": "FOZ-7",
        "place.name": "Camino viejo", "number": "CDE-9", "occurred_at": "2026-03-08T23:30",
    })  # fmt: skip
    [own] = as_actor("PRY", "border_officer").get("/seizures?number=CDE-9").json["items"]
    assert own["joint_with"] == {"state": "BRA", "number": "FOZ-7"}
    assert [item["line"] for item in own["items"]] == [1, 2] and own["post"] is None
    headers = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    seen = as_actor("BRA", "police_officer").get(f"/seizures/{own['id']}", **headers).json
    assert (seen["state"], seen["occurred_on"]) == ("PRY", "2026-03-08")


def test_the_other_side_is_called_by_telephone_or_asked_to_call(officer, truck, as_actor):
    duty = {"agency": "BRA-POLICE", "kind": "border_post", "languages": ["pt"], "hours": "24 h",
            "telephone": "+55 45 0000"}  # fmt: skip
    as_actor("BRA", "state_administrator").post("/contacts", duty)
    assert 'href="tel:+55450000"' in officer.open(f"{DESK}/call")
    officer.send(f"{DESK}/call", {"which": "A-1"})
    officer.send(f"{DESK}/call", {"which": ""})
    told = as_actor("BRA", "border_officer").get("/notifications?code=post_called").json["items"]
    assert [one["subject"]["kind"] for one in told] == ["post", "shipment"]


def test_a_script_gets_where_it_was_taken_or_what_is_wrong(officer, truck, as_actor):
    sent = {"Accept": "application/json", "Idempotency-Key": "0199f2c0-0000-7000-8000-00000000abcd"}
    for _ in range(2):
        done = officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed"}, 200, **sent)
        assert done.json == {"address": f"{DESK}/shipments/{truck['id']}?done=tick"}
    assert len(ticks(as_actor, truck)) == 1
    sent["Idempotency-Key"] = "0199f2c0-0000-7000-8000-00000000abce"
    wrong = officer.send(f"{DESK}/incident", {"which": "A-1", "note": "x"}, 422, **sent)
    assert wrong.json["said"] == ["Kind: This field is required."]


def test_a_script_that_nobody_signed_in_is_told_so(visitor):
    visitor.send(f"{DESK}/tick", {"which": "A-1"}, 401, Accept="application/json")
    assert visitor.client.get("/posts/session", headers=SCRIPT).status_code == 401


def test_what_one_account_kept_is_not_taken_from_another(officer, truck, as_actor):
    kept = officer.client.get("/posts/session", headers=SCRIPT).json
    assert len(kept["key"]) == 64 and kept["ends_at"] > kept["now"]
    mine, other = ({"Accept": "application/json", "Salsa-Desk-Owner": owner}
                   for owner in (kept["owner"], "0" * 32))  # fmt: skip
    refused = officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed"}, 403, **other)
    assert "by another account" in refused.json["detail"] and ticks(as_actor, truck) == []
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed"}, 200, **mine)


def test_each_account_has_a_key_of_its_own_in_every_session(signed_in):
    one, other = signed_in("PRY", "border_officer"), signed_in("BRA", "border_officer")
    first = one.client.get("/posts/session", headers=SCRIPT).json
    one.send("/sign-out", {})
    one.sign_in("pry.border_officer")
    again, others = (
        somebody.client.get("/posts/session", headers=SCRIPT).json for somebody in (one, other)
    )
    assert (first["key"], first["owner"]) == (again["key"], again["owner"])
    assert others["key"] != first["key"] and others["owner"] != first["owner"]


def test_the_page_without_a_line_has_no_data_and_no_token(officer, truck):
    page = officer.open(f"{DESK}/offline")
    for hidden in ("BRA2E19", "A-1", 'name="once"', truck["id"]):
        assert hidden not in page
    assert page.count('data-form="') == 6


def test_the_worker_keeps_every_file_that_there_is_by_its_version(app, officer):
    answer = officer.client.get("/posts/worker.js")
    assert answer.mimetype == "text/javascript" and answer.headers["Service-Worker-Allowed"] == "/"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]
    with app.test_request_context():
        addresses = {name: device.address_of(name) for name in (*SHELL, DECODER)}
    for name, address in addresses.items():
        with officer.client.get(address) as file:
            assert file.status_code == 200 and "immutable" in file.headers["Cache-Control"], name
        assert address in answer.text
    page = officer.open(f"{DESK}/offline")
    needed = set(re.findall(r'(?:src|href|data-decoder)="(/(?:static|desk-files)/[^"]+)', page))
    assert needed <= {*addresses.values()}
    imported = {OWN + name for script in FILES.glob("*.js")
                for name in re.findall(r'(?:from|import) "./([^"]+)"', script.read_text())}  # fmt: skip
    assert imported <= {*SHELL}


def test_no_file_of_the_desk_is_given_for_that_of_another_version(officer, monkeypatch):
    with_version = re.search(r'"(/desk-files/[^"]+/desk.js)"', officer.open(DESK))[1]
    assert officer.client.get(with_version).status_code == 200
    monkeypatch.setattr(device, "version", lambda: "upgraded")
    assert officer.client.get(with_version).status_code == 404
    assert "/desk-files/upgraded/desk.js" in officer.open(DESK)
    assert "/desk-files/upgraded/" in officer.client.get("/posts/worker.js").text


def test_the_page_of_who_signed_out_without_a_line_says_nothing_of_anybody(officer):
    page = officer.open("/signed-out")
    assert "No session waits to be ended on this device." in text(page)
    assert 'action="/sign-out"' not in page and "Notifications" not in page
