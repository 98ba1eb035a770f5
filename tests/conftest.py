"""What all tests share: one server, one database a worker, one rolled-back transaction a test."""

import gc
import os
import pickle
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from argon2 import PasswordHasher
from filelock import FileLock
from flask import Flask
from hypothesis import settings
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import scoped_session, sessionmaker

from api.app import create_app
from salsa_ext.access import authentication
from salsa_ext.access.rules import operator
from salsa_ext.administration import accounts, migrations
from salsa_ext.core.actor import Actor
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.config import Config
from salsa_ext.database.postgres.provision import provision_database
from salsa_ext.database.postgres.server import EmbeddedServer
from salsa_ext.database.session import db, transaction
from tests.support import actors, agencies, jobs
from tests.support.cluster import REMEMBER, RESTORE, distribute, end_sessions, join_nodes
from tests.support.folders import QUICK
from tests.support.grounds import Grounds, RealGrounds, forget_shares
from tests.support.sizes import drawn

NOW = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
settings.register_profile("house", drawn(100, 100))  # no test is timed
settings.load_profile("house")
Flask.test_client_class = jobs.BackgroundClient
THREADS = 24
"""Connections of an application for tests; one sends as many requests at once at most."""
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "100", "autovacuum": "off"}
"""Nothing is kept over a crash, and no statistics come and go beneath the plans that are looked at."""
ROLES = {"salsa_service", "salsa_worker", "salsa_owner"}


LONGEST = tuple(
    f"tests/{name}"
    for name in (
        "contract/test_contract.py server/ faults/ database/postgres/ web/test_accessibility.py demo/"
        " docs/ cli/test_demo.py web/test_post_desk security/test_readers.py web/test_live_browser.py"
        " web/test_day_at_post_browser.py scenarios/ benchmarks/ concurrency/"
        " security/test_silent_equivalence.py exchange/test_any_delivery.py web/test_desk"
        " http/test_check_batches.py importers/ cli/ jobs/ web/ trade/ tracing/"
    ).split()
)
"""Files and folders of the tests that take longest, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that nothing long is left over when all else is done."""
    items.sort(
        key=lambda item: next(
            (at for at, name in enumerate(LONGEST) if item.nodeid.startswith(name)), len(LONGEST)
        )
    )
    gc.freeze()  # what is loaded now stays: to go through it each time takes a twentieth of a run


