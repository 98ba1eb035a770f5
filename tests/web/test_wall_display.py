"""A display on a wall: an account that a link signs in once, which reads one board and nothing else."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from salsa_ext.access.models import AuditEntry
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from tests.conftest import NOW
from tests.support.movements import act
from tests.support.routes import ROUTES
from tests.web import scenes
from tests.web.pages import text
from tests.web.visitors import Visitor, browser

BODY = {"username": "pry.hall", "role": "display", "agency": "PRY-TEST", "post": scenes.POST}
JSON = {"Accept": "application/json"}


@pytest.fixture
def account(pry_administrator):
    return pry_administrator.post("/accounts", BODY).json


@pytest.fixture
def device(app, session):
    return Visitor(browser(app))


def link_of(account):
    return parse_qs(urlsplit(account["link"]).query)["link"][0]


@pytest.fixture
def display(device, account):
    device.send("/wall", {"link": link_of(account)})
    return device


def key_of(device):
    return device.client.get_cookie("salsa_session").value


def test_a_display_shows_the_board_of_its_side_in_its_language_and_no_person_plate_or_case(
    as_actor, display
):
    scenes.busy_post(as_actor)
    shown = display.open("/wall", Accept_Language="es")
    words = text(shown)
    for value in (
        "A-LATE",
        "Con retraso",
        "3 días y 3 horas de retraso",
        "A-DUE",
        "Ciudad del Este",
    ):
        assert value in words
    assert '<html lang="es">' in shown and "salsa_form" not in shown
    for row in (
        "BRA2E19",
        "BR-2026-118",
        "C-55",
        "S-2",
        "Presidente Franco",
        "Armas del Sur",
        "<a ",
    ):
        assert row not in shown


def test_a_display_says_that_the_other_side_asks_for_a_call_and_no_telephone(
    as_actor, display, bra_border
):
    duty = {
        "agency": "BRA-TEST",
        "kind": "border_post",
        "languages": ["pt"],
        "hours": "24 h",
        "telephone": "+55 45 0000",
    }
    as_actor("BRA", "state_administrator").post("/contacts", duty)
    assert "asks you to call" not in display.open("/wall")
    account = bra_border.post(f"/posts/{scenes.POST}/calls", {}).json["id"]
    shown = display.open("/wall")
    assert "Brazil asks you to call" in text(shown) and "+55" not in shown
    as_actor("PRY", "border_officer").post(f"/calls/{account}/answer", expect=200)
    assert "asks you to call" not in display.open("/wall")


def test_a_display_says_who_holds_a_shipment_since_when_and_not_why(as_actor, display, bra_border):
    scenes.busy_post(as_actor)
    [late] = bra_border.get("/shipments?number=A-LATE").json["items"]
    act(bra_border, late, "hold", reason="A name is on a list")
    words = text(display.open("/wall"))
    assert "Held by Brazil since 9 Mar 2026, 12:00" in words
    assert "A name is on a list" not in words


def test_a_wall_counts_the_discrepancies_that_the_board_counts(as_actor, display, pry, pry_border):
    scenes.busy_post(as_actor)
    [due] = pry.get("/shipments?number=A-DUE").json["items"]
    act(
        pry,
        due,
        "receipt",
        201,
        received_on="2026-03-09",
        items=[{"line": 1, "serial": "ABC123456"}],
    )
    counted = pry_border.get(f"/posts/{scenes.POST}/board").json["counts"]["discrepancies"]
    shown = re.search(r"<dt>Discrepancies</dt><dd>(\d+)</dd>", display.open("/wall"))
    assert counted > 0 and int(shown[1]) == counted


def test_a_link_asks_before_it_is_used_and_is_used_once(app, session, device, account):
    link = link_of(account)
    assert f'value="{link}"' in device.open(f"/wall?link={link}")
    assert "switched off" not in device.open("/wall")
    device.send("/wall", {"link": link})
    assert "Due today" in device.open("/wall")
    page = Visitor(browser(app)).send("/wall", {"link": link}, 401).get_data(as_text=True)
    assert "This link is unknown, was used or is too old." in text(page)


def test_the_language_of_a_display_is_chosen_before_its_link_is_used(device, account):
    path = f"/wall?link={link_of(account)}"
    assert f'name="next" value="{path}"' in device.open(path)
    assert device.send("/language", {"language": "pt", "next": path}).location == path
    device.send("/wall", {"link": link_of(account)})
    assert '<html lang="pt">' in device.open("/wall", Accept_Language="es")


def test_a_link_is_over_after_a_day(app, device, account, monkeypatch):
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(days=1)))
    device.send("/wall", {"link": link_of(account)}, 401)


def test_a_link_is_no_key_and_no_session_and_a_key_is_no_link(
    app, device, pry_administrator, account
):
    headers = {"Authorization": f"Bearer {link_of(account)}"}
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401
    device.client.set_cookie("salsa_session", link_of(account))
    assert "Due today" not in device.open("/wall")
    device.send("/wall", {"link": pry_administrator.token}, 401)


def test_a_new_link_ends_the_former_one_and_the_session(
    app, session, pry_administrator, display, account
):
    again = pry_administrator.post(f"/accounts/{account['id']}/link").json
    assert display.client.get("/wall/live", headers=JSON).status_code == 401
    assert "Due today" not in display.open("/wall")
    last = pry_administrator.post(f"/accounts/{account['id']}/link").json
    display.send("/wall", {"link": link_of(again)}, 401)
    display.send("/wall", {"link": link_of(last)})
    assert "Due today" in display.open("/wall")


def test_the_key_of_a_display_opens_no_route(app, display):
    headers, opened = {"Authorization": f"Bearer {key_of(display)}"}, set()
    for route in ROUTES:
        path = f"/api/v1{route.url}"
        answer = app.test_client().open(path, method=route.method, headers=headers)
        if answer.status_code not in (401, 403):
            opened.add(route.path)
    assert opened == {"/me"}


OF_ALL = {
    "/",
    "/sign-in",
    "/signed-out",
    "/docs",
    "/design",
    "/verify",
    "/forms",
    "/annual-reports",
    "/releases",
    "/wall",
    "/wall/live",
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/v1/openapi.json",
    "/api/v1/signing-keys",
    "/posts/worker.js",
}


def test_a_display_opens_no_page(app, display):
    pages = (rule for rule in app.url_map.iter_rules() if "GET" in rule.methods)
    rules = [
        page for page in pages if not page.rule.startswith("/api/") and page.rule not in OF_ALL
    ]
    assert len(rules) > 40
    for rule in rules:
        path = re.sub(r"<slug:code>", scenes.POST, rule.rule)
        path = re.sub(r"<uuid:\w+>", "0199f2c0-0000-7000-8000-000000000000", path)
        path = re.sub(r"<int:\w+>", "1", re.sub(r"<(?:\w+:)?\w+>", "x", path))
        answer = display.client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code in (401, 403, 404, 406), path
    home = display.client.get("/", headers={"Accept": "text/html"})
    assert home.headers["Location"].endswith("/wall")


def test_who_else_is_signed_in_sees_no_wall(signed_in):
    officer = signed_in("PRY", "border_officer")
    assert "Due today" not in officer.open("/wall")
    assert officer.client.get("/wall/live", headers=JSON).status_code == 403


def test_a_display_whose_account_is_closed_is_dark(pry_administrator, display, account):
    assert display.client.get("/wall/live", headers=JSON).status_code == 200
    pry_administrator.change(f"/accounts/{account['id']}", "close")
    assert display.client.get("/wall/live", headers=JSON).status_code == 401
    page = display.open("/wall")
    assert "Due today" not in page and "This display was switched off." in page
    assert "switched off" not in display.open("/wall?link=new")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"post": None}, 422),
        ({"role": "auditor"}, 422),
        ({"post": "atlantis"}, 422),
        ({"password": "correct horse battery"}, 422),
    ],
)
def test_a_display_has_a_post_and_no_password_and_others_have_none(
    pry_administrator, change, status
):
    body = {name: value for name, value in (BODY | change).items() if value is not None}
    pry_administrator.post("/accounts", body, status)


def test_a_display_hangs_at_a_post_of_the_own_state(as_actor, pry_administrator, account):
    body = BODY | {"username": "arg.hall", "agency": "ARG-TEST"}
    as_actor("ARG", "state_administrator").post("/accounts", body, 403)
    assert pry_administrator.get(f"/accounts/{account['id']}").json["post"] == scenes.POST
    as_actor("BRA", "state_administrator").post(f"/accounts/{account['id']}/link", expect=404)


def test_who_signs_in_by_a_password_gets_no_link(pry_administrator):
    person = {"username": "pry.ana", "role": "auditor", "agency": "PRY-TEST"}
    opened = pry_administrator.post("/accounts", person).json
    assert opened["password"] and opened["link"] is None
    answer = pry_administrator.post(f"/accounts/{opened['id']}/link", expect=409).json
    assert answer["detail"] == "pry.ana signs in by a password."


def test_all_that_is_done_with_a_display_is_audited(pry_administrator, display, account):
    pry_administrator.post(f"/accounts/{account['id']}/link")
    with transaction(operator("PRY")):
        wanted = select(AuditEntry.action).where(AuditEntry.owner_state == "PRY")
        result = db.session.scalars(wanted.order_by(AuditEntry.id)).all()
    assert result == ["account:opened", "session:opened", "account:linked"]
