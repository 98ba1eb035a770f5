"""What is left at the edges: replays, oracles, headers, hosts, paths, and a service that is starting."""

import socket
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from api.app import create_app
from api.server.serve import reserve_port
from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import bodies, files


def test_a_stored_answer_is_not_given_once_its_record_is_silent(as_actor):
    """Before: the hit was repeated for 30 days."""
    officer = as_actor("PRY", "police_officer")
    made = officer.post("/reports", bodies.report(visibility="open")).json
    check = bodies.check(serial=bodies.report()["firearm"]["serial"])
    asker = as_actor("BRA", "police_officer")
    first = asker.post("/checks", check, Idempotency_Key="k-1").json
    assert made["firearm"]["record"] in str(first)
    assert asker.post("/checks", check, Idempotency_Key="k-1").json == first
    hidden = bodies.report(visibility="silent") | {"reason": "It has to be hidden."}
    officer.change(f"/reports/{made['id']}", "correct", hidden)
    refused = asker.post("/checks", check, 409, Idempotency_Key="k-1")
    assert made["firearm"]["record"] not in refused.get_data(as_text=True)
    assert made["firearm"]["record"] not in str(asker.post("/checks", check).json)


@pytest.mark.parametrize("headers", [{}, {"If_Match": '"1"'}, {"If_Match": '"7"'}])
def test_an_attachment_of_what_a_role_may_not_read_is_as_unknown(as_actor, headers):
    """Before: 428 and 412 told that there was one, and its version."""
    police = as_actor("BRA", "police_officer")
    subject = f"seizure:{police.post('/seizures', bodies.seizure()).json['id']}"
    made = files.attach(police, subject, files.pdf()).json["id"]
    unknown = "00000000-0000-7000-8000-000000000000"
    for officer in (as_actor("BRA", "licensing_officer"), as_actor("URY", "police_officer")):
        answers = [
            officer.post(f"/attachments/{each}/withdraw", {"reason": "No"}, 404, **headers).json
            for each in (made, unknown)
        ]
        assert answers[0]["detail"].replace(made, unknown) == answers[1]["detail"]


@pytest.fixture
def secure(server, worker_database, tmp_path):
    """The application behind HTTPS, under a name of its own."""
    config = server.config(worker_database, tmp_path)
    settings = replace(config, secure_cookies=True, hosts=("salsa.example.org",))
    return create_app(settings, FixedClock(NOW)).test_client()


def test_over_https_cookies_are_of_this_host_alone_and_https_stays(secure):
    page = secure.get("/sign-in", base_url="https://salsa.example.org")
    [cookie] = page.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-salsa_form=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "max-age" in page.headers["Strict-Transport-Security"]
    assert page.headers["Permissions-Policy"].startswith("camera=(self)")
    assert page.headers["Server"] == "salsa"


def test_a_name_that_is_not_ours_is_not_answered(secure):
    assert secure.get("/sign-in", base_url="https://evil.example").status_code == 400


@pytest.mark.parametrize(
    "sender,status",
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": "192.0.2.7"}, 404),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"}, 404),
    ],
)
def test_metrics_are_for_the_machine_itself(app, session, sender, status):
    answer = app.test_client().get("/metrics", environ_overrides=sender)
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["//api/v1/me", "/api//v1/me", "//sign-in"])
def test_a_path_with_empty_parts_is_refused(app, session, path):
    answer = app.test_client().get("/", environ_overrides={"PATH_INFO": path})
    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_a_service_that_is_starting_asks_to_come_back(free_port, method):
    """Before: POST got 501, which a queue may take as final."""
    with reserve_port("127.0.0.1", free_port):
        url = f"http://127.0.0.1:{free_port}/api/v1/checks"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=10)
    with refused.value as answer:
        assert (answer.code, answer.headers["Retry-After"]) == (503, "60")


@pytest.fixture
def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