FOLLOWED_LATE = tuple(
    f"tests/{folder}/"
    for folder in (
        "administration alerts checks concurrency disclosure documents guns http leads lookups"
        " matches notifications papers scenarios security tracing trade web"
    ).split()
)
"""Where jobs run before reads alone, so that several writes take one run of them.

No test there looks at boards but browsers and those that are marked, and none of trade at figures.
"""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let jobs run before each request, or before reads alone, and those that a test looks at."""
    marks = {mark.name for mark in item.iter_markers()}
    is_late = item.nodeid.startswith(FOLLOWED_LATE) and marks.isdisjoint(("boards", "browser"))
    jobs.BackgroundClient.reads_alone = is_late and "between_writes" not in marks
    left = ("boards", "figures") if item.nodeid.startswith("tests/trade/") else ("boards",)
    jobs.BackgroundClient.left = left if is_late else ()


@pytest.fixture(autouse=True)
def no_shares() -> None:
    """Let no test weigh by how common makes were in the records of another, nor tell its coverage."""
    forget_shares()


@dataclass(frozen=True)
class Server:
    """A server for tests, and how to make databases on it."""

    admin_url: str
    passwords: tuple[str, str, str]

    @cached_property
    def hosts(self) -> list[str | None]:
        """The nodes of a cluster of Citus, its coordinator first; of one server, as its URL says."""
        with self.admin() as admin, admin.cursor() as cursor:
            cursor.execute("SELECT to_regclass('pg_dist_node')")
            if cursor.fetchone() == (None,):
                return [None]
            cursor.execute("SELECT nodename FROM pg_dist_node ORDER BY groupid")
            return [host for (host,) in cursor.fetchall()]

    @property
    def is_cluster(self) -> bool:
        """Whether there are workers."""
        return len(self.hosts) > 1

    @contextmanager
    def admin(self, name: str = "postgres", host: str | None = None) -> Iterator[Any]:
        """Give a connection that may create databases and roles, to the first node or another."""
        with closing(self._connect(self.admin_url, name, host)) as opened:
            yield opened

    def _connect(self, url: str, name: str, host: str | None = None) -> Any:
        parsed = make_url(url).set(drivername="postgresql", database=name)
        if host is not None:
            parsed = parsed.update_query_dict({"host": host})
        opened = psycopg2.connect(parsed.render_as_string(hide_password=False))
        opened.autocommit = True
        return opened

    def url(self, role: str, name: str) -> str:
        """Return the URL of a role in a database."""
        password = self.passwords[("owner", "service", "worker").index(role)]
        url = make_url(self.admin_url).set(
            drivername="postgresql+psycopg2",
            username=f"salsa_{role}",
            password=password,
            database=name,
        )
        return url.render_as_string(hide_password=False)

    def make(self, name: str, template: str | None = None) -> None:
        """Make a database with the service's roles, empty or as a copy of one, on each node."""
        if template is not None and self.is_cluster:
            self.end_sessions(template)
        for host in self.hosts:
            with self.admin(host=host) as admin, admin.cursor() as cursor:
                if template is None:
                    owner, service, worker = self.passwords
                    if self.is_cluster:  # each node is made by itself, maybe by several at once
                        cursor.execute("SET citus.enable_ddl_propagation = off")
                    provision_database(
                        admin,
                        database=name,
                        owner_password=owner,
                        service_password=service,
                        worker_password=worker,
                    )
                    continue
                # a copy of the files takes half as long as a copy through the log
                copy = f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'
                try:
                    cursor.execute(copy)
                except psycopg2.errors.ObjectInUse:  # the daemon of Citus had come back
                    self.end_sessions(template)
                    cursor.execute(copy)
                cursor.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
                granted = f'GRANT CONNECT, TEMPORARY ON DATABASE "{name}" TO'
                cursor.execute(f"{granted} salsa_service, salsa_owner")
        if template is None and self.is_cluster:
            join_nodes(self.hosts, lambda host: self._connect(self.admin_url, name, host))

    def offer(self, name: str) -> None:
        """Let every role that may make databases copy this one; the owner of the tables owns no copy."""
        with self._as("owner", name) as owner, owner.cursor() as cursor:
            cursor.execute("GRANT CREATE ON SCHEMA public TO salsa_owner")  # as its real owner may
            cursor.execute(f'ALTER DATABASE "{name}" IS_TEMPLATE true')

    @contextmanager
    def copied(
        self, pattern: str | Config, home: Path, wanted: Config | None = None
    ) -> Iterator[Config]:
        """Give the configuration of a copy of a database, `wanted` or a new one; it is dropped after.

        What is stored in the home of the pattern is copied into an empty one.
        """
        if isinstance(pattern, Config) and pattern.home.exists() and not any(home.glob("*")):
            shutil.copytree(pattern.home, home, dirs_exist_ok=True)
        made = wanted or self.config(f"salsa_{secrets.token_hex(6)}", home)
        name, source = name_of(made), pattern if isinstance(pattern, str) else name_of(pattern)
        self.end_sessions(source)
        self.make(name, source)
        yield made
        self.drop(name)

    def drop(self, name: str) -> None:
        """Drop a database, as whichever of the two roles owns it; its sessions are ended first."""
        self.end_sessions(name)
        result = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
        for host in self.hosts:
            with self.admin(host=host) as admin, admin.cursor() as cursor:
                try:
                    cursor.execute(result)
                except psycopg2.errors.InsufficientPrivilege:
                    with self._as("owner") as owner, owner.cursor() as by_owner:
                        by_owner.execute(result)

    def end_sessions(self, name: str) -> None:
        """End the sessions of each role, as that role: a role that is no superuser ends only its own."""
        if self.is_cluster:
            for host in self.hosts:
                end_sessions(lambda of, host=host: self._connect(self.admin_url, of, host), name)
            return
        with self.admin() as admin, admin.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            roles = {role for (role,) in cursor.fetchall()} & ROLES
        for role in sorted(roles):
            with self._as(role.removeprefix("salsa_")) as opened, opened.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = %s AND usename = current_user",
                    (name,),
                )

    @contextmanager
    def _as(self, role: str, name: str = "postgres") -> Iterator[Any]:
        with closing(self._connect(self.url(role, name), name)) as opened:
            yield opened

    def config(self, name: str, home: Path) -> Config:
        """Return the configuration of an installation on a database.

        Its requests connect as the worker and act as the service (`tests.support.jobs.as_worker`).
        """
        return Config(
            home=home,
            database_url=jobs.as_service(self.url("worker", name)),
            worker_url=self.url("worker", name),
            migration_url=self.url("owner", name),
        )


