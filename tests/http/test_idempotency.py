"""A repeated request has one effect and gets the first answer again."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, pool, text

from api.app import create_app
from salsa_ext.access import authentication
from salsa_ext.administration.keys import KeyData, issue_key
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from tests.conftest import NOW
from tests.support import actors, bodies
from tests.support.waits import WAITS


def test_the_same_key_gets_the_first_answer_again(pry):
    first = pry.post("/transfers", bodies.transfer(), Idempotency_Key="k-1")
    again = pry.post("/transfers", bodies.transfer(), Idempotency_Key="k-1")
    assert again.get_data() == first.get_data()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


def test_the_first_answer_comes_with_its_etag(pry):
    first = pry.post("/transfers", bodies.transfer(), Idempotency_Key="k-1")
    again = pry.post("/transfers", bodies.transfer(), Idempotency_Key="k-1")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_the_same_key_makes_one_record(pry):
    pry.post("/transfers", bodies.transfer(), Idempotency_Key="k-1")
    pry.post("/transfers", bodies.transfer(), Idempotency_Key="k-1")
    assert len(pry.get("/transfers").json["items"]) == 1


def test_an_answer_without_a_body_is_given_again(run, as_actor):
    administrator = as_actor("BRA", "state_administrator")
    account = {"username": "bra.ana", "role": "auditor", "agency": "BRA-POLICE"}
    administrator.post("/accounts", account)
    key, _ = run("BRA", issue_key, data=KeyData("bra.ana", "a", 1))
    administrator.post(f"/keys/{key}/revoke", None, 204, Idempotency_Key="k-1")
    administrator.post(f"/keys/{key}/revoke", None, 204, Idempotency_Key="k-1")


def test_the_same_key_with_another_body_is_refused(pry):
    pry.post("/transfers", bodies.transfer(), Idempotency_Key="k-1")
    other = bodies.transfer(occurred_on="2024-05-07")
    answer = pry.post("/transfers", other, 422, Idempotency_Key="k-1").json
    assert answer["code"] == "idempotency_key_reused"


def test_a_key_belongs_to_its_account(as_actor):
    body = bodies.transfer()
    as_actor("PRY", "licensing_officer").post("/transfers", body, Idempotency_Key="k-1")
    second = as_actor("PRY", "licensing_officer").post("/transfers", body, Idempotency_Key="k-1")
    assert "Idempotency-Replayed" not in second.headers


def test_a_key_belongs_to_its_address(police):
    police.post("/reports", bodies.report(), Idempotency_Key="k-1")
    police.post("/seizures", bodies.seizure(), Idempotency_Key="k-1")


def test_a_refused_request_is_not_stored(pry):
    pry.post("/transfers", bodies.transfer(kind="gift"), 422, Idempotency_Key="k-1")
    pry.post("/transfers", bodies.transfer(), Idempotency_Key="k-1")


def test_permission_is_checked_again(pry, monkeypatch):
    pry.post("/transfers", bodies.transfer(), Idempotency_Key="k-1")
    monkeypatch.setattr(authentication, "role_permissions", lambda _: {"transfer:read"})
    pry.post("/transfers", bodies.transfer(), 403, Idempotency_Key="k-1")


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "a\u00e9"])
def test_a_key_that_cannot_be_one_is_refused(key, pry):
    sent = key.encode().decode("latin-1")
    answer = pry.post("/transfers", bodies.transfer(), 422, Idempotency_Key=sent).json
    assert list(answer["errors"]) == ["Idempotency-Key"]


def test_the_kept_answer_cannot_be_read_in_the_database(pry):
    pry.post("/transfers", bodies.transfer(), Idempotency_Key="k-1")
    sealed = db.session.execute(text("SELECT sealed FROM idempotency_key")).scalar_one()
    assert b"ABC123456" not in bytes(sealed)


def test_a_second_request_waits_while_the_first_runs(real, lock):
    first = threading.Thread(target=real, args=("k-1",))
    with lock("transfer"):
        first.start()
        wait_until_blocked(lock)
        second = real("k-1")
        assert (second.status_code, second.json["code"]) == (409, "in_flight")
        assert second.headers["Retry-After"] == "1"
    first.join()
    assert real("k-1").headers["Idempotency-Replayed"] == "true"


def wait_until_blocked(lock):
    until = time.monotonic() + 10
    while not lock.waiting():
        assert time.monotonic() < until
        time.sleep(0.01)


class Held:
    """Holds a table, so that a request that writes to it waits."""

    def __init__(self, url):
        self.engine = create_engine(url, poolclass=pool.NullPool)

    def __call__(self, table):
        self.connection = self.engine.connect()
        self.connection.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
        return self.connection

    def waiting(self):
        return self.connection.scalar(WAITS)


@pytest.fixture
def lock(server, fresh_database):
    name = fresh_database.database_url.rpartition("/")[2].partition("?")[0]
    return Held(server.url("owner", name))


@pytest.fixture
def real(fresh_database):
    """Send one transfer over a connection of its own, where transactions are real."""
    config = replace(fresh_database, threads=4)  # a key has half of them
    application = create_app(config, FixedClock(NOW))
    with application.app_context():
        token = actors.token("PRY", "licensing_officer", NOW, None, timedelta(days=1))

    def post(key):
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        client = application.test_client()
        return client.post("/api/v1/transfers", json=bodies.transfer(), headers=headers)

    yield post
    with application.app_context():
        db.engine.dispose()
