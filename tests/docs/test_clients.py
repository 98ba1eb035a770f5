"""The commands of the client's guide that send files work as they stand there."""

import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from api.app import create_app
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from tests.conftest import NOW
from tests.support import actors, bodies, serving

GUIDE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text()
MANIFEST, BATCH, ROWS = re.findall(r"((?:^    .*\n)+)", GUIDE, re.M)


def test_the_command_posts_a_manifest(ran):
    assert [item["serial"] for item in json.loads(ran(MANIFEST))["items"]] == [
        "TKA52380",
        "TKA52381",
    ]


def test_the_command_posts_a_batch_of_checks(ran):
    first, second, end = map(json.loads, ran(BATCH).splitlines())
    assert (first["line"], first["verdict"]) == (2, "no_hit")
    assert (second["line"], second["status"], end["checks"]) == (3, 422, 2)


def test_the_command_posts_a_batch_of_documents(ran):
    first, second, end = map(json.loads, ran(ROWS).splitlines())
    assert (first["status"], second["status"], end["recorded"]) == (201, 422, 1)
    assert list(second["errors"]) == ["occurred_on"]


def test_the_table_says_of_each_action_whether_it_wants_if_match(app):
    documented = {}
    for line in re.findall(r"^\| `\w+` \|.*", GUIDE.partition("| Of |")[2], re.M):
        _, of, *columns, _ = line.split("|")
        for wants, column in zip((True, False), columns, strict=True):
            documented |= {
                (of.strip(" `"), name): wants for name in re.findall(r"`([^`]+)`", column)
            }
    spec = app.test_client().get("/api/v1/openapi.json").json["paths"]
    done = re.compile(r"/api/v1/(\w+)/\{\w+_id\}/(.+)")
    required = {}
    for path, methods in spec.items():
        if (action := done.fullmatch(path)) and "post" in methods:
            name = re.sub(r"\{\w+\}", "…", action[2])
            parameters = {each.get("$ref", "") for each in methods["post"]["parameters"]}
            required[action[1], name] = "#/components/parameters/match" in parameters
    assert documented == required


@pytest.fixture
def ran(served, tmp_path):
    """Return what a command prints, run against the service."""
    address, key, permit = served

    def run(command):
        command = command.replace("http://127.0.0.1:8000", address).replace("curl", "curl -sS")
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "KEY": key, "PERMIT": permit},
        )
        assert done.stderr == ""
        return done.stdout

    return run


@pytest.fixture
def served(registered_database):
    """The address of the service, a key, and an export certificate to ship under."""
    app = create_app(registered_database, FixedClock(NOW))
    with app.app_context():
        key = actors.token("BRA", "licensing_officer", NOW, None, timedelta(days=1))
    permit = actors.Client(app.test_client(), key).post("/permits", bodies.permit()).json["id"]
    with serving.served(app) as url:
        yield url.removesuffix("/api/v1"), key, permit
    with app.app_context():
        db.engine.dispose()
