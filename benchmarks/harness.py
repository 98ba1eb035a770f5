"""Benchmark harness: measuring in turns by processor time, clients, processes."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from salsa_ext.access import authentication
from salsa_ext.access.rules import operator
from salsa_ext.administration import accounts, agencies, keys, settings
from salsa_ext.administration.accounts import AccountData
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.administration.keys import KeyData
from salsa_ext.core.ids import new_id
from salsa_ext.database.postgres.server import EmbeddedServer
from salsa_ext.database.session import db, transaction
from salsa_ext.reference.state_settings import LOOKUP_PERCENTS, SettingsChange

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Figure:
    """Processor time of process and database, and wall time, per operation."""

    name: str
    cpu_us: float
    database_cpu_us: float
    median_us: float
    ratio: float


def measure_in_turns(
    ways: dict[str, Callable[[], Any]],
    backends: Callable[[], Sequence[int]],
    rounds: int,
    each: int,
) -> list[Figure]:
    """Run every way `each` times a round; ratios are to the first.

    `backends` names the database processes; their processor time is read from the kernel.
    """
    own: dict[str, float] = dict.fromkeys(ways, 0.0)
    theirs: dict[str, float] = dict.fromkeys(ways, 0.0)
    walls: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            pids = backends()
            before, database = time.process_time(), cpu_seconds(pids)
            for _ in range(each):
                began = time.perf_counter()
                way()
                walls[name].append(time.perf_counter() - began)
            own[name] += time.process_time() - before
            theirs[name] += cpu_seconds(pids) - database
    count = rounds * each
    base = next(iter(ways))
    total = {name: (own[name] + theirs[name]) / count for name in ways}
    return [
        Figure(
            name,
            round(own[name] / count * 1e6, 1),
            round(theirs[name] / count * 1e6, 1),
            round(median(walls[name]) * 1e6, 1),
            round(total[name] / total[base], 2),
        )
        for name in ways
    ]


@dataclass(frozen=True)
class Operation:
    """Measured operation, and unmeasured work after it."""

    run: Callable[[], Any]
    after: Callable[[], Any] = lambda: None


Prepared = Callable[[], "Operation | Callable[[], Any]"]


def measure_prepared(
    ways: dict[str, Prepared], backends: Callable[[], Sequence[int]], rounds: int, each: int
) -> list[Figure]:
    """Measure operations, each prepared unmeasured before; database time in ns where recorded."""
    spent: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    pids = backends()
    for _ in range(rounds):
        for name, prepare in ways.items():
            for _ in range(each):
                prepared = prepare()
                way = prepared if isinstance(prepared, Operation) else Operation(prepared)
                spent[name].append(_measure_once(way.run, pids))
                way.after()
            pids = backends()
    return [_average(name, some, spent[next(iter(ways))]) for name, some in spent.items()]


def _measure_once(run: Callable[[], Any], pids: Sequence[int]) -> tuple[float, float, float]:
    """Run once; return own and database processor seconds, and wall seconds."""
    database, own, wall = exact_cpu_seconds(pids), time.process_time(), time.perf_counter()
    run()
    own, wall = time.process_time() - own, time.perf_counter() - wall
    return own, exact_cpu_seconds(pids) - database, wall


def _average(
    name: str,
    some: Sequence[tuple[float, float, float]],
    base: Sequence[tuple[float, float, float]],
) -> Figure:
    own, theirs = (sum(run[at] for run in some) / len(some) for at in (0, 1))
    first = sum(run[0] + run[1] for run in base) / len(base)
    return Figure(
        name,
        round(own * 1e6, 1),
        round(theirs * 1e6, 1),
        round(median(run[2] for run in some) * 1e6, 1),
        round((own + theirs) / first, 2),
    )


def write_figures(title: str, figures: Sequence[Figure], path: Path) -> None:
    """Print a table, and write the figures as JSON."""
    print(title)
    print(f"{'':<34}{'cpu µs':>10}{'database µs':>13}{'median µs':>12}{'ratio':>8}")
    for figure in figures:
        print(
            f"{figure.name:<34}{figure.cpu_us:>10}{figure.database_cpu_us:>13}"
            f"{figure.median_us:>12}{figure.ratio:>8}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"title": title, "figures": [asdict(row) for row in figures]}, indent=1)
    )
    print(f"written to {path}")


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the processor seconds of processes, as counted by the kernel."""
    used = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        used += int(fields[11]) + int(fields[12])
    return used / CLOCK_TICKS


def exact_cpu_seconds(pids: Sequence[int]) -> float:
    """Return processor seconds to the nanosecond if available."""
    try:
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9
    except FileNotFoundError:
        return cpu_seconds(pids)


