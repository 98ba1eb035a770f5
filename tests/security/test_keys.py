"""Which keys open the API, for how long, and for what."""

from datetime import timedelta

import pytest

from salsa_ext.access.models import ApiKey
from salsa_ext.administration.keys import KeyData, issue_key
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from tests.conftest import NOW
from tests.support import bodies
from tests.support.actors import Client


def test_a_key_that_nobody_issued_opens_nothing(app, session):
    headers = {"Authorization": "Bearer salsa_nobody"}
    response = app.test_client().get("/api/v1/me", headers=headers)
    assert response.status_code == 401
    assert response.json["code"] == "unauthenticated"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token abc", "Bearer\tabc", "Bearer \u00e9"]
)
def test_a_header_that_is_no_bearer_key_opens_nothing(app, session, header):
    headers = {"Authorization": header.encode().decode("latin-1")}
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401


def test_a_key_of_a_program_opens_no_page(app, as_actor):
    token = as_actor("BRA", "police_officer").token
    browser = app.test_client()
    browser.set_cookie("salsa_session", token)
    assert browser.get("/account").location.startswith("/sign-in")


def test_a_key_opens_nothing_after_its_end(as_actor):
    answer = as_actor("BRA", "auditor", lasts=timedelta(seconds=0)).get("/me", 401).json
    assert answer["detail"] == "This key has expired; ask for a new one."


def test_a_key_opens_something_until_its_end(as_actor):
    as_actor("BRA", "auditor", lasts=timedelta(seconds=1)).get("/me")


def test_a_key_opens_nothing_once_it_is_revoked(as_actor, issued):
    administrator, client, key = issued
    client.get("/me")
    administrator.post(f"/keys/{key}/revoke", expect=204)
    client.get("/me", 401)


def test_a_key_is_revoked_once(as_actor, issued):
    administrator, _, key = issued
    administrator.post(f"/keys/{key}/revoke", expect=204)
    administrator.post(f"/keys/{key}/revoke", expect=404)


def test_a_key_does_no_more_than_its_scopes(as_actor):
    narrow = as_actor("BRA", "police_officer", scopes=["check:make"])
    narrow.post("/checks", bodies.check())
    refused = narrow.post("/seizures", bodies.seizure(), 403).json
    assert refused["detail"] == "This needs the permission seizure:record."


def test_a_scope_that_the_role_lacks_gives_nothing(as_actor):
    client = as_actor("BRA", "auditor", scopes=["audit:read", "permit:record"])
    client.post("/permits", bodies.permit(), 403)
    assert client.get("/me").json["permissions"] == ["audit:read"]


@pytest.fixture
def issue(app, run, account):
    """Issue a key of bra.ana by one of hers; returns the answer."""

    def post(expect=201, carries=(), **body):
        own = run("BRA", issue_key, data=KeyData("bra.ana", "own", 1, carries))[1]
        body = {"username": "bra.ana", "name": "desk", "days": 1} | body
        return Client(app.test_client(), own).post("/keys", body, expect).json

    return post


def test_a_key_is_issued_with_no_scope_that_the_role_lacks(issue):
    answer = issue(422, scopes=["permit:record"])
    assert list(answer["errors"]) == ["scopes"]
    assert "permit:record" in answer["errors"]["scopes"][0]


LIMITED = ("key:issue", "reference:read")


@pytest.mark.parametrize("scopes", [["audit:read"], ["reference:read", "audit:read"], []])
def test_a_limited_key_issues_no_scope_that_it_does_not_carry(issue, scopes):
    answer = issue(422, LIMITED, **({"scopes": scopes} if scopes else {}))
    assert list(answer["errors"]) == ["scopes"]
    assert "Your own key does not carry audit:read" in answer["errors"]["scopes"][0]


def test_a_limited_key_issues_what_it_carries(issue):
    issue(carries=LIMITED, scopes=["reference:read"])


def test_a_person_issues_what_the_role_of_the_account_may(app, issue):
    permissions = Client(app.test_client(), issue()["token"]).get("/me").json["permissions"]
    assert "audit:read" in permissions


def test_a_limited_key_opens_no_account_that_may_more_than_it(as_actor):
    limited = as_actor("BRA", "state_administrator", ["account:manage"])
    body = {"username": "bra.eva", "role": "state_administrator", "agency": "BRA-POLICE"}
    assert list(limited.post("/accounts", body, 422).json["errors"]) == ["role"]
    as_actor("BRA", "state_administrator").post("/accounts", body)


def test_a_key_is_shown_once(as_actor, issued):
    administrator, client, _ = issued
    assert client.token not in administrator.get("/keys").get_data(as_text=True)


def test_the_database_has_only_the_digest_of_a_key(as_actor, issued, actor):
    _, client, _ = issued
    with transaction(actor("BRA")):
        row = db.session.query(ApiKey).filter_by(name="desk").one()
    assert client.token.encode() not in row.digest
    assert len(row.digest) == 32


