"""An administrator who wants to be someone else: keys, passwords and accounts of others.

Before: `POST /keys` of an administrator gave the supervisor's key, and one person opened both
accounts that a two-person rule needs.
"""

from datetime import timedelta

import pytest

from salsa_ext.access.authentication import GIVEN, PART_SEPARATOR, check_password, sign_in
from salsa_ext.access.rules import visitor
from salsa_ext.administration import accounts, migrations
from salsa_ext.administration.accounts import AccountData
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.errors import PasswordChangeRequired, Unauthenticated
from tests.conftest import NOW

SUPERVISOR = {"username": "bra.sol", "role": "supervisor", "agency": "BRA-POLICE"}
OWN = "four words are better"


@pytest.fixture
def real(run):
    """An installation of real records, as `salsa init` makes it."""
    run(None, migrations.declare_real)


@pytest.fixture
def administrator(as_actor, real):
    return as_actor("BRA", "state_administrator")


@pytest.fixture
def opened(administrator):
    return administrator.post("/accounts", SUPERVISOR).json


def _sign_in(password, new=None, username="bra.sol", at=NOW):
    return sign_in(visitor(FixedClock(at)), username, password, "::1", new)


def test_a_key_is_issued_by_the_person_of_its_account_alone(run, as_actor, administrator):
    run("BRA", accounts.open_account, data=AccountData("bra.ana", "auditor", "BRA-POLICE"))
    body = {"username": "bra.ana", "name": "x", "days": 5}
    administrator.post("/keys", body, 403)
    as_actor("PRY", "state_administrator").post("/keys", body, 404)


def test_two_persons_grant_a_role_that_approves(as_actor, administrator, opened):
    path = f"/accounts/{opened['id']}/confirm"
    supervisor = as_actor("BRA", "supervisor")
    assert not check_password("bra.sol", opened["password"]).is_right
    administrator.post(path, expect=403, If_Match='"1"')
    as_actor("BRA", "police_officer").post(path, expect=403)
    as_actor("PRY", "supervisor").post(path, expect=404, If_Match='"1"')
    supervisor.post(path, expect=428)
    supervisor.post(path, expect=412, If_Match='"2"')
    assert supervisor.get(f"/accounts/{opened['id']}").json["opened_by"]
    confirmed = supervisor.post(path, expect=200, If_Match='"1"').json
    second = confirmed.pop("second_part")
    assert confirmed == {"username": "bra.sol", "role": "supervisor"}
    supervisor.post(path, expect=409, If_Match='"2"')
    for alone in (opened["password"], second, PART_SEPARATOR + second):
        assert not check_password("bra.sol", alone).is_right
    assert _sign_in(opened["password"] + PART_SEPARATOR + second, OWN)
    assert _sign_in(OWN)


def test_a_first_part_may_hold_the_separator(as_actor, administrator):
    first = "four+words+are+better"
    account = administrator.post("/accounts", SUPERVISOR | {"password": first}).json["id"]
    second = as_actor("BRA", "supervisor").post(
        f"/accounts/{account}/confirm", expect=200, If_Match='"1"'
    )
    whole = first + PART_SEPARATOR + second.json["second_part"]
    assert check_password("bra.sol", whole).is_right


def test_an_administrator_opens_no_second_self_to_confirm_with(administrator):
    body = SUPERVISOR | {"username": "bra.me2", "role": "state_administrator"}
    password = administrator.post("/accounts", body).json["password"]
    assert not check_password("bra.me2", password).is_right


def test_a_refused_account_is_in_the_audit_and_confirmed_no_more(as_actor, administrator, opened):
    path = f"/accounts/{opened['id']}"
    administrator.post(f"{path}/close", expect=200, If_Match='"1"')
    as_actor("BRA", "supervisor").post(f"{path}/confirm", expect=412, If_Match='"1"')
    as_actor("BRA", "supervisor").post(f"{path}/confirm", expect=409, If_Match='"2"')
    [entry] = as_actor("BRA", "auditor").get("/audit?action=account:closed").json["items"]
    assert entry["subject_id"] == opened["id"]


def test_the_command_line_of_the_server_is_the_second_person(run, real):
    _, password = run("BRA", accounts.open_account, data=AccountData(*SUPERVISOR.values()))
    assert check_password("bra.sol", password).is_right


def test_a_password_that_another_set_opens_nothing_but_its_change(run, real):
    _, password = run("BRA", accounts.open_account, data=AccountData(*SUPERVISOR.values()))
    with pytest.raises(PasswordChangeRequired):
        _sign_in(password)
    assert _sign_in(password, OWN)
    renewed = run("BRA", accounts.reset_password, username="bra.sol")
    with pytest.raises(PasswordChangeRequired):
        _sign_in(renewed)