def name_of(config: Config) -> str:
    """Return the name of the database of an installation."""
    return make_url(config.database_url or "").database or ""


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all workers: the service's own, or the one that SALSA_TEST_SERVER names.

    SALSA_TEST_SERVER is the URL of a superuser.
    """
    shared = shared_folder(tmp_path_factory)
    secret = shared / "passwords"
    with FileLock(shared / "passwords.lock"):
        if not secret.exists():
            secret.write_text(" ".join(secrets.token_hex(16) for _ in ROLES))
    owner, service, worker = secret.read_text().split()
    if url := os.environ.get("SALSA_TEST_SERVER"):
        yield Server(url, (owner, service, worker))
        return
    embedded = EmbeddedServer(shared / "var", settings=FAST, private_root=QUICK)
    with embedded:
        yield Server(embedded.url("superuser", "postgres"), (owner, service, worker))
    left = embedded.status()
    if not left.running and not left.data.is_relative_to(shared):
        shutil.rmtree(left.data.parent, ignore_errors=True)  # by the last worker that leaves


@pytest.fixture(scope="session")
def template(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database as the migrations make it, with reference data; copied, never used itself."""
    name = f"salsa_template_{shared_folder(tmp_path_factory).name.replace('-', '_')}"
    made = shared_folder(tmp_path_factory) / "template.made"
    with FileLock(f"{made}.lock"):
        if not made.exists():
            server.drop(name)
            server.make(name)
            migrations.upgrade_schema(server.url("owner", name))
            migrations.open_clock(server.url("owner", name))  # for the clock that stands at NOW
            if server.is_cluster:
                distribute(server.url("owner", name))
            server.offer(name)
            made.touch()
    return name


FillOnce = Callable[[str, Callable[[Config], Any]], tuple[Config, Any]]


