"""My account: keys shown once, sessions, password, language and time zone."""

import re
from zoneinfo import ZoneInfo

from salsa_ext.core.ids import new_id
from salsa_ext.database.session import transaction
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import Notice, Subject
from tests.conftest import NOW
from tests.web.pages import text
from tests.web.visitors import PASSWORD, Visitor, browser


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


def test_a_new_password_ends_all_other_sessions_and_keys(app, visitor, account, as_actor):
    username, other = account("BRA", "police_officer"), Visitor(browser(app))
    other.sign_in(username)
    visitor.sign_in(username)
    fields = {"old": PASSWORD, "password": "five words are even better"}
    answer = visitor.send("/account/password", fields)
    assert "Your password is changed." in visitor.open(answer.location)
    assert other.client.get("/account").location.startswith("/sign-in")
    other.sign_in(username, expect=401)
    other.sign_in(username, fields["password"])


def test_a_password_is_changed_by_who_knows_it(visitor, account, as_actor):
    visitor.sign_in(account("BRA", "police_officer"))
    fields = {"old": "wrong", "password": "five words are even better"}
    assert "This is not your password." in text(visitor.send("/account/password", fields, 422).text)
    weak = visitor.send("/account/password", {"old": PASSWORD, "password": "weak"}, 422)
    assert text(weak.text).count("At least 12 characters.") > 1  # of the hint, and of what is wrong
    [entry] = as_actor("BRA", "auditor").get("/audit?action=session:refused").json["items"]
    assert entry["username"] == "bra.police_officer"


def test_pages_are_in_the_language_and_the_time_of_their_reader(app, visitor, account):
    username = account("BRA", "police_officer")
    visitor.sign_in(username)
    fields = {"language": "fr", "time_zone": "Asia/Tokyo"}
    visitor.send("/account/preferences", fields)
    elsewhere = Visitor(browser(app))
    elsewhere.sign_in(username)
    page = text(elsewhere.open("/account"))
    assert "Mon compte" in page and f"{NOW.astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}" in page
    visitor.send("/account/preferences", fields | {"time_zone": "Tokyo"}, 422)


def test_kinds_of_notifications_are_muted_but_for_alarms(signed_in, actor):
    analyst, acting = signed_in("PRY", "trace_analyst"), actor("BRA")
    assert 'value="trace"' in analyst.open("/account")
    assert 'value="shipment"' not in analyst.open("/account")
    codes = ("trace_answered", "hit_made", "request_due")
    subjects = [Subject(new_id(), "BRA", f"N-{at}") for at, _ in enumerate(codes)]
    with transaction(acting):
        roles = ("trace_analyst",)
        notify_many(
            acting,
            [
                Notice("PRY", code, subject, roles=roles)
                for code, subject in zip(codes, subjects, strict=True)
            ],
        )
    muted = {"muted_kinds.0": "trace", "muted_kinds.1": "hit"}
    analyst.send("/account/preferences", muted)
    page = text(analyst.open("/notifications"))
    assert "N-0" not in page and "N-1" in page and "N-2" in page
    analyst.send("/account/preferences", {"muted_kinds.0": "nothing"}, 422)
    analyst.send("/account/preferences", {})
    assert "N-0" in analyst.open("/notifications")


def test_an_administrator_saves_settings_and_ends_a_session(app, signed_in, visitor, account):
    administrator = signed_in("PRY", "state_administrator")
    page = administrator.open("/settings")
    names = re.findall(r'name="([a-z_]+(?:\.\d)?)"[^>]*value="([^"]*)"', page)
    typed = {
        name: value
        for name, value in names
        if not name.startswith(("weekdays", "published", "electronic", "q", "next", "once"))
    }
    days = {f"weekdays.{at}": str(at + 1) for at in range(4)}
    saved = typed | days | {"routine_days": "9", "closed_on": "2026-12-24"}
    administrator.send("/settings", saved)
    page = administrator.open("/settings?done=saved")
    assert 'value="9"' in page and "2026-12-24</textarea>" in page and "are saved" in page
    assert len(re.findall(r'name="weekdays.\d" value="\d" checked', page)) == 4
    assert "From 1 to" in administrator.send("/settings", saved | {"routine_days": "0"}, 422).text
    username = account("PRY", "police_officer")
    visitor.sign_in(username)
    row = administrator.open("/keys").partition(username)[2]
    end = re.search(r'action="(/account/keys/[^"]+/end)"', row)[1]
    assert administrator.send(end, {"next": "/keys"}).location == "/keys"
    assert visitor.client.get("/account").location.startswith("/sign-in")


def test_who_signs_in_first_by_a_password_of_the_administrator_chooses_another(
    as_actor, signed_in, visitor
):
    body = {"username": "bra.new", "role": "police_officer", "agency": "BRA-TEST"}
    opened = as_actor("BRA", "state_administrator").post("/accounts", body).json
    page = visitor.sign_in("bra.new", opened["password"], 403).text
    assert "This is your first password." in page and 'class="alert" id="error"' not in page
    assert "At least 12 characters." in page
    weak = visitor.sign_in("bra.new", opened["password"], 422, new_password="short", first="1").text
    assert "This is your first password." in weak
    assert "At least 12 characters." in weak.partition("New password")[2].partition("<input")[0]
    new = {"new_password": "five words are even better"}
    address = visitor.sign_in("bra.new", opened["password"], **new).location
    mine = text(visitor.open(address))
    assert "Your password is changed." in mine and "Your account has none: " in mine
    page = signed_in("BRA", "state_administrator").open(f"/accounts/{opened['id']}")
    assert "Second factor No" in text(page)
