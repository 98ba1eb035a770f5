"""PgBouncer in transaction mode between the service and its database."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from random import Random

import pytest

from api.server.embedded_database import DATABASE_NAME
from benchmarks.faults.acts import ACTS, Load, open_accounts, open_permit
from benchmarks.faults.seeds import Installation, broken_promises, wait_until_idle
from benchmarks.harness import Service
from tests.support.folders import open_folder
from tests.support.pooling import PROGRAM, pooled, through
from tests.support.source import ROOT

pytestmark = pytest.mark.skipif(not PROGRAM, reason="needs pgbouncer")
LISTENING = "SELECT DISTINCT usename FROM pg_stat_activity WHERE query = 'LISTEN salsa'"


@pytest.fixture
def service(home, embedded, application):
    """The service and its workers behind a few connections, listening past them."""
    url, worker_url = (embedded.url(role, DATABASE_NAME) for role in ("service", "worker"))
    with pooled(embedded, default_pool_size="6") as folder:
        service = Installation(
            home,
            {},
            SALSA_DATABASE_URL=through(url, folder),
            SALSA_WORKER_URL=through(worker_url, folder),
            SALSA_LISTEN_URL=url,
        )
        service.ensure_running()
        yield service
        service.stop()


@contextmanager
def another(service):
    """A service of another machine on the same database."""
    with open_folder() as home:
        shutil.copy(service.home / "master.key", home)
        other = Service(home, {}, **service.settings)
        other.start()
        other.home = service.home  # where the database is
        yield other
        other.stop()


def ask(server, query):
    with closing(server.admin(DATABASE_NAME)) as admin, admin.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def test_what_a_service_acknowledged_another_reads_and_promises_hold(
    service, embedded, application
):
    load = Load(service, open_accounts(application), Random(1))
    open_permit(load, "B")
    with ThreadPoolExecutor(4) as pool:
        acts = [pool.submit(act, load, f"B-{at}") for at, act in enumerate(ACTS * 2)]
    for act in acts:
        act.result()
    wait_until_idle(service)
    with another(service) as other:
        assert broken_promises(application, other, load) == []
    log = (service.home / "serve.log").read_text()
    assert "no notifications" not in log
    assert ("salsa_service",) in ask(embedded, LISTENING)
    assert len(load.acknowledged) > 20


def test_a_server_that_ends_behind_it_is_unavailable_and_comes_back(service, embedded, application):
    licensing = open_accounts(application)["PRY.licensing_officer"]

    def read():
        return service.request("GET", "/api/v1/permits", **licensing)

    assert read().status == 200
    embedded.stop()
    refused = read()
    assert (refused.status, refused.retry_after) == (503, "2")
    embedded.start()
    while read().status == 503:
        pass
    assert read().status == 200


def test_tests_with_many_writes_at_once_pass_through_it():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    files = ["tests/concurrency/test_writes_at_once.py"]
    pooling = [sys.executable, "-m", "tests.support.pooling"]
    done = subprocess.run([*pooling, *command, *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
