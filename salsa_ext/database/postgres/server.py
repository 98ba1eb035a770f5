"""Embedded PostgreSQL server, started on demand, stopped by its last user."""

import os
import secrets
import shlex
import shutil
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

import psycopg2
from psycopg2.extensions import connection

from salsa_ext.core.errors import PostgresUnavailable, message
from salsa_ext.database.postgres import folders, programs, provision
from salsa_ext.database.postgres.programs import OsUser, choose_os_user
from salsa_ext.database.postgres.provision import DatabaseRole
from salsa_ext.database.private_files import SharedLock, exclusive_lock, sync_folder, write_private

START_SECONDS = 300
ORPHANS_SECONDS = 20.0
ORPHANS: Final = "pre-existing shared memory block"
POLL_SECONDS: Final = 0.02
SHUTDOWNS: Final = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))
"""A fast shutdown writes a checkpoint; an immediate one leaves that to the next start."""
MAX_LOG_SIZE: Final = 50 * 1024 * 1024
SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "port": str(folders.PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "max_slot_wal_keep_size": "4GB",  # so that a backup that stopped does not fill the disk
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


@dataclass(frozen=True)
class ServerStatus:
    """State and paths of the server; `version` None without programs."""

    running: bool
    pid: int | None
    data: Path
    sockets: Path
    version: str | None
    log: Path


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
        self._settings = {**SETTINGS, **(settings or {})}
        self._private_root = private_root
        self._log = self._place / "postgres.log"
        self._users = SharedLock(self._place / "users.lock")
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
        """Start the server, or join the running one; raises PostgresUnavailable."""
        with self._as_unavailable():
            self._place.parent.mkdir(parents=True, exist_ok=True)
            if not self._place.exists():
                self._place.mkdir(exist_ok=True)
                self._place.chmod(0o755)  # the server's user passes through, whatever our umask
            with exclusive_lock(self._place / "start.lock"):
                if self._starter != os.getpid():
                    self._users.share()
                self._starter = os.getpid()
                try:
                    self._bring_up()
                except BaseException:
                    self._leave()
                    raise
        return self

    def stop(self) -> None:
        """Stop the server unless another process uses it; raises PostgresUnavailable."""
        if self._starter != os.getpid():
            return
        with self._as_unavailable(), exclusive_lock(self._place / "start.lock"):
            self._leave()

    def url(self, role: DatabaseRole, database: str) -> str:
        """Return a role's SQLAlchemy URL; raises PostgresUnavailable if not running."""
        account = f"{provision.ROLE_NAMES[role]}:{quote(self.password(role), safe='')}"
        sockets, name = quote(str(self._socket_folder()), safe=""), quote(database, safe="")
        return f"postgresql+psycopg2://{account}@/{name}?host={sockets}&port={folders.PORT}"

    def password(self, role: DatabaseRole) -> str:
        """Return a role's password; raises PostgresUnavailable before the first start."""
        with self._as_unavailable():
            return provision.read_passwords(self._place / "secrets.json")[role]

    def admin(self, database: str = "postgres") -> connection:
        """Return a superuser connection in autocommit; raises PostgresUnavailable."""
        with self._as_unavailable():
            opened = psycopg2.connect(
                host=str(self._socket_folder()),
                port=folders.PORT,
                dbname=database,
                user=provision.ROLE_NAMES["superuser"],
                password=self.password("superuser"),
            )
        opened.autocommit = True
        return opened

    def is_running(self) -> bool:
        """Return whether the server is there, ready or not; starts no program."""
        with self._as_unavailable():
            return _running_pid(folders.recorded_folder(self._place)) is not None

    def status(self) -> ServerStatus:
        """Return the server's status without a start; raises PostgresUnavailable if hidden."""
        with self._as_unavailable():
            folder = folders.recorded_folder(self._place)
            pid = _running_pid(folder)
        try:
            version = programs.program_version(programs.find_programs())
        except PostgresUnavailable:
            version = None
        return ServerStatus(
            pid is not None, pid, folder / "data", folder / "run", version, self._log
        )

    def _bring_up(self) -> None:
        account = choose_os_user(folders.recorded_folder(self._place) / "data")
        folder = folders.prepare_folder(self._place, account, self._private_root)
        if _running_pid(folder) is not None:
            _wait_until_ready(folder)
            return
        binaries = programs.runnable_programs(programs.find_programs(), account, folder)
        if folders.is_initialised(folder):
            _require_version(binaries, folder / "data")
        else:
            provision.create_passwords(self._place / "secrets.json")
            options = ["--no-sync"] if self._settings.get("fsync") == "off" else []
            _initialise(binaries, folder, account, self.password("superuser"), options)
        folders.record_initialised(self._place, folder)
        self._launch(binaries, folder, account)

    def _launch(self, binaries: Path, folder: Path, account: OsUser) -> None:
        """Start the server and wait until ready; raises PostgresUnavailable with its log."""
        _remove_stale_files(folder)
        if self._log.exists() and self._log.stat().st_size > MAX_LOG_SIZE:
            self._log.replace(self._log.with_name(self._log.name + ".1"))
        settings = {"unix_socket_directories": str(folder / "run"), **self._settings}
        options = shlex.join(
            word for name, value in settings.items() for word in ("-c", f"{name}={value}")
        )
        command = [binaries / "pg_ctl", "start", "-w", "-t", START_SECONDS, "-D", folder / "data"]
        deadline = time.monotonic() + ORPHANS_SECONDS
        while True:
            log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                offset = os.fstat(log).st_size
                code = account.run(*command, "-o", options, output=log).returncode
            finally:
                os.close(log)
            if code == 0:
                return
            text = self._log.read_bytes()[offset:].decode(errors="replace")
            if ORPHANS not in text or time.monotonic() > deadline:
                break
            time.sleep(0.25)
        if ORPHANS in text:
            raise PostgresUnavailable(
                message(
                    "Processes of an earlier server still hold the database in {data} after"
                    " {seconds} seconds. End them, then start again:\n{output}",
                    data=folder / "data",
                    seconds=int(ORPHANS_SECONDS),
                    output=_last_lines(text),
                )
            )
        raise PostgresUnavailable(
            message(
                "The database server did not start; its log {log} says:\n{output}",
                log=self._log,
                output=_last_lines(text),
            )
        )

    def _leave(self) -> None:
        try:
            if self._users.become_sole_holder():
                _shut_down(folders.recorded_folder(self._place))
        finally:
            self._users.release()
            self._starter = None

    def _socket_folder(self) -> Path:
        with self._as_unavailable():
            folder = folders.recorded_folder(self._place)
            if _running_pid(folder) is not None:
                return folder / "run"
        raise PostgresUnavailable(
            message(
                "The database server in {place} does not run; start it first.", place=self._place
            )
        )

    @contextmanager
    def _as_unavailable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, psycopg2.OperationalError) as cause:
            raise PostgresUnavailable(
                message(
                    "The database in {place} cannot be used: {cause}.",
                    place=self._place,
                    cause=str(cause).strip(),
                )
            ) from cause