@pytest.fixture(scope="session")
def fill_once(server: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> FillOnce:
    """Fill a database once for all workers: `fill_once(name, fill)`.

    Returns its configuration, of which `server.copied` makes copies, and what `fill` gave.
    """
    shared = shared_folder(tmp_path_factory)

    def make(name: str, fill: Callable[[Config], Any]) -> tuple[Config, Any]:
        config = server.config(f"salsa_{name}_{shared.name.replace('-', '_')}", shared / name)
        made = shared / f"{name}.made"
        with FileLock(f"{made}.lock"):
            if not made.exists():
                config.home.mkdir()
                server.drop(name_of(config))
                server.make(name_of(config), template)
                with jobs.BackgroundClient.all_at_once():
                    made.write_bytes(pickle.dumps(fill(config)))
        return config, pickle.loads(made.read_bytes())

    return make


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """Hash passwords in no time while the block runs: for many accounts that no test is about."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (accounts, authentication):
            patch.setattr(module, "PASSWORD_HASHER", CHEAP)
        yield


@pytest.fixture
def fresh_database(server: Server, template: str, tmp_path: Path) -> Iterator[Config]:
    """A database for one test alone, where transactions are real."""
    with server.copied(template, tmp_path) as config:
        yield config


@pytest.fixture
def registered_database(fresh_database: Config) -> Config:
    """The same, with agencies of every state in the register."""
    agencies.register(fresh_database.migration_url or "")
    return fresh_database


@pytest.fixture(scope="session")
def registered(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Config]:
    """A database with agencies of every state in the register; copied, never used itself."""
    with server.copied(template, tmp_path_factory.mktemp("registered")) as config:
        agencies.register(config.migration_url or "")
        yield config


@pytest.fixture(scope="session")
def standing(server: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[Flask, Config]:
    """An application for tests with real transactions, and the database that each of them makes for it.

    To make one for each test, and to let it compile every statement anew, takes longer than the test.
    """
    config = server.config(f"salsa_{secrets.token_hex(6)}", tmp_path_factory.mktemp("home"))
    return create_app(replace(config, threads=THREADS), FixedClock(NOW)), config


@contextmanager
def standing_on(server: Server, pattern: Config, standing: tuple[Flask, Config]) -> Iterator[Flask]:
    """Give that application on a copy of a database, as if it had just been made."""
    made, config = standing
    made.extensions["live"].clear()
    made.extensions.pop("idle after", None)
    with server.copied(pattern, config.home, config):
        yield made
        if waiters := made.extensions.pop("waiters", None):
            waiters.close()  # or it listens to the next database of that name, which cannot be copied then
        with made.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def worker_database(server: Server, template: str) -> Iterator[str]:
    name = f"salsa_{secrets.token_hex(6)}"
    server.make(name, template)
    agencies.register(server.url("owner", name))
    yield name
    server.drop(name)


@pytest.fixture(scope="session")
def app(
    server: Server, worker_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The application, with a clock that stands at NOW."""
    config = server.config(worker_database, tmp_path_factory.mktemp("home"))
    application = create_app(config, FixedClock(NOW))
    application.testing = True
    yield application
    with application.app_context():
        db.engine.dispose()


@contextmanager
def undone(app: Flask) -> Iterator[None]:
    """Give an application context whose every commit is undone in the end."""
    with app.app_context(), db.engine.connect() as connection:
        outer, standing = connection.begin(), db.session
        maker = sessionmaker(bind=connection, join_transaction_mode="create_savepoint")
        db.session = scoped_session(maker)  # type: ignore[assignment]
        try:
            yield
            db.session.remove()
        finally:
            db.session = standing
        outer.rollback()


def grounds_over(app: Flask, request: pytest.FixtureRequest) -> Iterator[Grounds]:
    """Give the transaction in which tests over an application's database begin."""
    made = Grounds(app)
    request.config.pluginmanager.register(made)
    yield made
    request.config.pluginmanager.unregister(made)
    made.leave()


@pytest.fixture(scope="session")
def grounds(
    app: Flask, server: Server, worker_database: str, request: pytest.FixtureRequest
) -> Iterator[Grounds]:
    """The transaction of this worker's tests."""
    if not server.is_cluster:
        yield from grounds_over(app, request)
        return
    pattern = name_of(request.getfixturevalue("registered"))
    with ExitStack() as opened:

        def renew() -> Callable[[], None]:
            opened.close()
            server.drop(worker_database)
            server.make(worker_database, pattern)
            admin = opened.enter_context(server.admin(worker_database))
            cursor = opened.enter_context(admin.cursor())
            cursor.execute(REMEMBER)
            return lambda: cursor.execute(RESTORE)

        yield RealGrounds(app, renew)


@pytest.fixture
def session(grounds: Grounds) -> Iterator[None]:
    """An application context whose every commit is undone after the test."""
    with grounds.undone():
        yield


@pytest.fixture
def asked(app: Flask, session: None, grounds: Grounds) -> Iterator[list[str]]:
    """Every statement that the database is asked while the test runs, in order."""
    statements: list[str] = []

    @jobs.of_requests
    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "SAVEPOINT" not in statement and not grounds.is_making:  # those are the test's own
            statements.append(statement)

    engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def actor(app: Flask, session: None) -> Callable[..., Actor]:
    """Return an actor of a state, as the command line has it; time stands at NOW."""

    def make(state: str | None = "BRA") -> Actor:
        return operator(state, f"{state}-TEST", FixedClock(NOW), app.config["VAULT"])

    return make


@pytest.fixture
def run(actor: Callable[..., Actor]) -> Callable[..., Any]:
    """Run a command of a state in a transaction: `run("BRA", transfers.record, data=...)`."""

    def call(state: str | None, command: Callable[..., Any], **arguments: Any) -> Any:
        acting = actor(state)
        with transaction(acting):
            return command(actor=acting, **arguments)

    return call


@pytest.fixture
def as_actor(app: Flask, session: None, grounds: Grounds) -> Callable[..., actors.Client]:
    """Return an HTTP client that holds a key: `as_actor("BRA", "police_officer")`."""
    return actors.of(app, grounds.of)


def client_of(state: str, role: str) -> Any:
    """A fixture: the client of an officer, one account for the whole test."""

    @pytest.fixture
    def client(as_actor: Callable[..., actors.Client]) -> actors.Client:
        return as_actor(state, role)

    return client


pry, bra, arg = (client_of(state, "licensing_officer") for state in ("PRY", "BRA", "ARG"))
pry_police, police = (client_of(state, "police_officer") for state in ("PRY", "BRA"))
pry_analyst, analyst = (client_of(state, "trace_analyst") for state in ("PRY", "BRA"))
pry_border, bra_border = (client_of(state, "border_officer") for state in ("PRY", "BRA"))
pry_supervisor, supervisor = (client_of(state, "supervisor") for state in ("PRY", "BRA"))
arg_police = client_of("ARG", "police_officer")
arg_analyst = client_of("ARG", "trace_analyst")
administrator = client_of("BRA", "state_administrator")
pry_administrator = client_of("PRY", "state_administrator")
examiner = client_of("BRA", "forensic_examiner")
pry_auditor = client_of("PRY", "auditor")


@pytest.fixture
def of(as_actor):
    """Return the client of a state's officer, an analyst if nothing else is said, made once."""
    made = {}

    def client(state, role="trace_analyst"):
        return made.setdefault((state, role), as_actor(state, role))

    return client


@pytest.fixture
def real_app(server, registered, standing):
    """The application on a database of the test's own, at NOW."""
    with standing_on(server, registered, standing) as made:
        yield made


@pytest.fixture
def real_database(real_app, standing):
    """The database of that application."""
    return standing[1]


@pytest.fixture
def real_client(real_app):
    """Return a client that holds a key of a role; its transactions are real."""

    def make(state, role):
        with real_app.app_context():
            token = actors.token(state, role, NOW, None, timedelta(days=1))
        return actors.Client(real_app.test_client(), token)

    return make
