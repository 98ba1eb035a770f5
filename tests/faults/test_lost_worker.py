"""A worker of a cluster is killed: what needs it is unavailable, other work goes on, nothing is lost."""

import itertools
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.app import create_app
from salsa_ext.administration import migrations
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.postgres import programs
from salsa_ext.database.session import db
from tests.conftest import NOW, Server
from tests.support import actors, agencies, bodies
from tests.support.cluster import distribute, running_cluster


@pytest.fixture
def nodes():
    if not (programs.find_programs().parent / "lib/citus.so").exists():
        pytest.skip("needs PostgreSQL with Citus: make cluster")
    with running_cluster() as nodes:
        yield nodes


@pytest.fixture
def app(nodes, tmp_path):
    """The application on a distributed database of these nodes."""
    server = Server(nodes[0].url("superuser", "postgres"), ("o", "s", "w"))
    server.make("salsa")
    owner = server.url("owner", "salsa")
    migrations.upgrade_schema(owner)
    migrations.open_clock(owner)
    agencies.register(owner)
    distribute(owner)
    app = create_app(server.config("salsa", tmp_path), FixedClock(NOW))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def kill(node):
    """Kill a server without a farewell, and wait until nothing of it listens."""
    os.kill(node.status().pid, signal.SIGKILL)
    while node.is_running():
        pass


@dataclass
class Load:
    """Clients of Brazil, each of which sends one document after the other until it is to stop."""

    app: Flask
    answers: list[tuple[str, TestResponse]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    is_over: Event = field(default_factory=Event)

    def count(self, path, status):
        return sum((of, each.status_code) == (path, status) for of, each in list(self.answers))

    def wait_for(self, path, status, more):
        """Wait until so many more had this answer, of 2,000 in all."""
        wanted = self.count(path, status) + more
        while self.count(path, status) < wanted and len(self.answers) < 2_000:
            time.sleep(0.01)
        assert self.count(path, status) >= wanted

    def send(self, path, token, body):
        client = self.app.test_client()
        client.background = False
        headers = {"Authorization": f"Bearer {token}"}
        while not self.is_over.is_set():
            answer = client.post(f"/api/v1{path}", json=body(next(self.numbers)), headers=headers)
            self.answers.append((path, answer))


def seizure(number):
    return bodies.seizure(number=f"S-{number}", items=[bodies.firearm(serial=f"KNY{number:04}82")])


def licensee(number):
    return bodies.licensee(number=f"L-{number}")


def test_under_load_what_needs_a_killed_worker_is_unavailable_and_nothing_is_lost(app, nodes):
    load, day = Load(app), timedelta(days=1)
    police, licensing = (
        actors.token("BRA", role, NOW, None, day)
        for role in ("police_officer", "licensing_officer")
    )
    with ThreadPoolExecutor() as pool:
        for _ in range(3):
            pool.submit(load.send, "/seizures", police, seizure)
        pool.submit(load.send, "/licensees", licensing, licensee)
        try:
            load.wait_for("/seizures", 201, 10)
            kill(nodes[2])
            load.wait_for("/seizures", 503, 10)
            load.wait_for("/licensees", 201, 10)
            nodes[2].start()
            load.wait_for("/seizures", 201, 10)
        finally:
            load.is_over.set()
    with closing(nodes[0].admin("salsa")) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT recover_prepared_transactions()")  # as Citus does each minute
    given = {(of, each.status_code, each.headers.get("Retry-After")) for of, each in load.answers}
    assert given == {("/seizures", 201, None), ("/seizures", 503, "2"), ("/licensees", 201, None)}
    reader = actors.Client(app.test_client(), police, background=False)
    for path, each in load.answers:
        if (path, each.status_code) == ("/seizures", 201):
            assert reader.get(f"/seizures/{each.json['id']}").json["items"][0]["serial"]
