"""Sign-in by a directory (OpenID Connect), against a provider that listens on this machine."""

import html
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests
from joserfc.jwk import RSAKey

from api.web.pages.account import directory
from salsa_ext.administration import migrations
from salsa_ext.administration.directory import load_directory
from salsa_ext.core.errors import NotConfigured
from tests.conftest import NOW
from tests.support.authenticator import Authenticator
from tests.support.directory import CLIENT, SECRET, Provider, listening
from tests.web.pages import text
from tests.web.test_passkeys import OPTIONS

ANA = {"sub": "7", "preferred_username": "Ana@interior.gov.br", "groups": ["other", "Police"]}
SETTINGS = """
issuer = "{issuer}"
client_id = "{client}"
client_secret_file = "{secret}"
state = "BRA"
agency = "BRA-POLICE"
{more}
[roles]
"Chiefs" = "supervisor"
"Police" = "police_officer"
"""


@pytest.fixture
def provider():
    with listening(Provider(dict(ANA), int(NOW.timestamp()))) as served:
        yield served


@pytest.fixture
def set_directory(app, session, provider, tmp_path, monkeypatch):
    """Let the application use the provider, with more settings."""

    def put(more=""):
        (tmp_path / "secret").write_text(SECRET)
        path, secret = tmp_path / "directory.toml", tmp_path / "secret"
        path.write_text(
            SETTINGS.format(issuer=provider.issuer, client=CLIENT, secret=secret, more=more)
        )
        monkeypatch.setitem(app.config, "DIRECTORY", load_directory(path))

    put()
    return put


def enter(visitor, expect=200, change=lambda query: query):
    """Go the way of a browser over the directory; returns the last answer."""
    away = visitor.client.get("/sign-in/directory?next=/account").location
    back = requests.get(away, allow_redirects=False, timeout=10).headers["Location"]
    answer = visitor.client.get(f"/sign-in/directory/back?{change(urlsplit(back).query)}")
    assert answer.status_code == expect, answer.text
    return answer


def test_a_person_of_the_directory_signs_in_with_the_role_of_a_group(
    visitor, set_directory, as_actor
):
    answer = enter(visitor)
    assert answer.headers["Refresh"] == "0; url=/account"
    page = visitor.open("/account")
    assert "bra.ana" in page and "Police officer" in page
    [entry] = as_actor("BRA", "auditor").get("/audit?action=account:opened").json["items"]
    assert entry["data"] == {"role": "police_officer"}
    enter(visitor)  # of the same account
    [row] = (
        as_actor("BRA", "state_administrator").get("/accounts?role=police_officer").json["items"]
    )
    assert row["username"] == "bra.ana"


def test_the_directory_changes_the_role_and_ends_what_was_open(
    run, visitor, provider, set_directory, as_actor
):
    enter(visitor)
    run(None, migrations.declare_real)
    provider.claims |= {"groups": ["Chiefs"], "amr": ["pwd", "mfa"]}
    assert "A second person has to confirm" in text(enter(visitor, 401).text)
    assert visitor.client.get("/account").location.startswith("/sign-in")
    administrator = as_actor("BRA", "state_administrator")
    [row] = administrator.get("/accounts?role=supervisor").json["items"]
    administrator.change(f"/accounts/{row['id']}", "confirm")
    enter(visitor)
    assert "Supervisor" in visitor.open("/account")


def test_a_role_that_needs_a_second_factor_needs_it_in_the_directory(
    run, visitor, provider, set_directory
):
    set_directory("two_persons = false")
    run(None, migrations.declare_real)
    provider.claims |= {"groups": ["Chiefs"], "amr": ["pwd"]}
    assert "Your role needs a second factor." in text(enter(visitor, 401).text)
    provider.claims |= {"amr": ["pwd", "otp"]}
    enter(visitor)


def test_who_left_all_groups_enters_no_more(visitor, provider, set_directory):
    enter(visitor)
    provider.claims["groups"] = []
    assert "gives you no role here" in text(enter(visitor, 401).text)
    assert visitor.client.get("/account").location.startswith("/sign-in")


