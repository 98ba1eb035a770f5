"""What the service gives the desk's own script and worker, and to whom."""

import io
import re
from pathlib import Path

import pytest

from api.web.pages.border import offline_desk
from api.web.pages.border.offline_desk import DECODER, DESK_FOLDER, FONTS, OFFLINE_FILES
from tests.web.desks import DESK
from tests.web.pages import text
from tests.web.trucks import SCRIPT, attached, picture, ticks

FILES = Path(__file__).parents[2] / "api/web/static/post-desk"


def test_a_script_gets_the_new_address_or_the_errors(officer, truck, as_actor):
    sent = {"Accept": "application/json", "Idempotency-Key": "0199f2c0-0000-7000-8000-00000000abcd"}
    for _ in range(2):
        done = officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed"}, 200, **sent)
        assert done.json["address"] == f"{DESK}/shipments/{truck['id']}?done=tick"
        assert done.json["messages"] == [
            "Discrepancies opened: 1.",
            "Exit: never recorded as passed.",
        ]
        assert done.json["photo"]["messages"] == []
    assert len(ticks(as_actor, truck)) == 1
    sent["Idempotency-Key"] = "0199f2c0-0000-7000-8000-00000000abce"
    wrong = officer.send(f"{DESK}/incident", {"which": "A-1", "note": "x"}, 422, **sent)
    assert wrong.json["messages"] == ["Kind: This field is required."]


def none():
    """A file that is no photograph."""
    return io.BytesIO(b"no picture"), "mark.jpg"


@pytest.mark.parametrize(
    ("form", "sent", "kind"),
    [
        ("tick", {"which": "A-1", "outcome": "passed"}, "shipment"),
        ("seizure", {"items.0.serial": "QQQ111"}, "seizure"),
        ("check", {"serial": "QQQ111"}, "check"),
    ],
)
def test_a_photograph_that_is_refused_keeps_nothing_else_back_and_is_sent_anew(
    officer, truck, as_actor, form, sent, kind
):
    once = SCRIPT | {"Idempotency-Key": "0199f2c0-0000-7000-8000-00000000abd0"}
    first, again = (
        officer.send(f"{DESK}/{form}", sent | {"photo": none()}, 200, **once).json for _ in range(2)
    )
    first.pop("html", None), again.pop("html", None)
    assert first == again  # once, with its photograph refused each time
    photo = first["photo"]
    assert "JPEG, PNG or WebP" in photo["messages"][0]
    fields = dict(photo["fields"])
    subject = f"{kind}:{fields['subject']}"
    assert fields["kind"] == kind and attached(as_actor, subject) == []
    refused = officer.send(photo["action"], fields | {"photo": none()}, 422, **SCRIPT)
    assert "JPEG, PNG or WebP" in refused.json["messages"][0]
    assert officer.send(photo["action"], fields, 422, **SCRIPT).json["messages"] == [
        "Photograph: This field is required."
    ]
    officer.send(photo["action"], fields | {"photo": picture()}, 200, **SCRIPT)
    assert attached(as_actor, subject) == ["photograph"]


def test_a_seizure_of_a_photograph_alone_that_is_refused_is_not_recorded(officer, as_actor):
    refused = officer.send(f"{DESK}/seizure", {"photo": none()}, 422, **SCRIPT).json["messages"]
    assert "JPEG, PNG or WebP" in refused[0]
    assert any("Say what was seized" in value for value in refused[1:])
    assert as_actor("PRY", "border_officer").get("/seizures").json["items"] == []


@pytest.mark.parametrize("fields", [{}, {"kind": "seizure"}, {"kind": "permit", "subject": "?"}])
def test_a_photograph_of_an_unknown_object_is_not_stored(officer, fields):
    officer.send(f"{DESK}/photo", fields | {"photo": picture()}, 404, **SCRIPT)


def test_a_script_learns_what_a_tick_opened_and_what_stops_the_truck_still(
    officer, truck, as_actor
):
    sent = {
        "which": "A-1",
        "outcome": "passed",
        "quantity": "7",
        "seals": "S-9",
        "occurred_at": "2026-03-09T11:30",
    }
    hold = {
        "stage": "entry",
        "occurred_at": "2026-03-09T14:45:00Z",
        "outcome": "held",
        "reason": "The dog marked it",
    }
    as_actor("PRY", "border_officer").post(f"/shipments/{truck['id']}/checkpoints", hold)
    done = officer.send(f"{DESK}/tick", sent | {"confirm_differs": "true"}, 200, **SCRIPT)
    opened, *doubts, stopped = done.json["messages"]
    assert opened == f"Discrepancies opened: {len(doubts)}."
    assert "Entry: 7 pieces counted, 2 on its papers." in doubts
    assert "Entry: 1 of 1 seals differ: S-9 read, S-77 expected." in doubts
    assert stopped == (
        "It is stopped now. Paraguay holds this shipment since 9 Mar 2026, 11:45: The dog marked it."
    )