def test_a_password_that_another_set_expires(run, real, as_actor):
    _, password = run("BRA", accounts.open_account, data=AccountData(*SUPERVISOR.values()))
    with pytest.raises(Unauthenticated, match=r"has expired\. Ask your administrator"):
        _sign_in(password, OWN, at=NOW + GIVEN)
    with pytest.raises(Unauthenticated, match="is wrong"):
        _sign_in(OWN, at=NOW + GIVEN)
    refused = as_actor("BRA", "auditor").get("/audit?action=session:refused").json["items"]
    assert [entry["data"].get("expired") for entry in refused] == [None, True]


def test_the_password_of_a_reset_opens_its_change_until_it_expires(run, real):
    run("BRA", accounts.open_account, data=AccountData(*SUPERVISOR.values()))
    renewed = run("BRA", accounts.reset_password, username="bra.sol")
    with pytest.raises(PasswordChangeRequired):
        _sign_in(renewed, at=NOW + GIVEN - timedelta(seconds=1))
    with pytest.raises(Unauthenticated, match="has expired"):
        _sign_in(renewed, OWN, at=NOW + GIVEN)


def test_a_demo_asks_for_one_person(as_actor):
    opened = as_actor("BRA", "state_administrator").post("/accounts", SUPERVISOR).json
    assert _sign_in(opened["password"], "six other words are")


def test_two_persons_recover_an_account_and_neither_alone(app, run, as_actor, administrator):
    run("BRA", accounts.open_account, data=AccountData("bra.ana", "auditor", "BRA-POLICE", OWN))
    [ana] = administrator.get("/accounts?role=auditor").json["items"]
    path, supervisor = f"/accounts/{ana['id']}", as_actor("BRA", "supervisor")
    supervisor.post(f"{path}/begin-recovery", expect=403, If_Match='"1"')
    supervisor.post(f"{path}/approve-recovery", expect=409, If_Match='"1"')
    first = administrator.post(f"{path}/begin-recovery", expect=200, If_Match='"1"').json
    administrator.post(f"{path}/begin-recovery", expect=409, If_Match='"2"')
    administrator.post(f"{path}/approve-recovery", expect=403, If_Match='"2"')
    as_actor("PRY", "supervisor").post(f"{path}/approve-recovery", expect=404, If_Match='"2"')
    assert check_password("bra.ana", OWN).is_right  # as long as nobody approved
    second = supervisor.post(f"{path}/approve-recovery", expect=200, If_Match='"2"').json
    parts = first["first_part"], second["second_part"]
    for alone in (OWN, *parts, PART_SEPARATOR.join(reversed(parts))):
        assert not check_password("bra.ana", alone).is_right
    with pytest.raises(PasswordChangeRequired):
        _sign_in(PART_SEPARATOR.join(parts), username="bra.ana")
    assert _sign_in(PART_SEPARATOR.join(parts), "six other words are", username="bra.ana")
    auditor = as_actor("BRA", "auditor")
    notices = auditor.get("/notifications").json["items"]
    codes = ["account_recovered", "account_recovery_begun"]
    assert [notice["code"] for notice in notices] == codes
    for action in ("account:recovery_begun", "account:recovered", "account:factor_removed"):
        [entry] = auditor.get(f"/audit?action={action}").json["items"]
        assert entry["subject_id"] == ana["id"]


def test_nobody_recovers_an_own_account(as_actor, administrator):
    other = as_actor("BRA", "state_administrator")
    rows = administrator.get("/accounts?role=state_administrator").json["items"]
    paths = [f"/accounts/{row['id']}" for row in rows]
    statuses = {
        other.client.post(
            f"/api/v1{path}/begin-recovery",
            headers={"Authorization": f"Bearer {other.token}", "If-Match": '"1"'},
        ).status_code
        for path in paths
    }
    assert statuses == {200, 403}


def test_a_cancelled_recovery_changes_nothing(run, as_actor, administrator):
    run("BRA", accounts.open_account, data=AccountData("bra.ana", "auditor", "BRA-POLICE", OWN))
    [ana] = administrator.get("/accounts?role=auditor").json["items"]
    administrator.change(f"/accounts/{ana['id']}", "begin-recovery")
    administrator.change(f"/accounts/{ana['id']}", "cancel-recovery")
    supervisor = as_actor("BRA", "supervisor")
    supervisor.change(f"/accounts/{ana['id']}", "approve-recovery", expect=409)
    assert check_password("bra.ana", OWN).is_right
