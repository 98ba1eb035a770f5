"""A database that is gone makes answers of 503, and no restart is needed once it is back."""

import pytest

from tests.support import bodies

URL = "/api/v1/transfers"


@pytest.fixture
def ask(application, key):
    client = application.test_client()
    return {
        "reads": lambda: client.get(URL, headers=key),
        "writes": lambda: client.post(URL, json=bodies.transfer(), headers=key),
        "ready": lambda: client.get("/readyz"),
        "alive": lambda: client.get("/healthz"),
    }


def test_a_lost_database_is_unavailable_and_says_when_to_try_again(ask, embedded):
    assert ask["reads"]().status_code == 200
    embedded.stop()
    for response in (ask["reads"](), ask["writes"](), ask["ready"]()):
        assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
        assert response.json["code"] == "unavailable"


def test_a_process_without_its_database_is_alive(ask, embedded):
    embedded.stop()
    assert ask["alive"]().status_code == 200


def test_the_service_answers_again_without_a_restart(ask, embedded):
    assert ask["writes"]().status_code == 201
    embedded.stop()
    assert ask["writes"]().status_code == 503
    embedded.start()
    assert ask["ready"]().status_code == 200
    assert ask["writes"]().status_code == 201
    assert len(ask["reads"]().json["items"]) == 2


def test_what_is_said_of_a_lost_database_names_nothing_of_it(ask, embedded, home):
    embedded.stop()
    said = ask["reads"]().get_data(as_text=True)
    assert "salsa_service" not in said
    assert str(home) not in said
