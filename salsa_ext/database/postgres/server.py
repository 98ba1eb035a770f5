"""Embedded PostgreSQL server, started on demand, stopped by its last user."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg2
from psycopg2.extensions import connection

from salsa_ext.core.errors import PostgresUnavailable, message
from salsa_ext.database.postgres import cluster, location, process, provision
from salsa_ext.database.postgres.cluster import OsUser, choose_os_user
from salsa_ext.database.postgres.files import ServerLog, SharedLock, exclusive_lock
from salsa_ext.database.postgres.location import PORT, Location
from salsa_ext.database.postgres.process import Postmaster, ServerProcess, launch, wait_for_running
from salsa_ext.database.postgres.provision import DatabaseRole


class EmbeddedServer:
    """PostgreSQL server of one folder, reachable only by a unix socket."""

    def __init__(
        self,
        home: Path,
        *,
        settings: Mapping[str, str] | None = None,
        private_root: Path | None = None,
    ) -> None:
        """Configure a server that stores everything in `home/postgres`; starts nothing.

        `settings` override the server's defaults; `private_root` is the parent of a private folder
        if the server's OS user cannot work in `home`.
        """
        self._place = home.resolve() / "postgres"
        self._settings = dict(settings or {})
        self._private_root = private_root
        self._log = ServerLog(self._place / "postgres.log")
        self._users = SharedLock(self._place / "users.lock")
        self._child: ServerProcess | None = None
        self._starter: int | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Start the server, or join the running one; raises PostgresUnavailable.

        The first start creates the cluster and the passwords.
        """
        with _as_unavailable(self._place):
            _make_folder(self._place)
            with exclusive_lock(self._place / "start.lock"):
                self._start_alone()
        return self

    def stop(self) -> None:
        """Stop the server unless another process uses it.

        Does nothing in a forked child. Raises PostgresUnavailable if the server does not end.
        """
        if self._starter != os.getpid():
            return
        with _as_unavailable(self._place), exclusive_lock(self._place / "start.lock"):
            self._leave()

    def url(self, role: DatabaseRole, database: str) -> str:
        """Return a role's SQLAlchemy URL; raises PostgresUnavailable if not running."""
        signed_in = f"{provision.ROLE_NAMES[role]}:{quote(self.password(role), safe='')}"
        sockets = quote(str(self._socket_folder()), safe="")
        name = quote(database, safe="")
        return f"postgresql+psycopg2://{signed_in}@/{name}?host={sockets}&port={PORT}"

    def password(self, role: DatabaseRole) -> str:
        """Return a role's password; raises PostgresUnavailable before the first start."""
        with _as_unavailable(self._place):
            return provision.read_passwords(self._place / "secrets.json")[role]

    def admin(self, database: str = "postgres") -> connection:
        """Return a superuser connection in autocommit; raises PostgresUnavailable."""
        with _as_unavailable(self._place):
            opened = psycopg2.connect(
                host=str(self._socket_folder()),
                port=PORT,
                dbname=database,
                user=provision.ROLE_NAMES["superuser"],
                password=self.password("superuser"),
            )
        opened.autocommit = True
        return opened

    def status(self) -> ServerStatus:
        """Return the server's status without starting it.

        Raises PostgresUnavailable if another user's folders hide it.
        """
        with _as_unavailable(self._place):
            return read_status(self._place, self._log)

    def _start_alone(self) -> None:
        if self._starter != os.getpid():
            self._users.share()
        self._starter = os.getpid()
        try:
            self._bring_up()
        except BaseException:
            self._leave()
            raise

    def _bring_up(self) -> None:
        account = choose_os_user(location.read_location(self._place).data)
        settled = location.prepare_location(self._place, account, self._private_root)
        if wait_for_running(settled.data) is None:
            programs = cluster.runnable_programs(cluster.find_programs(), account, settled.folder)
            self._make_cluster(programs, settled, account)
            self._log.rotate()
            self._child = None  # reaped, if it was killed: a zombie keeps its number
            self._child = launch(programs, settled, account, self._settings, self._log)

    def _make_cluster(self, programs: Path, settled: Location, account: OsUser) -> None:
        if location.is_initialised(settled.data):
            cluster.require_version(programs, settled.data)
        else:
            provision.create_passwords(self._place / "secrets.json")
            sync = self._settings.get("fsync") != "off"
            cluster.initialise_cluster(
                programs, settled.data, account, self.password("superuser"), sync=sync
            )
        location.record_initialised(self._place, settled)

    def _leave(self) -> None:
        try:
            if self._users.become_sole_holder():
                process.shut_down(location.read_location(self._place).data, self._child)
        finally:
            self._users.release()
            self._child = self._starter = None

    def _socket_folder(self) -> Path:
        with _as_unavailable(self._place):
            sockets = find_sockets(self._place)
        if sockets is None:
            raise PostgresUnavailable(
                message(
                    "The database server in {place} does not run; start it first.",
                    place=self._place,
                )
            )
        return sockets


@contextmanager
def _as_unavailable(place: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, psycopg2.OperationalError) as cause:
        raise PostgresUnavailable(
            message(
                "The database in {place} cannot be used: {cause}.",
                place=place,
                cause=str(cause).strip(),
            )
        ) from cause


def _make_folder(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        place.mkdir()
    except FileExistsError:
        return
    place.chmod(0o755)  # the server's user passes through, whatever our umask


@dataclass(frozen=True)
class ServerStatus:
    """State and paths of the server; `version` None without programs."""

    running: bool
    pid: int | None
    data: Path
    sockets: Path
    version: str | None
    log: Path


def read_status(place: Path, log: ServerLog) -> ServerStatus:
    """Return the status of a folder's server; raises OSError if unreadable."""
    planned = location.read_location(place)
    found = process.find_running(planned.data)
    return ServerStatus(
        running=found is not None,
        pid=found.pid if found else None,
        data=planned.data,
        sockets=_socket_folder(planned, found),
        version=_program_version(),
        log=log.path,
    )


def find_sockets(place: Path) -> Path | None:
    """Return the socket folder, None if not running; raises OSError if unreadable."""
    planned = location.read_location(place)
    found = process.find_running(planned.data)
    return _socket_folder(planned, found) if found else None


def _socket_folder(planned: Location, found: Postmaster | None) -> Path:
    # The server names the folder that it was started with, which may since have been renamed.
    if found is None or (planned.sockets / f".s.PGSQL.{PORT}").exists():
        return planned.sockets
    return found.sockets


def _program_version() -> str | None:
    try:
        return cluster.program_version(cluster.find_programs())
    except PostgresUnavailable:
        return None