def test_a_closed_account_enters_no_more(visitor, set_directory, as_actor):
    enter(visitor)
    administrator = as_actor("BRA", "state_administrator")
    [row] = administrator.get("/accounts?role=police_officer").json["items"]
    administrator.change(f"/accounts/{row['id']}", "close")
    assert "Your account is closed." in text(enter(visitor, 401).text)


def test_a_local_account_is_not_taken_over_by_its_name(visitor, provider, set_directory, account):
    account("BRA", "police_officer")
    provider.claims["preferred_username"] = "police_officer"
    assert "Another account has your user name" in text(enter(visitor, 401).text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": int(NOW.timestamp()) - 600},
        {"key": RSAKey.generate_key(2048, {"kid": "one"})},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_wrong_claims_sign_in_nobody(visitor, provider, set_directory, wrong):
    away = visitor.client.get("/sign-in/directory").location
    back = requests.get(away, allow_redirects=False, timeout=10).headers["Location"]
    provider.wrong = wrong
    answer = visitor.client.get(f"/sign-in/directory/back?{urlsplit(back).query}")
    assert answer.status_code == 401 and "did not sign you in" in text(answer.text)


@pytest.mark.parametrize("wrong", ["https://evil.example", ""])
def test_a_directory_that_names_another_issuer_is_not_gone_to(
    visitor, provider, set_directory, wrong
):
    provider.wrong = {"issuer": wrong}
    assert "did not sign you in" in text(visitor.open("/sign-in/directory", 401))


def test_a_person_of_the_directory_signs_in_by_nothing_else(visitor, set_directory, as_actor):
    enter(visitor)
    device = Authenticator()
    options = html.unescape(OPTIONS.search(visitor.open("/account"))[1])
    fields = {"name": "Key", "answer": device.create(options)}
    assert "You sign in by your directory." in visitor.send("/account/passkeys", fields, 422).text
    administrator = as_actor("BRA", "state_administrator")
    [row] = administrator.get("/accounts?role=police_officer").json["items"]
    administrator.change(f"/accounts/{row['id']}", "begin-recovery", expect=409)


def test_a_way_back_is_of_the_browser_that_left_and_is_used_once(visitor, set_directory):
    enter(visitor, 401, lambda query: query.replace("state=", "state=x"))
    enter(visitor, 401, lambda query: query.replace("code-", "code-9"))
    queries = []
    enter(visitor, change=lambda query: queries.append(query) or query)
    assert visitor.client.get(f"/sign-in/directory/back?{queries[0]}").status_code == 401


def test_local_accounts_are_off_but_for_administrators(visitor, set_directory, account):
    set_directory("local_accounts = false")
    visitor.sign_in(account("BRA", "state_administrator"))
    visitor.send("/sign-out", {})
    page = visitor.sign_in(account("BRA", "auditor"), expect=401)
    assert "by the directory of your state alone" in text(page.text)


def test_signing_out_leads_to_the_end_of_the_directory_session(visitor, provider, set_directory):
    enter(visitor)
    assert visitor.send("/sign-out", {}).location == "/signed-out"
    assert f"{provider.issuer}/end_session?client_id=salsa" in visitor.open("/signed-out")


def test_who_asks_while_four_wait_for_the_directory_is_refused_at_once(
    visitor, provider, set_directory
):
    with ExitStack() as waiting:
        for _ in range(4):
            waiting.enter_context(directory.ASKING)
        refused = visitor.client.get("/sign-in/directory").headers.get("Location", "")
    assert not refused.startswith(provider.issuer)
    assert visitor.client.get("/sign-in/directory").location.startswith(provider.issuer)


def test_without_a_directory_there_is_no_way_to_one(visitor):
    visitor.open("/sign-in/directory", 404)


@pytest.mark.parametrize(
    "wrong", ["", "issuer = 1", '[roles]\n"x" = "display"'], ids=["empty", "part", "display"]
)
def test_settings_that_describe_no_directory_are_refused(tmp_path, wrong):
    (tmp_path / "directory.toml").write_text(wrong)
    with pytest.raises(NotConfigured):
        load_directory(tmp_path / "directory.toml")
