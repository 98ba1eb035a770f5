"""The second factor on pages: set up once, asked for at each sign-in, gone with a recovery."""

import base64
import re
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from salsa_ext.administration import migrations
from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.web.pages import text


@pytest.fixture
def sign_in(run, visitor, account):
    """Sign a role in for the first time where records are real, as `salsa init` makes it."""

    def first(role):
        username = account("BRA", role)
        run(None, migrations.declare_real)
        assert visitor.sign_in(username).location == "/"
        return visitor, username

    return first


@pytest.fixture
def supervisor(sign_in):
    return sign_in("supervisor")


def code_of(page, later=0):
    secret = re.search(r"<code[^>]*>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    codes = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
    return codes.generate(int(NOW.timestamp()) + later).decode()


def set_up(browser):
    page = browser.open("/second-factor")
    sealed = re.search(r'name="secret" value="([^"]+)"', page)[1]
    answer = browser.send("/second-factor", {"secret": sealed, "code": code_of(page)})
    assert "You now sign in with your password and a code." in browser.open(answer.location)
    return page


def test_a_guarded_role_does_nothing_before_it_has_a_second_factor(supervisor):
    browser, _ = supervisor
    answer = browser.client.get("/")
    assert (answer.status_code, answer.location) == (302, "/second-factor")
    assert browser.client.get("/matches").location == "/second-factor"
    set_up(browser)
    assert "Supervisor" in browser.open("/")


def test_a_wrong_code_sets_nothing_up(supervisor):
    browser, _ = supervisor
    sealed = re.search(r'name="secret" value="([^"]+)"', browser.open("/second-factor"))[1]
    page = browser.send("/second-factor", {"secret": sealed, "code": "000000"}, 422)
    assert "The code is wrong or was used." in text(page.get_data(as_text=True))


@pytest.mark.parametrize("secret", ["", "x", "=====", "ñ", "AAAA" * 20])
def test_a_secret_that_was_not_made_here_is_not_accepted(supervisor, secret):
    browser, _ = supervisor
    answer = browser.send("/second-factor", {"secret": secret, "code": "000000"})
    assert answer.location == "/second-factor"


def test_a_sign_in_takes_a_code_that_was_not_used(app, supervisor, monkeypatch):
    browser, username = supervisor
    page = set_up(browser)
    browser.send("/sign-out", {})
    second = browser.sign_in(username, expect=403).text
    assert "Your password is right." in second and 'class="alert" id="error"' not in second
    browser.sign_in(username, code=code_of(page), expect=403)
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(seconds=30)))
    assert browser.sign_in(username, code=code_of(page, later=30)).location == "/"


def test_two_persons_recover_the_account_of_a_lost_device(signed_in, sign_in):
    first, second = signed_in("BRA", "state_administrator"), signed_in("BRA", "supervisor")
    browser, username = sign_in("auditor")
    set_up(browser)
    page = first.open("/accounts?role=auditor")
    path = next(
        path
        for path in re.findall(r"/accounts/[0-9a-f-]{36}", page)
        if username in first.open(path)
    )

    def part(person):
        version = re.search(r'name="expected_version" value="(\d+)"', person.open(path))[1]
        shown = person.send(f"{path}/recovery", {"expected_version": version}, 200).text
        return re.search(r'<code class="long">([^<]+)</code>', shown)[1]

    single = part(first)
    assert username in browser.open("/")
    whole = f"{single}+{part(second)}"
    assert browser.client.get("/account").location.startswith("/sign-in")
    assert browser.sign_in(username, whole, new_password="six words are better").location == "/"
    assert browser.client.get("/").location == "/second-factor"


def test_who_needs_none_may_have_one(sign_in):
    browser, _ = sign_in("border_officer")
    assert "bra.border_officer" in browser.open("/")
    set_up(browser)
