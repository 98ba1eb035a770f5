"""Guessing passwords: braked by account and address, audited, and never at the victim's cost.

Before: 60 wrong passwords, then the right one, in 13 s; 251 attempts of 40 threads, and no trace in
the audit. Now: six attempts at once, 118 in a day from one address.
"""

import re
from datetime import timedelta
from threading import BoundedSemaphore

import pytest
from sqlalchemy import text

from salsa_ext.access import authentication, sign_in_attempts
from salsa_ext.access.authentication import _HASHING, check_password
from salsa_ext.access.rules import visitor
from salsa_ext.administration import accounts, keys
from salsa_ext.administration.accounts import AccountData
from salsa_ext.administration.keys import KeyData
from salsa_ext.core import clock, errors
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.errors import Invalid, TooManyAttempts
from salsa_ext.database.session import db, transaction
from tests.conftest import NOW
from tests.support import actors

PASSWORD = "correct horse battery"
FREE = sign_in_attempts.FREE_ATTEMPTS


@pytest.fixture
def ana(run):
    run(
        "BRA", accounts.open_account, data=AccountData("bra.ana", "auditor", "BRA-POLICE", PASSWORD)
    )


@pytest.fixture
def sign_in(app, ana):
    """Send the form of signing in; returns its status."""
    client = app.test_client()
    page = client.get("/sign-in").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

    def send(password, address="198.51.100.7", **fields):
        form = {"username": "bra.ana", "password": password, "csrf_token": token} | fields
        environ = {"REMOTE_ADDR": address}
        return client.post("/sign-in", data=form, environ_overrides=environ).status_code

    return send


def test_after_five_wrong_passwords_even_the_right_one_waits(sign_in):
    assert [sign_in("wrong") for _ in range(FREE + 1)] == [401] * (FREE + 1)
    assert sign_in(PASSWORD) == 429


def test_the_right_password_from_another_address_does_not_wait(sign_in):
    for _ in range(60):
        sign_in("wrong")
    assert sign_in(PASSWORD, address="203.0.113.9") == 303


def test_one_address_cannot_try_many_accounts(sign_in, monkeypatch):
    monkeypatch.setattr(sign_in_attempts, "FREE_ATTEMPTS_OF_ADDRESS", 8)
    answers = [sign_in("wrong", username=f"bra.{number}") for number in range(10)]
    assert answers == [401] * 9 + [429]


def test_one_address_tries_an_account_about_a_hundred_times_a_day(run, app, session):
    def attempt(actor, at):
        sign_in_attempts.count_attempt("bra.ana", "::1", at)

    at, tried = NOW, 0
    while at < NOW + timedelta(days=1):
        run(None, attempt, at=at)
        at, tried = db.session.scalar(text("SELECT max(until) FROM sign_in_attempt")), tried + 1
    assert tried == 118
    with pytest.raises(TooManyAttempts):
        run(None, attempt, at=at - timedelta(seconds=1))


def test_a_refused_sign_in_is_in_the_audit_of_its_state(sign_in, as_actor):
    sign_in("wrong")
    [entry] = as_actor("BRA", "auditor").get("/audit?action=session:refused").json["items"]
    assert entry["data"] == {"address": "198.51.100.7"}


def test_one_password_is_hashed_at_a_time(sign_in, monkeypatch):
    monkeypatch.setattr(authentication, "HASHING_SECONDS", 0)
    with _HASHING:
        assert sign_in(PASSWORD) == 503
    assert sign_in(PASSWORD) == 303


def test_who_comes_while_many_wait_is_refused_at_once(sign_in, monkeypatch):
    full = BoundedSemaphore(1)
    monkeypatch.setattr(authentication, "_HASHING_OR_WAITING", full)
    with full:
        assert sign_in(PASSWORD) == 429
    assert sign_in(PASSWORD) == 303


def test_a_new_password_is_hashed_in_its_turn_and_without_a_transaction(sign_in, monkeypatch):
    class Hasher:
        verify = authentication.PASSWORD_HASHER.verify

        def hash(self, password):
            states.append((db.session.registry().in_transaction(), _HASHING._value))
            return hasher.hash(password)

    states, hasher = [], authentication.PASSWORD_HASHER
    monkeypatch.setattr(authentication, "PASSWORD_HASHER", Hasher())
    assert sign_in(PASSWORD, new_password="four words are better") == 303
    assert states == [(False, 0)]


@pytest.mark.parametrize(
    "password",
    ["aaaaaaaaaaaa", "123456789012", "password1234", "qwertyuiop12", "bra.ana.bra.ana", "short"],
)
def test_a_password_that_is_easy_to_guess_is_refused(run, password):
    data = AccountData("bra.ana", "auditor", "BRA-POLICE", password)
    with pytest.raises(Invalid):
        run("BRA", accounts.open_account, data=data)


