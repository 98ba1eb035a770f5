import re

import pytest

from tests.web.visitors import browser


def test_the_right_password_opens_the_home_page_with_state_and_role(visitor, account):
    assert visitor.sign_in(account("BRA", "border_officer")).location == "/"
    home = visitor.open("/")
    assert "Brazil" in home and "Border or customs officer" in home


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor, account):
    cookie = visitor.sign_in(account("BRA", "border_officer")).headers["Set-Cookie"]
    assert cookie.startswith("salsa_session=")
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
    assert "Max-Age=43200" in cookie and "Secure" not in cookie


def test_cookies_are_for_tls_alone_where_the_service_has_it(visitor, app, monkeypatch):
    monkeypatch.setitem(app.config, "SECURE_COOKIES", True)
    answer = visitor.client.get("/sign-in", base_url="https://localhost")
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("username", ["bra.border_officer", "nobody", "", "nul\x00byte"])
def test_a_wrong_sign_in_does_not_say_what_was_wrong(visitor, account, username):
    account("BRA", "border_officer")
    answer = visitor.sign_in(username, "not the password", expect=401)
    assert "The user name or the password is wrong." in answer.text
    assert "salsa_session" not in str(answer.headers.getlist("Set-Cookie"))


def test_signing_in_leads_to_the_page_that_was_wanted(visitor, account):
    board = "/posts/ciudad-del-este-foz-do-iguacu/board"
    answer = visitor.client.get(board)
    assert (answer.status_code, answer.location) == (302, f"/sign-in?next={board}")
    assert f'value="{board}"' in visitor.open(answer.location)
    assert visitor.sign_in(account("BRA", "border_officer"), next=board).location == board


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "/\t/evil.example", "evil:x"],
)
def test_signing_in_never_leads_out_of_the_service(visitor, account, elsewhere):
    assert visitor.sign_in(account("BRA", "border_officer"), next=elsewhere).location == "/"


def test_who_is_signed_in_is_not_asked_again(signed_in):
    answer = signed_in("BRA", "border_officer").client.get("/sign-in?next=/docs")
    assert (answer.status_code, answer.location) == (302, "/docs")


def test_signing_out_ends_the_session_for_a_copy_of_its_cookie_too(signed_in):
    officer = signed_in("BRA", "border_officer")
    copied = officer.client.get_cookie("salsa_session").value
    assert officer.send("/sign-out", {}).location == "/"
    officer.client.set_cookie("salsa_session", copied)
    assert "Border or customs officer" not in officer.open("/")


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/language"])
def test_a_form_without_the_token_of_a_page_is_refused(visitor, path):
    assert "This form has grown old" in visitor.post(path, {}, 403).text


def test_a_form_with_the_token_of_another_browser_is_refused(visitor, app):
    page = browser(app).get("/sign-in").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    visitor.open("/sign-in")
    visitor.post("/sign-in", {"csrf_token": token}, 403)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
def test_a_form_from_another_site_is_refused_even_with_the_token(visitor, account, origin):
    visitor.send("/language", {"language": "es"}, 403, Origin=origin)


def test_a_form_from_the_services_own_site_is_accepted(visitor):
    visitor.send("/language", {"language": "es"}, 303, Origin="http://localhost")
