"""A worker of a cluster is killed: what needs it is unavailable, other work goes on, nothing is lost."""

import os
import signal
from datetime import timedelta

import pytest

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
def client(nodes, tmp_path):
    """Return clients of Brazil on a distributed database of these nodes."""
    server = Server(nodes[0].url("superuser", "postgres"), ("o", "s", "w"))
    server.make("salsa")
    owner = server.url("owner", "salsa")
    migrations.upgrade_schema(owner)
    migrations.open_clock(owner)
    agencies.register(owner)
    distribute(owner)
    app = create_app(server.config("salsa", tmp_path), FixedClock(NOW))
    with app.app_context():

        def of(role):
            token = actors.token("BRA", role, NOW, None, timedelta(days=1))
            return actors.Client(app.test_client(), token, background=False)

        yield of
        db.session.remove()
        db.engine.dispose()


def kill(node):
    """Kill a server without a farewell, and wait until nothing of it listens."""
    os.kill(node.status().pid, signal.SIGKILL)
    while node.is_running():
        pass


def test_what_needs_a_killed_worker_is_unavailable_and_nothing_is_lost(client, nodes):
    police, licensing = client("police_officer"), client("licensing_officer")

    def seize(number):
        gun = bodies.firearm(serial=f"KNY{number}8211")
        body = bodies.seizure(number=f"S-{number}", items=[gun])
        return police.client.post(
            "/api/v1/seizures", json=body, headers={"Authorization": f"Bearer {police.token}"}
        )

    acknowledged = [seize(number) for number in range(4)]
    assert {each.status_code for each in acknowledged} == {201}
    kill(nodes[2])
    answers = [seize(number) for number in range(4, 12)]
    refused = [each for each in answers if each.status_code != 201]
    assert {(each.status_code, each.headers["Retry-After"]) for each in refused} == {(503, "2")}
    assert licensing.post("/licensees", bodies.licensee()).json["id"]
    nodes[2].start()
    acknowledged += [each for each in answers if each.status_code == 201]
    acknowledged.append(seize(12))
    for each in acknowledged:
        assert police.get(f"/seizures/{each.json['id']}").json["items"][0]["serial"]