@dataclass(frozen=True)
class Client:
    """Test client with a key; answers have to be 200 or 201."""

    client: FlaskClient
    headers: dict[str, str]

    @cached_property
    def session(self) -> str:
        """Return the token of a session of this account, for its pages."""
        actor = authentication.authenticate_key(
            self.headers["Authorization"].removeprefix("Bearer ")
        )
        with transaction(actor):
            return authentication.open_session(actor)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST JSON under /api/v1."""
        return self.send("POST", f"/api/v1{path}", body)

    def get(self, path: str) -> Any:
        """GET under /api/v1."""
        return self.send("GET", f"/api/v1{path}")

    def send(self, method: str, address: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request, and return the JSON of its answer."""
        more = {} if body is None else {"json": body}
        answer = self.client.open(address, method=method, headers=self.headers, **more)
        assert answer.status_code in (200, 201), answer.get_data(as_text=True)
        return answer.get_json()


def make_client(app: Flask, state: str, role: str, kind: str) -> Client:
    """Return a client of a new account, registering its agency if needed."""
    actor = operator(state)
    with transaction(actor):
        name, agency = f"{state.lower()}.{new_id()}", f"{state}-{kind.upper()}"
        agencies.register_missing(actor=actor, batch=[AgencyData(agency, kind, agency, "UTC")])
        accounts.open_account(actor=actor, data=AccountData(name, role, agency))
        more = SettingsChange(lookup_percent=LOOKUP_PERCENTS[1])
        settings.change_settings(actor=actor, data=more, expected_version=None)
        _, token = keys.issue_key(actor=actor, data=KeyData(name, "bench", 1))
    return Client(app.test_client(), {"Authorization": f"Bearer {token}"})


def select_one() -> None:
    """Run SELECT 1."""
    db.session.scalar(text("SELECT 1"))
    db.session.rollback()


CpuByProcess = dict[int, float]
"""Processor seconds by process."""


@contextmanager
def serve_module(
    environment: dict[str, str], module: Callable[[int], list[str]]
) -> Iterator[tuple[int, int]]:
    """Run a module on a free port; give port and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", *module(port)],
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.2)
        time.sleep(4)  # until each worker is ready
        yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def process_tree(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(process for child in children for process in process_tree(int(child)))]


def tree_cpu_seconds(root: int) -> CpuByProcess:
    """Return the processor seconds of a process and its descendants."""
    seconds = {}
    for pid in process_tree(root):
        with suppress(FileNotFoundError, ProcessLookupError):
            seconds[pid] = cpu_seconds([pid])
    return seconds


def database_root_pid() -> int:
    """Return the parent of all database processes."""
    pid = int(db.session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar() or 0)
    db.session.remove()
    parent = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]
    return int(parent)


def database_pids() -> list[int]:
    """Return the ids of the database processes of this process."""
    query = text(
        "SELECT pid FROM pg_stat_activity"
        " WHERE usename = session_user AND datname = current_database()"
    )
    pids = list(db.session.scalars(query))
    db.session.rollback()
    return pids


ROOT: Final = Path(__file__).parents[1]
DATABASE: Final = "salsa"
READY_SECONDS: Final = 120.0


def database_urls(embedded: EmbeddedServer) -> dict[str, str]:
    """Return the settings that name the database of an embedded server."""
    return {
        "SALSA_DATABASE_URL": embedded.url("service", DATABASE),
        "SALSA_WORKER_URL": embedded.url("worker", DATABASE),
    }


class Answer(NamedTuple):
    """Answer of the service."""

    status: int
    body: Any
    etag: str
    retry_after: str


class Service:
    """`salsa serve` as a process of its own; `settings` are variables of its environment."""

    def __init__(self, home: Path, key: dict[str, str], **settings: str) -> None:
        self.home, self.key, self.settings = home, key, settings
        self.process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    def launch(self) -> None:
        """Start it without waiting until it is ready."""
        self.process = self.spawn("serve", "--port", str(self.port))

    def spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command of the installation."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("SALSA_")}
        with (self.home / "serve.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "api.cli", *arguments],
                cwd=ROOT,
                env=own | {"SALSA_HOME": str(self.home)} | self.settings,
                start_new_session=True,
                stdout=log,
                stderr=log,
            )

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        self.launch()
        until = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            assert time.monotonic() < until, "The service is not ready."
            assert self.is_running(), "The service ended."
            time.sleep(0.05)

    def ensure_running(self) -> None:
        """Start it again if it ended."""
        if not self.is_running():
            self.start()

    def is_running(self) -> bool:
        """Return whether the serving process is there."""
        return self.process is not None and self.process.poll() is None

    def is_ready(self) -> bool:
        """Return whether the service answers that it is ready."""
        with suppress(OSError, http.client.HTTPException, ValueError):
            return self.request("GET", "/readyz").status == 200
        return False

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request; header names are written with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            sent = self.key | {"Content-Type": "application/json"} | sent
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            content = json.loads(answer.read() or "null")
            etag, retry_after = (answer.headers.get(name, "") for name in ("ETag", "Retry-After"))
            return Answer(answer.status, content, etag, retry_after)
        finally:
            connection.close()

    def stop(self) -> None:
        """End it in order, and wait."""
        if self.process is not None and self.is_running():
            self.process.terminate()
            self.process.wait(READY_SECONDS)
