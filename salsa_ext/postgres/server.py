"""The service's own PostgreSQL server: started when needed, stopped by its last user."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg2
from psycopg2.extensions import connection

from salsa_ext.errors import say
from salsa_ext.postgres import binaries, clusters, location, passwords, processes, statuses
from salsa_ext.postgres.accounts import Account, server_account
from salsa_ext.postgres.errors import PostgresUnavailable
from salsa_ext.postgres.launches import Child, adopt, launch
from salsa_ext.postgres.location import PORT, Location
from salsa_ext.postgres.locks import SharedLock, exclusively
from salsa_ext.postgres.logs import Log
from salsa_ext.postgres.passwords import Role
from salsa_ext.postgres.statuses import Status


class EmbeddedServer:
    """A PostgreSQL server of its own for one folder; nothing but a unix socket leads to it."""

    def __init__(
        self,
        home: Path,
        *,
        settings: Mapping[str, str] | None = None,
        private_root: Path | None = None,
    ) -> None:
        """Prepare to keep everything in `home/postgres`; nothing happens before `start`.

        `settings` go to the server over its defaults; `private_root` is where a private folder
        goes if the server's OS user cannot work in `home`.
        """
        self._place = home.resolve() / "postgres"
        self._settings = dict(settings or {})
        self._private_root = private_root
        self._log = Log(self._place / "postgres.log")
        self._users = SharedLock(self._place / "users.lock")
        self._child: Child | None = None
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
        """Start the server, or join the users of the one that runs; raises PostgresUnavailable.

        The first start makes the database cluster and the passwords.
        """
        with _explained(self._place):
            _make_place(self._place)
            with exclusively(self._place / "start.lock"):
                self._start_alone()
        return self

    def stop(self) -> None:
        """Stop the server unless another process uses it; does nothing in a forked child.

        Raises PostgresUnavailable if the server does not end.
        """
        if self._starter != os.getpid():
            return
        with _explained(self._place), exclusively(self._place / "start.lock"):
            self._leave()

    def url(self, role: Role, database: str) -> str:
        """The SQLAlchemy URL of a role; raises PostgresUnavailable if the server does not run."""
        signed_in = f"{passwords.NAMES[role]}:{quote(self.password(role), safe='')}"
        sockets = quote(str(self._socket_folder()), safe="")
        name = quote(database, safe="")
        return f"postgresql+psycopg2://{signed_in}@/{name}?host={sockets}&port={PORT}"

    def password(self, role: Role) -> str:
        """The password of a role; raises PostgresUnavailable before the first start."""
        with _explained(self._place):
            return passwords.read(self._place / "secrets.json")[role]

    def admin(self, database: str = "postgres") -> connection:
        """A connection as the superuser, in autocommit; raises PostgresUnavailable."""
        with _explained(self._place):
            opened = psycopg2.connect(
                host=str(self._socket_folder()),
                port=PORT,
                dbname=database,
                user=passwords.NAMES["superuser"],
                password=self.password("superuser"),
            )
        opened.autocommit = True
        return opened

    def status(self) -> Status:
        """How the server is; starts and changes nothing.

        Raises PostgresUnavailable if another user's folders hide it.
        """
        with _explained(self._place):
            return statuses.look(self._place, self._log)

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
        account = server_account(location.recorded(self._place).data)
        settled = location.settle(self._place, account, self._private_root)
        if adopt(settled.data) is None:
            programs = binaries.runnable(binaries.find(), account, settled.folder)
            self._make_cluster(programs, settled, account)
            self._log.rotate()
            self._child = None  # reaped, if it was killed: a zombie keeps its number
            self._child = launch(programs, settled, account, self._settings, self._log)

    def _make_cluster(self, programs: Path, settled: Location, account: Account) -> None:
        if location.is_initialised(settled.data):
            clusters.require_version(programs, settled.data)
        else:
            passwords.make(self._place / "secrets.json")
            sync = self._settings.get("fsync") != "off"
            clusters.initialise(
                programs, settled.data, account, self.password("superuser"), sync=sync
            )
        location.note_initialised(self._place, settled)

    def _leave(self) -> None:
        try:
            if self._users.become_sole_holder():
                processes.shut_down(location.recorded(self._place).data, self._child)
        finally:
            self._users.release()
            self._child = self._starter = None

    def _socket_folder(self) -> Path:
        with _explained(self._place):
            sockets = statuses.find_sockets(self._place)
        if sockets is None:
            raise PostgresUnavailable(
                say(
                    "The database server in {place} does not run; start it first.",
                    place=self._place,
                )
            )
        return sockets


@contextmanager
def _explained(place: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, psycopg2.OperationalError) as cause:
        raise PostgresUnavailable(
            say(
                "The database in {place} cannot be used: {cause}.",
                place=place,
                cause=str(cause).strip(),
            )
        ) from cause


def _make_place(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        place.mkdir()
    except FileExistsError:
        return
    place.chmod(0o755)  # the server's user passes through, whatever our umask
