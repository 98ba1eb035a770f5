"""Guessing passwords: braked by account and address, audited, and never at the victim's cost.

Before: 60 wrong passwords, then the right one, in 13 s; 251 attempts of 40 threads, and no trace in
the audit. Now: six attempts at once, 110 in a day from one address; the 60th comes after 11 hours.
"""

import re
from datetime import timedelta
from threading import BoundedSemaphore

import pytest
from sqlalchemy import text

from salsa_ext.access import authentication, sign_in_attempts
from salsa_ext.access.authentication import _HASHING
from salsa_ext.administration import accounts
from salsa_ext.administration.accounts import AccountData
from salsa_ext.core import clock, errors
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.errors import Invalid, TooManyAttempts
from salsa_ext.database.session import db
from tests.conftest import NOW

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


def test_the_right_password_from_another_address_is_not_kept_waiting(sign_in):
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
    assert tried == 110
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


def test_a_session_that_is_not_used_ends(app, run, ana, monkeypatch):
    idle = timedelta(minutes=30)

    def open_session(actor):
        return authentication.open_session(
            authentication.authenticate_password("bra.ana", PASSWORD)
        )

    token = run("BRA", open_session)
    for minutes in (20, 40, 60):
        later = FixedClock(clock.SYSTEM_CLOCK.now() + timedelta(minutes=minutes))
        authentication.authenticate_key(token, later, idle=idle)
    with pytest.raises(errors.Unauthenticated):
        later = FixedClock(clock.SYSTEM_CLOCK.now() + timedelta(minutes=91))
        authentication.authenticate_key(token, later, idle=idle)
