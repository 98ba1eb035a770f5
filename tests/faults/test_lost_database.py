"""A database that is gone makes answers of 503, and no restart is needed once it is back."""

import os
import signal
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from salsa_ext.access.rules import operator
from salsa_ext.core.errors import Unavailable
from salsa_ext.database import session
from salsa_ext.database.session import db, transaction
from tests.support import bodies

URL = "/api/v1/transfers"


@pytest.fixture
def ask(application, key):
    client = application.test_client()
    client.background = False
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


def test_a_connection_that_ended_while_it_was_idle_is_replaced(ask, application, monkeypatch):
    with application.app_context():
        idle = db.engine.raw_connection()
        pid = idle.dbapi_connection.info.backend_pid
        idle.close()
        os.kill(pid, signal.SIGTERM)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.01)
    monkeypatch.setattr(session, "PINGED_AFTER", 0)
    assert ask["reads"]().status_code == 200


def test_the_error_of_a_lost_database_names_no_detail(ask, embedded, home):
    embedded.stop()
    result = ask["reads"]().get_data(as_text=True)
    assert "salsa_service" not in result
    assert str(home) not in result


@pytest.fixture
def lose_connection():
    """Return a function that ends the connection before the n-th statement from now."""
    left = [0]

    def before_statement(_, cursor, *__):
        left[0] -= 1
        if left[0] == 0:
            os.kill(cursor.connection.info.backend_pid, signal.SIGTERM)

    def lose(statements):
        left[0] = statements

    event.listen(Engine, "before_cursor_execute", before_statement)
    yield lose, lambda: left[0] <= 0
    event.remove(Engine, "before_cursor_execute", before_statement)


def test_a_connection_lost_before_any_statement_makes_the_answer_unavailable(ask, lose_connection):
    lose, is_lost = lose_connection
    for statements in count(1):
        lose(statements)
        answer = ask["writes"]()
        if not is_lost():
            break
        assert (statements, answer.status_code) == (statements, 503), answer.json
    lose(0)
    assert answer.status_code == 201
    assert len(ask["reads"]().json["items"]) == 1


def test_a_loss_that_was_caught_in_a_savepoint_makes_the_rest_unavailable(application):
    with application.app_context(), pytest.raises(Unavailable), transaction(operator("PRY")):
        driver = db.session.connection().connection.dbapi_connection
        with suppress(OperationalError), db.session.begin_nested():
            os.kill(driver.info.backend_pid, signal.SIGTERM)
            db.session.execute(text("SELECT pg_sleep(5)"))
        db.session.execute(text("SELECT 1"))
