"""Real servers in folders that the server's OS user can reach, and none of them left behind."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from salsa_ext.database.postgres.server import EmbeddedServer
from tests.support.folders import open_folder

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SYSTEM_15 = Path("/usr/lib/postgresql/15/bin")
ROOT = Path(__file__).resolve().parents[3]

USER = """
import sys
from pathlib import Path
from salsa_ext.database.postgres.server import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), settings={"fsync": "off"}).start()
print(server.status().pid, flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


@pytest.fixture(scope="session")
def initialised() -> Iterator[Path]:
    """The folder of a server that has run and was stopped, to be copied."""
    with open_folder() as path:
        with EmbeddedServer(path, settings=FAST):
            pass
        yield path / "postgres"


@pytest.fixture
def home(initialised: Path) -> Iterator[Path]:
    """A home where a server has run before: copying one takes less time than making one."""
    with open_folder() as path:
        subprocess.run(["cp", "-a", initialised, path], check=True)
        yield path


@pytest.fixture
def private_root() -> Iterator[Path]:
    with open_folder() as path:
        yield path


@pytest.fixture
def serve(private_root: Path) -> Iterator[Callable[..., EmbeddedServer]]:
    """Prepare servers, in as little time as possible, that are stopped after the test."""
    made: list[EmbeddedServer] = []

    def prepare(home: Path, **settings: str) -> EmbeddedServer:
        server = EmbeddedServer(home, settings={**FAST, **settings}, private_root=private_root)
        made.append(server)
        return server

    yield prepare
    for server in made:
        server.stop()


@pytest.fixture
def in_other_process() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Start the server of a home in another process, which stops it when its input closes."""
    with contextlib.ExitStack() as stack:

        def begin(home: Path) -> subprocess.Popen[str]:
            command = [sys.executable, "-c", USER, str(home)]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
            )
            stack.callback(process.communicate)
            return process

        yield begin


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(None, id="embedded"),
        pytest.param(
            SYSTEM_15,
            id="system-15",
            marks=pytest.mark.skipif(
                not SYSTEM_15.is_dir(), reason=f"there is no PostgreSQL 15 in {SYSTEM_15}"
            ),
        ),
    ],
)
def server(request: pytest.FixtureRequest) -> Iterator[EmbeddedServer]:
    """A server of each kind, shared by the tests of a file."""
    with open_folder() as path:
        started = EmbeddedServer(path, settings=FAST)
        with pytest.MonkeyPatch.context() as patch:
            if request.param is not None:
                patch.setenv("PG_BIN", str(request.param))
            started.start()
        yield started
        started.stop()


@pytest.fixture
def as_nobody() -> Callable[[Callable[[], str]], str]:
    """Do something in a forked child that is an ordinary user, and give back what it returns."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; the other tests ran as an ordinary one")
    return _in_child


def _in_child(work: Callable[[], str]) -> str:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        result = ""
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            result = work()
        finally:
            os.write(writer, (result or repr(sys.exc_info()[1])).encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        result = answer.read()
    os.waitpid(child, 0)
    return result
