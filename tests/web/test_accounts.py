"""Accounts on pages: opened with a password that is shown once, confirmed by another, closed."""

import re
from uuid import uuid4

import pytest

from tests.web.pages import text

ANA = {"username": "bra.ana", "role": "police_officer", "agency": "BRA-POLICE"}


def _password(page):
    return re.search(r'<code class="long">([^<]+)</code>', page)[1]


@pytest.fixture
def administrator(signed_in):
    return signed_in("BRA", "state_administrator")


def _address(administrator, username):
    return re.search(
        rf'href="(/accounts/[0-9a-f-]+)">{username}<', administrator.open("/accounts")
    )[1]


def test_an_account_is_opened_and_its_password_is_shown_once(administrator, visitor):
    page = administrator.send("/accounts/new", ANA, 200).get_data(as_text=True)
    password = _password(page)
    assert "Role Police officer" in text(page)
    assert "Password" in text(page) and "data-prints" in page
    assert password not in administrator.open(_address(administrator, "bra.ana"))
    visitor.sign_in("bra.ana", password, new_password="five words are even better")
    assert "bra.ana" in visitor.open("/")
    assert "Second factor No" in text(administrator.open("/accounts"))


def test_only_a_display_is_asked_for_its_post(administrator):
    assert "Border post of the display" not in administrator.open("/accounts/new")
    asked = administrator.send("/accounts/new", ANA | {"role": "display"}, 422).text
    assert "Border post of the display" in asked
    assert "Name the post at which the display hangs." in asked


def test_an_unlikely_account_is_refused_at_its_fields(administrator):
    page = administrator.send("/accounts/new", ANA | {"username": "ana"}, 422)
    assert "A user name of your state begins with bra." in text(page.get_data(as_text=True))
    page = administrator.send("/accounts/new", ANA | {"username": "bra.Rosa Benítez"}, 422)
    assert "Enter bra.rosa.benitez." in text(page.get_data(as_text=True))


def test_a_closed_account_signs_in_no_more(administrator, visitor):
    password = _password(administrator.send("/accounts/new", ANA, 200).get_data(as_text=True))
    address = _address(administrator, "bra.ana")
    version = re.search(
        r'name="expected_version" value="(\d+)"', administrator.open(f"{address}/close")
    )
    administrator.send(f"{address}/close", {"expected_version": version[1]})
    assert "The account is closed." in administrator.open(f"{address}?done=close")
    visitor.sign_in("bra.ana", password, expect=401)


def test_an_account_that_approves_waits_for_a_second_person(
    app, administrator, signed_in, monkeypatch
):
    other = signed_in("BRA", "supervisor")
    monkeypatch.setattr("salsa_ext.administration.accounts.is_real", lambda: True)
    approving = ANA | {"username": "bra.eva", "role": "supervisor"}
    page = administrator.send("/accounts/new", approving, 200).get_data(as_text=True)
    first, address = _password(page), _address(administrator, "bra.eva")
    assert "Confirm the account" not in administrator.open(address)
    assert 'href="/accounts/' in other.open("/").partition('id="next"')[2]
    version = re.search(r'name="expected_version" value="(\d+)"', other.open(address))[1]
    confirmed = other.send(f"{address}/confirm-now", {"expected_version": version}, 200)
    second = _password(confirmed.get_data(as_text=True))
    assert second != first and "Waits for confirmation" not in administrator.open(address)


def test_nobody_else_opens_accounts(signed_in):
    signed_in("BRA", "supervisor").send("/accounts/new", ANA, 403)
    officer = signed_in("BRA", "police_officer")
    officer.open("/accounts", 403)
    officer.send(f"/accounts/{uuid4()}/link-now", {}, 403)


def test_who_confirms_accounts_lists_them_and_opens_none(signed_in):
    page = signed_in("BRA", "supervisor").open("/accounts")
    assert "bra.supervisor" in page and "Open an account" not in page