def _initialise(
    binaries: Path, folder: Path, account: OsUser, password: str, options: list[str]
) -> None:
    """Create the data folder whole, removing remains; raises PostgresUnavailable."""
    _remove_unfinished(folder)
    # A name of its own: the initdb of a starter that was killed may still be writing.
    fresh, secret = folder / f"data.new-{secrets.token_hex(4)}", folder / "initdb.password"
    # Rules built into the server do not change with the system's C library.
    major = programs.major_version(programs.program_version(binaries))
    if major >= 17:
        rules = "PG_UNICODE_FAST" if major >= 18 else "C.UTF-8"
        options = [*options, "--locale-provider=builtin", f"--builtin-locale={rules}"]
    command = "--auth=scram-sha-256 --data-checksums --encoding=UTF8 --locale=C".split()
    try:
        fresh.mkdir(mode=0o700)
        account.own(fresh)
        write_private(secret, password)
        account.own(secret)
        done = account.run(
            binaries / "initdb",
            "-D",
            fresh,
            "-U",
            "postgres",
            "--pwfile",
            secret,
            *command,
            *options,
        )
        if done.returncode != 0:
            raise PostgresUnavailable(
                message(
                    "The database could not be made in {folder}:\n{output}",
                    folder=folder,
                    output=_last_lines(done.stdout),
                )
            )
        fresh.rename(folder / "data")
        sync_folder(folder)
    finally:
        _remove_unfinished(folder)


def _remove_unfinished(folder: Path) -> None:
    (folder / "initdb.password").unlink(missing_ok=True)
    for path in folder.glob("data.new-*"):
        shutil.rmtree(path, ignore_errors=True)


def _require_version(binaries: Path, data: Path) -> None:
    """Raise PostgresUnavailable if another major version created the data."""
    ours = programs.program_version(binaries)
    theirs = (data / "PG_VERSION").read_text().strip()
    if str(programs.major_version(ours)) != theirs:
        raise PostgresUnavailable(
            message(
                "The database in {data} belongs to PostgreSQL {theirs}, and the programs in "
                "{programs} are PostgreSQL {ours}. Point PG_BIN at the programs of version {theirs}, "
                "or save the database with them (pg_dump) and restore it into a new one.",
                data=data,
                theirs=theirs,
                programs=binaries,
                ours=ours,
            )
        )


def _pid_file(data: Path) -> list[str]:
    """Return the lines of the server's file: process first, status eighth; the process may be dead."""
    try:
        return (data / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _running_pid(folder: Path) -> int | None:
    """Return the process of the live server, ready or not: only that one listens on its socket."""
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(folders.socket_path(folder)))
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    lines = _pid_file(folder / "data")
    return int(lines[0]) if lines else None


def _wait_until_ready(folder: Path) -> None:
    """Wait for a server that another process started; raises PostgresUnavailable."""
    deadline = time.monotonic() + START_SECONDS
    while "ready" not in "".join(_pid_file(folder / "data")[7:8]):
        if time.monotonic() > deadline:
            raise PostgresUnavailable(
                message(
                    "The database server in {folder} is still not ready after {minutes} minutes.",
                    folder=folder,
                    minutes=START_SECONDS // 60,
                )
            )
        time.sleep(POLL_SECONDS)


def _remove_stale_files(folder: Path) -> None:
    """Remove files of a dead server that would block a new one.

    PostgreSQL refuses to start if the old process number belongs to another process of the same
    user, or to a zombie, as in containers. Surviving backends are still detected by their shared
    memory.
    """
    if lines := _pid_file(folder / "data"):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(int(lines[0]), 0)
            (folder / "data" / "postmaster.pid").unlink()
    for path in (folder / "run").glob(".s.PGSQL.*"):
        path.unlink()


def _shut_down(folder: Path) -> None:
    """End the server, also one started elsewhere, and wait; raises PostgresUnavailable."""
    pid = _running_pid(folder)
    if pid is None:
        return
    for number, seconds in SHUTDOWNS:
        os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not (folder / "data" / "postmaster.pid").exists():
                return
            time.sleep(POLL_SECONDS)
    raise PostgresUnavailable(message("The database server (process {pid}) does not end.", pid=pid))


def _last_lines(text: str) -> str:
    """Return the end of a program's output, for an error message."""
    return "\n".join(text.strip().splitlines()[-12:])