def test_a_script_without_a_session_is_refused(visitor):
    visitor.send(f"{DESK}/tick", {"which": "A-1"}, 401, Accept="application/json")
    assert visitor.client.get("/posts/session", headers=SCRIPT).status_code == 401


def test_a_queue_of_one_account_is_not_accepted_from_another(officer, truck, as_actor):
    stored = officer.client.get("/posts/session", headers=SCRIPT).json
    assert len(stored["key"]) == 64 and stored["ends_at"] > stored["now"]
    mine, other = (
        {"Accept": "application/json", "Salsa-Desk-Owner": owner}
        for owner in (stored["owner"], "0" * 32)
    )
    refused = officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed"}, 403, **other)
    assert "by another account" in refused.json["detail"] and ticks(as_actor, truck) == []
    assert refused.json["code"] == "not_yours"  # by which the device knows that it waits on
    officer.send(f"{DESK}/tick", {"which": "A-1", "outcome": "passed"}, 200, **mine)


def test_each_account_has_a_key_of_its_own_in_every_session(signed_in):
    single, other = signed_in("PRY", "border_officer"), signed_in("BRA", "border_officer")
    first = single.client.get("/posts/session", headers=SCRIPT).json
    single.send("/sign-out", {})
    single.sign_in("pry.border_officer")
    again, others = (
        someone.client.get("/posts/session", headers=SCRIPT).json for someone in (single, other)
    )
    assert (first["key"], first["owner"]) == (again["key"], again["owner"])
    assert others["key"] != first["key"] and others["owner"] != first["owner"]


def test_the_page_without_a_line_has_no_data_and_no_token(officer, truck):
    page = officer.open(f"{DESK}/offline")
    for hidden in ("BRA2E19", "A-1", 'name="once"', truck["id"]):
        assert hidden not in page
    assert page.count('data-form="') == 7


def test_the_worker_keeps_every_file_that_there_is_by_its_version(app, officer):
    answer = officer.client.get("/posts/worker.js")
    assert answer.mimetype == "text/javascript" and answer.headers["Service-Worker-Allowed"] == "/"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]
    with app.test_request_context():
        addresses = {name: offline_desk.file_address(name) for name in (*OFFLINE_FILES, DECODER)}
    for name, address in addresses.items():
        with officer.client.get(address) as file:
            assert file.status_code == 200 and "immutable" in file.headers["Cache-Control"], name
        assert address in answer.text
    page = officer.open(f"{DESK}/offline")
    needed = set(re.findall(r'(?:src|href|data-decoder)="(/(?:static|desk-files)/[^"#]+)', page))
    assert {each for each in needed if not each.endswith(".woff2")} <= {*addresses.values()}
    imported = {
        DESK_FOLDER + name
        for script in FILES.glob("*.js")
        for name in re.findall(r'(?:from|import) "./([^"]+)"', script.read_text())
    }
    assert imported <= {*OFFLINE_FILES}


def test_the_worker_keeps_the_faces_as_the_style_names_them(officer):
    style = officer.client.get("/static/tokens.css").text
    named = set(re.findall(r'url\("(vendor/[^"]+)"\)', style))
    assert named == {*FONTS}
    worker = officer.client.get("/posts/worker.js").text
    assert [name for name in named if f'"/static/{name}"' not in worker] == []


def test_no_file_of_the_desk_is_given_for_that_of_another_version(officer, monkeypatch):
    with_version = re.search(r'"(/desk-files/[^"]+/desk.js)"', officer.open(DESK))[1]
    assert officer.client.get(with_version).status_code == 200
    monkeypatch.setattr(offline_desk, "desk_version", lambda: "upgraded")
    assert officer.client.get(with_version).status_code == 404
    assert "/desk-files/upgraded/desk.js" in officer.open(DESK)
    assert "/desk-files/upgraded/" in officer.client.get("/posts/worker.js").text


def test_the_page_of_who_signed_out_without_a_line_says_nothing_of_anybody(officer):
    page = officer.open("/signed-out")
    assert "No session waits to be ended on this device." in text(page)
    assert 'action="/sign-out"' not in page and "Notifications" not in page