def test_me_says_who_the_key_belongs_to(as_actor):
    answer = as_actor("BRA", "auditor").get("/me", Salsa_Officer="A-17").json
    assert answer == {
        "state": "BRA",
        "agency": "BRA-TEST",
        "role": "auditor",
        "officer": "A-17",
        "permissions": [
            "audit:read",
            "canary:manage",
            "change:read",
            "consent:read",
            "disclosure:read",
            "key:issue",
            "notification:read",
            "personal_data:manage",
            "reference:read",
            "setting:read",
            "statistics:read",
        ],
    }


@pytest.mark.parametrize("officer", ["a b", "x" * 41, "-7", "A;B"])
def test_an_officers_number_that_cannot_be_one_is_refused(as_actor, officer):
    answer = as_actor("BRA", "auditor").get("/me", 422, Salsa_Officer=officer).json
    assert list(answer["errors"]) == ["Salsa-Officer"]


@pytest.fixture
def account(administrator):
    body = {"username": "bra.ana", "role": "auditor", "agency": "BRA-POLICE"}
    administrator.post("/accounts", body)
    return administrator


@pytest.fixture
def issued(app, run, account):
    key, token = run("BRA", issue_key, data=KeyData("bra.ana", "desk", 1))
    return account, Client(app.test_client(), token), str(key)


def test_a_key_of_fewer_scopes_gets_no_answer_of_another_key(app, run, account):
    body = {"username": "bra.ana", "name": "desk", "days": 1, "scopes": ["key:issue"]}
    tokens = [
        Client(
            app.test_client(), run("BRA", issue_key, data=KeyData("bra.ana", "own", 1, scopes))[1]
        )
        .post("/keys", body, Idempotency_Key="k-1")
        .json["token"]
        for scopes in ((), ("key:issue",))
    ]
    assert len({*tokens}) == 2


def test_a_key_opens_nothing_from_another_address(app, run, account, as_actor):
    data = KeyData("bra.ana", "desk", 1, networks=["10.1.0.7/16", "2001:db8::/32"])
    client = Client(app.test_client(), run("BRA", issue_key, data=data)[1])

    def get_from(address, expect):
        client.client.environ_base["REMOTE_ADDR"] = address
        return client.get("/me", expect)

    for inside in ("10.1.0.1", "::ffff:10.1.200.1", "2001:db8::7"):
        get_from(inside, 200)
    for outside in ("10.2.0.1", "2001:db9::7", "", *["192.0.2.7"] * 9):
        answer = get_from(outside, 401).json
    assert answer["detail"] == "This key is not for your address. Use it from its own network."
    entries = as_actor("BRA", "auditor").get("/audit?action=key:refused").json["items"]
    assert [entry["data"]["address"] for entry in entries][-3:] == ["", "2001:db9::7", "10.2.0.1"]
    assert len(entries) == 3 + 6  # many from one address are braked, not audited


@pytest.mark.parametrize("network", ["10.1", "10.0.0.0/33", "example.org"])
def test_a_range_of_addresses_is_written_as_one(issue, network):
    assert list(issue(422, networks=[network])["errors"]) == ["networks"]


def test_a_key_of_few_addresses_issues_none_of_more(app, run, account):
    data = KeyData("bra.ana", "own", 1, networks=["127.0.0.0/8"])
    client = Client(app.test_client(), run("BRA", issue_key, data=data)[1])
    body = {"username": "bra.ana", "name": "desk", "days": 1}
    refused = client.post("/keys", body | {"networks": ["0.0.0.0/0"]}, 422).json
    assert list(refused["errors"]) == ["networks"]
    client.post("/keys", body)
    assert {(*key["networks"],) for key in client.get("/keys").json["items"]} == {("127.0.0.0/8",)}


def test_a_rotated_key_goes_on_for_some_hours_beside_the_new_one(app, run, account, monkeypatch):
    data = KeyData("bra.ana", "desk", 30, ["audit:read", "key:issue"], ["127.0.0.0/8"])
    old_id, token = run("BRA", issue_key, data=data)
    old = Client(app.test_client(), token)
    answer = old.post(f"/keys/{old_id}/rotate", {"hours": 2}).json
    new = Client(app.test_client(), answer["token"])
    assert new.get("/me").json == old.get("/me").json
    rows = {row["id"]: row for row in new.get("/keys").json["items"]}
    assert rows[answer["id"]]["networks"] == ["127.0.0.0/8"]
    assert rows[answer["id"]]["expires_at"] == rows[str(old_id)]["expires_at"]
    old.post(f"/keys/{old_id}/rotate", {}, 409)
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(hours=2)))
    old.get("/me", 401)
    new.get("/me")


def test_a_person_lists_and_ends_own_keys_alone(as_actor, issued, app):
    administrator, client, key = issued
    assert [row["id"] for row in client.get("/keys").json["items"]] == [key]
    [other] = administrator.get("/keys?own=true").json["items"]
    client.post(f"/keys/{other['id']}/revoke", expect=404)
    client.post(f"/keys/{other['id']}/rotate", {}, 404)
    client.post(f"/keys/{key}/revoke", expect=204)
    client.get("/me", 401)