def test_a_password_is_changed_at_the_sign_in(sign_in):
    assert sign_in(PASSWORD, new_password="password1234") == 422
    assert sign_in(PASSWORD, new_password="") == 422
    assert sign_in(PASSWORD, new_password="four words are better") == 303
    assert sign_in(PASSWORD) == 401
    assert sign_in("four words are better") == 303


def test_a_new_password_ends_the_keys_that_the_old_one_issued(app, run, sign_in):
    _, token = run("BRA", keys.issue_key, data=KeyData("bra.ana", "desk", 5))
    assert sign_in(PASSWORD, new_password="four words are better") == 303
    actors.Client(app.test_client(), token).get("/me", 401)


def test_a_session_that_a_new_password_ended_issues_no_key_any_more(run, sign_in):
    token = authentication.sign_in(visitor(), "bra.ana", PASSWORD, "::1")
    stolen = authentication.authenticate_key(token)
    assert sign_in(PASSWORD, new_password="four words are better") == 303
    with pytest.raises(errors.Unauthenticated), transaction(stolen):
        keys.issue_key(actor=stolen, data=KeyData("bra.ana", "desk", 5))


@pytest.mark.parametrize("new", [None, "four words are better"])
def test_a_password_that_is_reset_while_it_is_checked_opens_nothing(run, ana, monkeypatch, new):
    def check(username, password):
        checked = check_password(username, password)
        run("BRA", accounts.reset_password, username=username)
        return checked

    monkeypatch.setattr(authentication, "check_password", check)
    with pytest.raises(errors.Unauthenticated):
        authentication.sign_in(visitor(FixedClock(NOW)), "bra.ana", PASSWORD, "::1", new)


def test_new_passwords_that_are_refused_are_no_guesses(sign_in):
    answers = {sign_in(PASSWORD, new_password="password1234") for _ in range(FREE + 3)}
    assert answers == {422}


def test_a_busy_office_is_not_locked_out(run, app, session):
    def attempt(actor, at, name):
        sign_in_attempts.count_attempt(name, "198.51.100.7", at)

    def succeed(actor, at, name):
        sign_in_attempts.forget_attempts(name, "198.51.100.7", at)

    for minute in range(5, 2 * 24 * 60, 5):  # twelve an hour, each second one with a slip
        at = NOW + timedelta(minutes=minute)
        run(None, attempt, at=at, name=f"bra.{minute}")
        if minute % 10 == 0:
            run(None, succeed, at=at, name=f"bra.{minute}")


def test_the_right_password_ends_the_wait_of_its_own_attempt(sign_in, monkeypatch):
    monkeypatch.setattr(sign_in_attempts, "FREE_ATTEMPTS_OF_ADDRESS", 2)
    assert [sign_in("wrong", username=f"bra.{number}") for number in range(2)] == [401] * 2
    assert [sign_in(PASSWORD) for _ in range(3)] == [303] * 3


def test_a_member_of_no_state_signs_in(run, app, session):
    data = AccountData("desk.eva", "secretariat", "SECRETARIAT", PASSWORD)
    run(None, accounts.open_account, data=data)
    visiting = visitor(FixedClock(NOW))
    assert authentication.sign_in(visiting, "desk.eva", PASSWORD, "::1", "four words are better")


def test_the_addresses_of_one_ipv6_network_are_one(sign_in):
    for number in range(FREE + 1):
        assert sign_in("wrong", address=f"2001:db8::{number}") == 401
    assert sign_in(PASSWORD, address="2001:db8::ffff:1") == 429
    assert sign_in(PASSWORD, address="2001:db8:0:1::1") == 303
    for number in range(FREE + 1):
        assert sign_in("wrong", address=f"::ffff:192.0.2.{number}") == 401


def test_a_session_that_is_not_used_ends(app, run, ana, monkeypatch):
    idle = timedelta(minutes=30)

    def open_session(actor):
        return authentication.open_session(check_password("bra.ana", PASSWORD).actor)

    token = run("BRA", open_session)
    for minutes in (20, 40, 60):
        later = FixedClock(clock.SYSTEM_CLOCK.now() + timedelta(minutes=minutes))
        authentication.authenticate_key(token, later, idle=idle)
    with pytest.raises(errors.Unauthenticated):
        later = FixedClock(clock.SYSTEM_CLOCK.now() + timedelta(minutes=91))
        authentication.authenticate_key(token, later, idle=idle)
