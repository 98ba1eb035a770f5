"""Own keys and sessions on a page: a key is shown once, and ended by its person."""

import re

from tests.web.pages import text
from tests.web.visitors import Visitor, browser


def test_a_key_is_issued_shown_once_and_ended(app, signed_in):
    officer = signed_in("BRA", "police_officer")
    page = officer.send("/account/keys", {"name": "Register", "days": "30"}, 200).get_data(
        as_text=True
    )
    token = re.search(r"salsa_[\w-]{43}", page)[0]
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/me", headers=headers).json["state"] == "BRA"
    listed = officer.open("/account")
    assert "Register" in listed and token not in listed
    key = re.search(r"/account/keys/([0-9a-f-]{36})/rotate", listed)[1]
    renewed = officer.send(f"/account/keys/{key}/rotate", {}, 200).get_data(as_text=True)
    assert re.search(r"salsa_[\w-]{43}", renewed)[0] != token
    assert officer.send(f"/account/keys/{key}/end", {}).location == "/account"
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401


def test_a_key_is_issued_for_less_than_all(app, signed_in):
    fields = {"name": "R", "days": "30", "scopes.0": "check:make", "networks": "10.0.0.0/8"}
    page = signed_in("BRA", "police_officer").send("/account/keys", fields, 200).text
    assert "check:make" in page and "10.0.0.0/8" in page
    headers = {"Authorization": f"Bearer {re.search(r'salsa_[A-Za-z0-9_-]{43}', page)[0]}"}
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401


def test_all_sessions_but_this_one_are_ended(app, visitor, account):
    username, lost = account("BRA", "police_officer"), Visitor(browser(app))
    lost.client.environ_base |= {
        "REMOTE_ADDR": "192.0.2.7",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    }
    lost.sign_in(username)
    visitor.sign_in(username)
    page = text(visitor.open("/account"))
    assert "Firefox" in page and "192.0.2.7" in page
    assert visitor.send("/account/end-other-sessions", {}).location == "/account"
    assert "192.0.2.7" not in visitor.open("/account")
    assert lost.client.get("/account").location.startswith("/sign-in")


def test_a_wrong_number_of_days_is_named_at_its_field(signed_in):
    page = signed_in("BRA", "police_officer").send(
        "/account/keys", {"name": "R", "days": "900"}, 422
    )
    assert "From 1 to 366" in text(page.get_data(as_text=True))


def test_nobody_ends_a_key_of_another(signed_in):
    other = signed_in("BRA", "auditor").open("/account")
    [key] = re.findall(r"/account/keys/([0-9a-f-]{36})/end", other)
    signed_in("BRA", "police_officer").send(f"/account/keys/{key}/end", {}, 404)
