"""A display on a wall: paired by a code, shown one board in its language, opening nothing else, revoked."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from salsa_ext.clock import FixedClock
from salsa_ext.db import db, transaction
from salsa_ext.models import AuditEntry
from salsa_ext.policy.rules import operator
from tests.conftest import NOW
from tests.movements import act
from tests.routes import ROUTES
from tests.web import scenes
from tests.web.pages import text
from tests.web.visitors import Visitor, browser

BODY = {"name": "Hall of lane 2", "language": "es"}
DISPLAYS = f"/posts/{scenes.POST}/displays"
CODE = re.compile(r"[2-9A-Z]{5}-[2-9A-Z]{5}")


@pytest.fixture
def supervisor(as_actor):
    return as_actor("PRY", "supervisor")


@pytest.fixture
def made(supervisor):
    return supervisor.post(DISPLAYS, BODY).json


@pytest.fixture
def device(app, session):
    return Visitor(browser(app))


@pytest.fixture
def paired(device, made):
    device.send("/wall", {"code": made["code"]})
    return device


def key_of(device):
    return device.client.get_cookie("salsa_display").value


def test_a_display_shows_the_board_of_its_side_in_its_language_and_no_person_plate_or_case(
    as_actor, paired
):
    scenes.busy_post(as_actor)
    shown = paired.open("/wall")
    words = text(shown)
    for said in (
        "A-LATE",
        "Con retraso",
        "3 días y 3 horas de retraso",
        "A-DUE",
        "Ciudad del Este",
    ):
        assert said in words
    assert '<html lang="es">' in shown and "salsa_form" not in shown
    for kept in (
        "BRA2E19",
        "BR-2026-118",
        "C-55",
        "S-2",
        "Presidente Franco",
        "Armas del Sur",
        "<a ",
    ):
        assert kept not in shown


def test_a_display_says_that_the_other_side_asks_for_a_call_and_no_telephone(as_actor, paired):
    duty = {"agency": "BRA-TEST", "kind": "border_post", "languages": ["pt"], "hours": "24 h",
            "telephone": "+55 45 0000"}  # fmt: skip
    as_actor("BRA", "state_administrator").post("/contacts", duty)
    assert "le pide que llame" not in paired.open("/wall")
    brazil = as_actor("BRA", "border_officer")
    made = brazil.post(f"/posts/{scenes.POST}/calls", {}).json["id"]
    shown = paired.open("/wall")
    assert "Brasil le pide que llame, 12:00." in text(shown) and "+55" not in shown
    as_actor("PRY", "border_officer").post(f"/calls/{made}/answer", expect=200)
    assert "le pide que llame" not in paired.open("/wall")


def test_a_display_says_who_holds_a_shipment_since_when_and_not_why(as_actor, paired):
    scenes.busy_post(as_actor)
    exporter = as_actor("BRA", "border_officer")
    [late] = exporter.get("/shipments?number=A-LATE").json["items"]
    act(exporter, late, "hold", reason="A name is on a list")
    words = text(paired.open("/wall"))
    assert "Retenido por Brasil desde el 9 mar 2026, 12:00" in words
    assert "A name is on a list" not in words


BLANKS = ("", "  ", "\u200b\u2060 ")


@pytest.mark.parametrize("name", BLANKS, ids=["nothing", "blanks", "invisible"])
def test_a_display_whose_name_nobody_sees_is_refused(signed_in, supervisor, name):
    supervisor.post(DISPLAYS, BODY | {"name": name}, 422)
    page = signed_in("PRY", "supervisor").send(DISPLAYS, BODY | {"name": name}, 422)
    said = page.get_data(as_text=True)
    assert "Not taken yet" in text(said) and 'aria-invalid="true"' in said
    assert supervisor.get("/displays").json["items"] == []


def test_a_code_is_typed_in_any_way_and_used_once(app, session, device, made):
    code = made["code"]
    assert CODE.fullmatch(code)
    device.send("/wall", {"code": f" {code.lower().replace('-', ' ')} "})
    assert "Hall" not in device.open("/wall")
    page = Visitor(browser(app)).send("/wall", {"code": code}, 401).get_data(as_text=True)
    assert "This code is unknown, was used, or is older than ten minutes" in text(page)


def test_a_code_is_over_after_ten_minutes(app, device, made, monkeypatch):
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(minutes=10)))
    device.send("/wall", {"code": made["code"]}, 401)


def test_a_code_alone_shows_nothing_and_the_link_asks_before_it_is_used(device, made):
    asked = device.open(f"/wall?code={made['code']}")
    assert f'value="{made["code"]}"' in asked and "Due today" not in asked
    device.client.set_cookie("salsa_display", made["code"])
    assert "This display was switched off." in text(device.open("/wall"))


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_the_key_of_a_display_opens_no_route(app, paired, route):
    headers = {"Authorization": f"Bearer {key_of(paired)}"}
    answer = app.test_client().open(f"/api/v1{route.url}", method=route.method, headers=headers)
    assert answer.status_code == 401


OF_ALL = {"/", "/sign-in", "/signed-out", "/docs", "/verify", "/forms", "/wall", "/wall/live",
          "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/signing-keys",
          "/posts/worker.js"}  # fmt: skip


def test_the_key_of_a_display_opens_no_page(app, paired):
    key = key_of(paired)
    paired.client.set_cookie("salsa_session", key)
    pages = (rule for rule in app.url_map.iter_rules() if "GET" in rule.methods)
    rules = [
        page for page in pages if not page.rule.startswith("/api/") and page.rule not in OF_ALL
    ]
    assert len(rules) > 40
    for rule in rules:
        path = re.sub(r"<slug:code>", scenes.POST, rule.rule)
        path = re.sub(r"<uuid:\w+>", "0199f2c0-0000-7000-8000-000000000000", path)
        path = re.sub(r"<int:\w+>", "1", re.sub(r"<(?:\w+:)?\w+>", "x", path))
        answer = paired.client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code in (302, 303, 401, 404, 406), path
        if answer.status_code in (302, 303):
            assert "/sign-in" in answer.headers["Location"], path


def test_the_key_of_a_session_shows_no_wall(app, session, device, supervisor):
    device.client.set_cookie("salsa_display", supervisor.token)
    assert "This display was switched off." in text(device.open("/wall"))


def test_a_display_that_is_revoked_is_dark(supervisor, paired, made):
    assert (
        paired.client.get("/wall/live", headers={"Accept": "application/json"}).status_code == 200
    )
    supervisor.post(f"/displays/{made['id']}/revoke", expect=204)
    assert (
        paired.client.get("/wall/live", headers={"Accept": "application/json"}).status_code == 401
    )
    assert "A-LATE" not in paired.open("/wall")
    supervisor.post(f"/displays/{made['id']}/revoke", expect=404)


def test_a_supervisor_sees_when_each_was_last_seen(supervisor, paired, made):
    [shown] = supervisor.get(f"/displays?post={scenes.POST}").json["items"]
    assert (shown["name"], shown["language"]) == ("Hall of lane 2", "es")
    assert shown["paired_at"] == shown["seen_at"] == "2026-03-09T15:00:00+00:00"
    assert "digest" not in shown and "code" not in shown


def test_a_display_is_of_a_post_of_the_own_state_and_of_nobody_elses_concern(as_actor, made):
    as_actor("ARG", "supervisor").post(DISPLAYS, BODY, 403)
    as_actor("PRY", "supervisor").post("/posts/atlantis/displays", BODY, 404)
    other = as_actor("BRA", "supervisor")
    assert other.get("/displays").json["items"] == []
    other.post(f"/displays/{made['id']}/revoke", expect=404)


def test_all_that_is_done_with_a_display_is_audited(supervisor, paired, made):
    supervisor.post(f"/displays/{made['id']}/revoke", expect=204)
    with transaction(operator("PRY")):
        told = db.session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.subject_id == made["id"])
            .order_by(AuditEntry.id)
        ).all()
    assert told == ["display:added", "display:paired", "display:revoked"]


def test_a_supervisor_pairs_and_revokes_on_a_page(signed_in, app):
    supervisor = signed_in("PRY", "supervisor")
    assert f"{DISPLAYS}" in supervisor.open(f"/posts/{scenes.POST}/board")
    page = supervisor.send(DISPLAYS, {"name": "Gate", "language": "pt"}, 201).get_data(as_text=True)
    code = CODE.search(text(page))[0]
    assert "data:image/svg+xml" in page and f"/wall?code={code}" in page
    device = Visitor(browser(app))
    device.send("/wall", {"code": code})
    assert '<html lang="pt">' in device.open("/wall")
    listed = supervisor.open(DISPLAYS)
    assert code not in listed and "Gate" in listed
    asks = re.search(r"<details>\s*<summary>Revoke.*?</details>", listed, re.DOTALL)[0]
    assert "It goes dark at once" in asks and "Yes, revoke Gate</button>" in asks
    revoked = re.search(rf'action="({DISPLAYS}/[^"]+/revoke)"', listed)[1]
    supervisor.send(revoked, {})
    assert "Revoked on" in text(supervisor.open(DISPLAYS))


def test_an_officer_of_the_post_pairs_nothing(signed_in):
    officer = signed_in("PRY", "border_officer")
    assert DISPLAYS not in officer.open(f"/posts/{scenes.POST}/board")
    officer.open(DISPLAYS, 403)
