"""Accounts and keys of one state, and the audit of what was done."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from salsa_ext.access import authentication
from salsa_ext.access.authentication import check_password
from salsa_ext.administration import accounts, keys
from salsa_ext.administration.accounts import AccountData
from salsa_ext.administration.keys import KeyData
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.errors import Conflict, Invalid
from salsa_ext.database.session import db, transaction
from tests.conftest import NOW
from tests.support import actors, bodies

ANA = {"username": "bra.ana", "role": "auditor", "agency": "BRA-POLICE"}


def test_an_account_is_opened_with_a_password_that_is_shown_once(administrator):
    opened = administrator.post("/accounts", ANA).json
    assert len(opened["password"]) >= 20
    assert opened["password"] not in administrator.get("/accounts").get_data(as_text=True)


def test_a_password_may_be_chosen(administrator):
    body = ANA | {"password": "correct horse battery"}
    assert administrator.post("/accounts", body).json["password"] == "correct horse battery"


def test_a_password_is_kept_as_a_hash_that_is_dear_to_guess(run):
    ana = AccountData("bra.ana", "auditor", "BRA-POLICE", "correct horse battery")
    run("BRA", accounts.open_account, data=ana)
    stored = db.session.scalar(text("SELECT password_hash FROM salsa_account('bra.ana')"))
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_short_password_is_refused(administrator):
    answer = administrator.post("/accounts", ANA | {"password": "short"}, 422).json
    assert answer["errors"] == {"password": ["At least 12 characters."]}


def test_a_user_name_is_used_once(administrator):
    administrator.post("/accounts", ANA)
    assert administrator.post("/accounts", ANA, 409).json["code"] == "duplicate"


@pytest.mark.parametrize(
    "username", ["bra.ana", "bra.nobody", "ana", "pry.", "Bra.ana", "pryana", "pry.\u200b"]
)
def test_a_state_learns_nothing_of_the_user_names_of_others(as_actor, administrator, username):
    administrator.post("/accounts", ANA)
    body = ANA | {"agency": "PRY-POLICE", "username": username}
    answer = as_actor("PRY", "state_administrator").post("/accounts", body, 422).json
    assert answer["errors"] == {
        "username": ["A user name of your state begins with pry., such as pry.ana."]
    }


@pytest.mark.parametrize("username", ["bra.desk", "BRA.desk"])
def test_the_secretariat_takes_no_user_name_of_a_state(run, username):
    data = AccountData(username, "secretariat", "SECRETARIAT")
    with pytest.raises(Invalid) as refused:
        run(None, accounts.open_account, data=data)
    assert list(refused.value.errors) == ["username"]


def test_a_user_name_of_the_secretariat_has_no_prefix(run):
    run(None, accounts.open_account, data=AccountData("desk.1", "secretariat", "SECRETARIAT"))


def test_a_state_opens_no_account_of_the_secretariat(administrator):
    answer = administrator.post("/accounts", ANA | {"role": "secretariat"}, 422).json
    assert list(answer["errors"]) == ["role"]


def test_accounts_are_found_by_their_role(administrator):
    administrator.post("/accounts", ANA)
    [found] = administrator.get("/accounts?role=auditor").json["items"]
    assert (found["username"], found["is_active"]) == ("bra.ana", True)


def test_a_closed_account_opens_nothing_any_more(app, run, administrator):
    account = administrator.post("/accounts", ANA | {"password": "correct horse battery"}).json[
        "id"
    ]
    _, issued = run("BRA", keys.issue_key, data=KeyData("bra.ana", "desk", 1))
    session = open_session("bra.ana", "correct horse battery")
    closed = administrator.post(f"/accounts/{account}/close", expect=200, If_Match='"1"')
    assert (closed.json["is_active"], closed.json["version"]) == (False, 2)
    assert closed.headers["ETag"].startswith('"2.')
    for token in (issued, session):
        actors.Client(app.test_client(), token).get("/me", 401)
    rows = administrator.get("/keys").json["items"]
    assert all(key["revoked_at"] for key in rows if key["account"] == account)
    with pytest.raises(Conflict, match=r"bra\.ana is closed; open an account with another"):
        run("BRA", keys.issue_key, data=KeyData("bra.ana", "desk", 1))


def test_an_account_that_is_closed_again_stays_as_it_is(as_actor, administrator):
    path = f"/accounts/{administrator.post('/accounts', ANA).json['id']}"
    sent = {"If_Match": '"1"', "Idempotency_Key": "k-1"}
    first = administrator.post(f"{path}/close", expect=200, **sent)
    assert administrator.post(f"{path}/close", expect=200, **sent).get_data() == first.get_data()
    again = administrator.post(f"{path}/close", expect=200, If_Match=first.headers["ETag"])
    assert again.json == first.json
    entries = as_actor("BRA", "auditor").get("/audit?action=account:closed").json["items"]
    assert [entry["subject_id"] for entry in entries] == [first.json["id"]]


def test_a_closed_account_gets_no_password(run, administrator):
    account = administrator.post("/accounts", ANA).json["id"]
    administrator.post(f"/accounts/{account}/close", expect=200, If_Match='"1"')
    with pytest.raises(Conflict, match=r"bra\.ana is closed"):
        run("BRA", accounts.reset_password, username="bra.ana")


def test_a_user_name_in_capitals_is_taken_in_small_letters(run, administrator):
    body = ANA | {"username": "BRA.Ana", "password": "correct horse battery"}
    administrator.post("/accounts", body)
    [found] = administrator.get("/accounts?role=auditor").json["items"]
    assert found["username"] == "bra.ana"
    run("BRA", keys.issue_key, data=KeyData("Bra.ana", "desk", 1))
    assert check_password("BRA.ANA", "correct horse battery").is_right


def test_an_account_that_is_written_with_capitals_is_still_found(run, administrator):
    account = administrator.post("/accounts", ANA | {"password": "correct horse battery"}).json
    as_it_was = text(
        "INSERT INTO account (id, owner_state, agency, role, username, password_hash, is_active,"
        " created_at) SELECT gen_random_uuid(), owner_state, agency, role, 'bra.Ana', password_hash,"
        " is_active, created_at FROM account WHERE id = :id"
    )
    db.session.execute(as_it_was, {"id": account["id"]})
    assert check_password("bra.Ana", "correct horse battery").is_right
    run("BRA", accounts.reset_password, username="bra.Ana")


def test_the_last_administrator_of_a_state_is_not_closed(administrator):
    [last] = administrator.get("/accounts").json["items"]
    path = f"/accounts/{last['id']}/close"
    refused = administrator.post(path, expect=409, If_Match='"1"').json
    assert refused["detail"].endswith(
        "is the last open administrator of the state; open another first."
    )
    administrator.post("/accounts", ANA | {"role": "state_administrator"})
    administrator.post(path, expect=200, If_Match='"1"')


def test_a_new_password_ends_what_the_old_one_opened(app, run, administrator):
    administrator.post("/accounts", ANA | {"password": "correct horse battery"})
    session = open_session("bra.ana", "correct horse battery")
    renewed = run("BRA", accounts.reset_password, username="bra.ana")
    actors.Client(app.test_client(), session).get("/me", 401)
    assert not check_password("bra.ana", "correct horse battery").is_right
    assert check_password("bra.ana", renewed).is_right


def open_session(username, password):
    actor = replace(check_password(username, password).actor, clock=FixedClock(NOW))
    with transaction(actor):
        return authentication.open_session(actor)


def test_accounts_of_another_state_are_in_no_list(as_actor, administrator):
    administrator.post("/accounts", ANA)
    listed = as_actor("PRY", "state_administrator").get("/accounts").json["items"]
    assert [account["role"] for account in listed] == ["state_administrator"]


def test_a_key_is_issued_for_an_account(run, administrator):
    administrator.post("/accounts", ANA)
    issued, _ = run("BRA", keys.issue_key, data=KeyData("bra.ana", "desk", 30, ["audit:read"]))
    [key] = [k for k in administrator.get("/keys").json["items"] if k["id"] == str(issued)]
    assert (key["scopes"], key["expires_at"][:10]) == (["audit:read"], "2026-04-08")


@pytest.mark.parametrize("days", [0, 367, "30", 1.5])
def test_a_key_ends_within_a_year(administrator, days):
    administrator.post("/accounts", ANA)
    body = {"username": "bra.ana", "name": "desk", "days": days}
    assert list(administrator.post("/keys", body, 422).json["errors"]) == ["days"]


def test_no_key_is_issued_for_nobody(administrator):
    administrator.post("/keys", {"username": "nobody", "name": "desk", "days": 1}, 404)


def test_the_audit_has_what_the_state_did_newest_first(as_actor, administrator):
    administrator.post("/accounts", ANA, Salsa_Officer="A-1")
    as_actor("BRA", "police_officer").post("/reports", bodies.report())
    entries = as_actor("BRA", "auditor").get("/audit").json["items"]
    assert [entry["action"] for entry in entries] == ["report:recorded", "account:opened"]


def test_an_entry_names_its_request(as_actor, police):
    police.post("/reports", bodies.report(), X_Request_Id="mine-1")
    [entry] = as_actor("BRA", "auditor").get("/audit?action=report:recorded").json["items"]
    assert (entry["request_id"], entry["role"]) == ("mine-1", "police_officer")


@pytest.mark.parametrize(
    "filters,count",
    [("subject_kind=report", 1), ("subject_kind=seizure", 0), ("state=BRA", 1), ("state=PRY", 0)],
)
def test_entries_are_found_by_their_fields(as_actor, filters, count):
    as_actor("BRA", "police_officer").post("/reports", bodies.report())
    assert len(as_actor("BRA", "auditor").get(f"/audit?{filters}").json["items"]) == count


def test_an_entry_is_sealed_with_a_salt_of_its_own(police):
    police.post("/reports", bodies.report())
    police.post("/reports", bodies.report(number="R-2", confirm_second=True))
    rows = db.session.execute(
        text("SELECT salt, leaf_hash FROM audit_entry WHERE action = 'report:recorded'")
    ).all()
    assert len({bytes(row.salt) for row in rows}) == len(rows) == 2
    assert {len(bytes(row.leaf_hash)) for row in rows} == {32}
