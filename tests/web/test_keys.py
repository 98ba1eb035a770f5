"""Own keys and sessions on a page: a key is shown once, and ended by its person."""

import re

from tests.web.pages import text


def test_a_key_is_issued_shown_once_and_ended(app, signed_in):
    officer = signed_in("BRA", "police_officer")
    page = officer.send("/keys", {"name": "Register", "days": "30"}, 200).get_data(as_text=True)
    token = re.search(r"salsa_[\w-]{43}", page)[0]
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/me", headers=headers).json["state"] == "BRA"
    listed = officer.open("/keys")
    assert "Register" in listed and token not in listed
    key = re.search(r"/keys/([0-9a-f-]{36})/end", listed)[1]  # the newest
    assert officer.send(f"/keys/{key}/end", {}).location == "/keys"
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401


def test_a_wrong_number_of_days_is_named_at_its_field(signed_in):
    page = signed_in("BRA", "police_officer").send("/keys", {"name": "R", "days": "900"}, 422)
    assert "From 1 to 366" in text(page.get_data(as_text=True))


def test_nobody_ends_a_key_of_another(signed_in):
    other = signed_in("BRA", "auditor").open("/keys")
    [key] = re.findall(r"/keys/([0-9a-f-]{36})/end", other)
    signed_in("BRA", "police_officer").send(f"/keys/{key}/end", {}, 404)
