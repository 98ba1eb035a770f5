"""The tests that look at the database, once more on a server of Debian's packages."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from salsa_ext.database.postgres.server import EmbeddedServer
from tests.support.folders import QUICK
from tests.support.sizes import long_only

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
CHOSEN = (
    "tests/migrations",
    "tests/security/test_rows.py",
    "tests/firearms/search/test_misread_marks.py",
    "tests/security/test_visibility.py",
    "tests/database/test_insert_many.py",
    "tests/scenarios/test_licit_trade.py",
    "tests/tracing/traces/test_traces.py",
    "tests/concurrency/test_writes_at_once.py",
    "tests/trade/shipments/test_shipments.py",
)
"""What rests on the rights of the roles, on rules of text and on what an older server knows."""
REQUIRED = "server" in os.environ.get("SALSA_REQUIRE", "")


@pytest.mark.server
@long_only
@pytest.mark.skipif(not PROGRAMS and not REQUIRED, reason="no PostgreSQL server of the system")
@pytest.mark.skipif("SALSA_TEST_SERVER" in os.environ, reason="this run is on such a server")
def test_the_same_tests_pass_on_a_server_of_debian(server_url):
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CHOSEN],
        cwd=ROOT,
        env=_environment(server_url),
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-2000:]


@pytest.fixture
def server_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the superuser on a server of the system's newest PostgreSQL."""
    assert PROGRAMS, "apt-get install postgresql"
    monkeypatch.setenv("PG_BIN", str(PROGRAMS[-1].parent))
    settings = {"fsync": "off", "max_connections": "50"}
    with EmbeddedServer(tmp_path, settings=settings, private_root=QUICK) as server:
        url = make_url(server.url("superuser", "postgres")).set(drivername="postgresql")
        yield url.render_as_string(hide_password=False)


def _environment(url: str) -> dict[str, str]:
    stored = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")
    }
    return stored | {"SALSA_TEST_SERVER": url}
