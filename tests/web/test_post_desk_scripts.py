"""What the service gives the desk's own script and worker, and to whom."""

import re
from pathlib import Path

from api.web.post_desk import device
from api.web.post_desk.device import DECODER, OWN, SHELL
from tests.web.desks import DESK
from tests.web.pages import text
from tests.web.trucks import SCRIPT, ticks

FILES = Path(__file__).parents[2] / "api/web/static/post-desk"


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
