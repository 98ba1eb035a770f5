"""Passkeys on pages: set up, used instead of password and code, refused where anything is wrong."""

import html
import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from salsa_ext.administration import migrations
from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support.authenticator import PRESENT, Authenticator
from tests.web.pages import text
from tests.web.visitors import PASSWORD, Visitor, browser

OPTIONS = re.compile(r'data-passkey="(?:create|get)" data-options="([^"]+)"')
REFUSED = "This passkey was not accepted."


def options(visitor, path):
    return html.unescape(OPTIONS.search(visitor.open(path))[1])


def add(visitor, device, path="/account", expect=303):
    fields = {"name": "Key", "answer": device.create(options(visitor, path))}
    return visitor.send("/account/passkeys", fields, expect)


def enter(visitor, answer, expect=303):
    return visitor.send("/sign-in/passkey", {"answer": answer, "next": "/matches"}, expect)


@pytest.fixture
def device():
    return Authenticator()


@pytest.fixture
def officer(visitor, account, device):
    """A police officer with a passkey, signed out."""
    username = account("BRA", "police_officer")
    visitor.sign_in(username)
    assert add(visitor, device).location == "/account"
    assert "Key" in visitor.open("/account")
    visitor.send("/sign-out", {})
    return visitor


def test_a_passkey_signs_in_without_password_and_code(officer, device):
    assert enter(officer, device.get(options(officer, "/sign-in"))).location == "/matches"
    assert "police_officer" in officer.open("/account")


def test_a_session_of_some_time_ago_gets_no_passkey(app, visitor, account, device, monkeypatch):
    visitor.sign_in(account("BRA", "police_officer"))
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(minutes=16)))
    add(visitor, device, expect=403)


def test_a_password_alone_no_longer_signs_in(officer):
    page = officer.sign_in("bra.police_officer", expect=403)
    assert "Your account has a passkey." in text(page.text)


def test_an_answer_signs_in_once(app, officer, device):
    answer = device.get(options(officer, "/sign-in"))
    enter(officer, answer)
    officer.send("/sign-out", {})
    assert REFUSED in text(enter(officer, answer, 401).text)


def test_an_answer_to_another_browser_signs_in_nobody(app, officer, device):
    answer = device.get(options(Visitor(browser(app)), "/sign-in"))
    enter(officer, answer, 401)


def test_an_answer_of_long_ago_signs_in_nobody(app, officer, device, monkeypatch):
    answer = device.get(options(officer, "/sign-in"))
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(minutes=11)))
    enter(officer, answer, 401)


def test_a_copied_device_is_found_by_its_counter(officer, device, as_actor):
    for _ in range(3):
        enter(officer, device.get(options(officer, "/sign-in")))
        officer.send("/sign-out", {})
    device.count = 1  # the copy was used less
    enter(officer, device.get(options(officer, "/sign-in")), 401)
    [entry] = as_actor("BRA", "auditor").get("/audit?action=session:refused").json["items"]
    assert entry["username"] == "bra.police_officer"


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "http://localhost.evil.example"}, {"flags": PRESENT}, {"handle": "AAAA"}],
    ids=["of another site", "without its person verified", "of another account"],
)
def test_a_wrong_answer_signs_in_nobody(officer, device, wrong):
    vars(device).update(wrong)
    enter(officer, device.get(options(officer, "/sign-in")), 401)


@pytest.mark.parametrize("answer", ["", "{}", "[]", '{"id": 1}', "x" * 50])
def test_what_is_no_answer_signs_in_nobody(officer, answer):
    enter(officer, answer, 401)


def test_an_unknown_device_signs_in_nobody(officer):
    enter(officer, Authenticator(handle="AAAA").get(options(officer, "/sign-in")), 401)


def test_a_closed_account_signs_in_by_no_passkey(officer, device, as_actor):
    administrator = as_actor("BRA", "state_administrator")
    [row] = administrator.get("/accounts?role=police_officer").json["items"]
    administrator.change(f"/accounts/{row['id']}", "close")
    enter(officer, device.get(options(officer, "/sign-in")), 401)


@pytest.mark.parametrize("wrong", [{"origin": "https://evil.example"}, {"flags": PRESENT}])
def test_a_device_is_added_by_its_verified_person_at_this_site(visitor, account, device, wrong):
    visitor.sign_in(account("BRA", "police_officer"))
    vars(device).update(wrong)
    page = add(visitor, device, expect=422)
    assert "The device did not set up a passkey." in text(page.text)


def test_a_removed_passkey_signs_in_nobody(officer, device):
    enter(officer, device.get(options(officer, "/sign-in")))
    key = re.search(r"/account/passkeys/([0-9a-f-]{36})/remove", officer.open("/account"))[1]
    assert officer.send(f"/account/passkeys/{key}/remove", {}).location == "/account"
    officer.send("/sign-out", {})
    enter(officer, device.get(options(officer, "/sign-in")), 401)
    assert officer.sign_in("bra.police_officer").location == "/"


def test_who_needs_a_second_factor_may_set_up_a_passkey_and_keeps_the_last(
    run, visitor, account, device
):
    username = account("BRA", "supervisor")
    run(None, migrations.declare_real)
    visitor.sign_in(username)
    assert visitor.client.get("/account").location == "/second-factor"
    add(visitor, device, "/second-factor")
    key = re.search(r"/account/passkeys/([0-9a-f-]{36})/remove", visitor.open("/account"))[1]
    visitor.send(f"/account/passkeys/{key}/remove", {}, 409)


def test_a_passkey_belongs_to_one_account(app, visitor, account, device, officer):
    other = Visitor(browser(app))
    other.sign_in(account("BRA", "auditor"))
    add(other, device, expect=422)


def test_pages_by_an_address_without_a_name_offer_no_passkeys(visitor):
    page = visitor.client.get("/sign-in", base_url="http://127.0.0.1:8000")
    assert "data-passkey" not in page.text


@pytest.mark.browser
def test_a_device_of_a_browser_signs_in(page, site):
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    page.goto(site.url.replace("127.0.0.1", "localhost") + "/account")
    page.get_by_label("User name").fill(site.police)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Name of the device").fill("Telephone")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("cell", name="Telephone")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto(site.url.replace("127.0.0.1", "localhost") + "/account")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="My account")).to_be_visible()
