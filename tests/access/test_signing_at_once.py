"""Keys that several requests need or make at the same moment, each over a connection of its own."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import bodies
from tests.support.papers import code_of

TIMES = 8


@pytest.fixture
def at_once(real_app):
    """Send the same request several times at the same moment; returns the answers."""

    def send(real_client, method, path):
        def one(_):
            headers = {"Authorization": f"Bearer {real_client.token}"}
            return real_app.test_client().open(path, method=method, headers=headers)

        with ThreadPoolExecutor(TIMES) as pool:
            return list(pool.map(one, range(TIMES)))

    return send


def active_keys(real_app):
    keys = real_app.test_client().get("/api/v1/signing-keys").json["keys"]
    return [key["kid"] for key in keys if key["retired_at"] is None], len(keys)


def test_papers_printed_at_once_make_one_first_key(real_app, real_client, at_once):
    officer = real_client("PRY", "licensing_officer")
    permit = officer.post("/permits", bodies.import_permit()).json["id"]
    printed = at_once(officer, "GET", f"/api/v1/permits/{permit}/paper")
    assert {answer.status_code for answer in printed} == {200}
    assert len({code_of(answer.data) for answer in printed}) == 1
    assert active_keys(real_app)[1] == 1


def test_of_keys_made_at_once_one_signs(real_app, real_client, at_once):
    made = at_once(real_client("PRY", "state_administrator"), "POST", "/api/v1/signing-keys/rotate")
    assert {answer.status_code for answer in made} == {201}
    ours, all_of_them = active_keys(real_app)
    assert (len(ours), all_of_them) == (1, TIMES)
    assert ours[0] in {answer.json["kid"] for answer in made}
