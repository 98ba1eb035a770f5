"""Encrypted backups of a PostgreSQL server: base backups, its log of writes (WAL), restoring.

Everything is a file of the `age` format, so that `age -d -i backup.key FILE | tar xz` reads a base
backup without this program. Nothing is on the disk of the backups in clear.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import psycopg2
import pyrage
from psycopg2.extensions import make_dsn
from pyrage.x25519 import Identity, Recipient
from sqlalchemy import make_url

from salsa_ext.core.errors import NotConfigured, PostgresUnavailable, message
from salsa_ext.database.postgres import programs
from salsa_ext.database.private_files import sync_folder, write_json, write_private

log = logging.getLogger("salsa.backup")
SLOT: Final = "salsa_backup"
BASE, SEALED, PARTIAL = ".tar.gz.age", ".gz.age", ".partial"
NAMED: Final = "base-%Y%m%dT%H%M%SZ"
SEGMENT: Final = re.compile(r"[0-9A-F]{24}")
MARGIN: Final = timedelta(seconds=5)
"""By which the time of a stored segment may be before that of its last write."""
GROWING: Final = ("audit_entry", "log_leaf")
"""Tables whose rows are never removed, by which a restored copy is compared."""


@dataclass(frozen=True)
class BackupKey:
    """Keys of a file of `age`: the first encrypts, all decrypt; public ones (`age1…`) do not."""

    recipient: Recipient
    identities: list[Identity]

    @classmethod
    def load(cls, path: Path) -> BackupKey:
        """Read the keys, and make one the first time; raises NotConfigured for another text."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_private(path, f"{Identity.generate()}\n")
        lines = [line for line in path.read_text().split("\n") if line and line[0] != "#"]
        try:
            identities = [Identity.from_str(line) for line in lines if not line.startswith("age1")]
            first = lines[0].startswith("age1")
            recipient = Recipient.from_str(lines[0]) if first else identities[0].to_public()
        except (IndexError, pyrage.IdentityError, pyrage.RecipientError) as error:
            raise NotConfigured(
                message(
                    "{path} holds no key of age. Put AGE-SECRET-KEY-… or age1… into it.", path=path
                )
            ) from error
        return cls(recipient, identities)

    def secret(self) -> list[Identity]:
        """Return what decrypts; raises NotConfigured where only the public half is here."""
        if not self.identities:
            raise NotConfigured(
                message(
                    "Only the public key of the backups is here. Name the file of the secret one by"
                    " SALSA_BACKUP_KEY_FILE."
                )
            )
        return self.identities


@dataclass(frozen=True)
class Backup:
    """A base backup; `verified_at` None until it was restored."""

    path: Path
    started_at: datetime
    ended_at: datetime
    size: int
    verified_at: datetime | None = None

    @property
    def facts(self) -> Path:
        """Return the file with the times of its end and verification."""
        return self.path.with_name(self.path.name.removesuffix(BASE) + ".json")

    @property
    def passwords(self) -> Path:
        """Return the encrypted file of the passwords of the server's roles."""
        return self.path.with_name(self.path.name.removesuffix(BASE) + ".secrets.age")


class BackupFolder:
    """The backups of one server; the key is read when it is needed."""

    def __init__(self, folder: Path, key_file: Path) -> None:
        self.folder, self.wal = folder, folder / "wal"
        self._key_file = key_file

    @cached_property
    def key(self) -> BackupKey:
        """Return the key; raises NotConfigured."""
        return BackupKey.load(self._key_file)

    def list(self) -> list[Backup]:
        """Return the base backups that are whole, oldest first."""
        backups = []
        for path in sorted(self.folder.glob(f"base-*{BASE}")):
            started = datetime.strptime(path.name.removesuffix(BASE), NAMED).replace(tzinfo=UTC)
            backup = Backup(path, started, started, path.stat().st_size)
            if backup.facts.exists():
                facts = json.loads(backup.facts.read_text())
                at = {name: datetime.fromisoformat(value) for name, value in facts.items()}
                verified = at.get("verified_at")
                backups.append(Backup(path, started, at["ended_at"], backup.size, verified))
        return backups

    def last_verified(self) -> datetime | None:
        """Return when the newest backup that was restored began, None without one."""
        return max((each.started_at for each in self.list() if each.verified_at), default=None)

    def last_write(self) -> datetime | None:
        """Return when what is stored of the log of writes was written, None for nothing."""
        times = [path.stat().st_mtime for path in self.wal.glob(f"*{SEALED}")]
        return datetime.fromtimestamp(max(times), UTC) if times else None

    def create(self, url: str, passwords: Path | None = None) -> Backup:
        """Take a base backup of the server at a URL; raises PostgresUnavailable.

        `passwords` is the file of the roles of an embedded server.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        started = datetime.now(UTC).replace(microsecond=0)
        path = self.folder / f"{started.strftime(NAMED)}{BASE}"
        with _fresh(path) as fresh, fresh.open("wb") as file:
            self._stream_base(url, file)
        backup = Backup(path, started, datetime.now(UTC), path.stat().st_size)
        if passwords is not None:
            with _fresh(backup.passwords) as fresh:
                fresh.write_bytes(pyrage.encrypt(passwords.read_bytes(), [self.key.recipient]))
        write_json(backup.facts, {"ended_at": backup.ended_at.isoformat()})
        return backup

    def _stream_base(self, url: str, file: Any) -> None:
        """Send the server's files through gzip and age; never in clear on this disk."""
        dsn, environment = _connection(url)
        command = [str(programs.find_programs() / "pg_basebackup"), "-d", dsn, "--no-password"]
        command += "-D - -F tar -X fetch -c fast".split()
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, env=environment
            ) as base,
            subprocess.Popen(["gzip", "-1"], stdin=base.stdout, stdout=subprocess.PIPE) as packed,
        ):
            assert base.stdout and packed.stdout
            base.stdout.close()  # gzip alone has it, and ends the program if it ends itself
            pyrage.encrypt_io(packed.stdout, file, [self.key.recipient])
            file.flush()
            os.fsync(file.fileno())
            if base.wait() or packed.wait():
                errors.seek(0)
                raise PostgresUnavailable(
                    message(
                        "The backup failed. The server answers: {cause}",
                        cause=errors.read().decode(errors="replace").strip(),
                    )
                )

    def mark_verified(self, backup: Backup) -> None:
        """Write down that a backup was restored and compared."""
        times = {"ended_at": backup.ended_at, "verified_at": datetime.now(UTC)}
        write_json(backup.facts, {name: at.isoformat() for name, at in times.items()})

    def prune(self, days: int) -> int:
        """Remove backups older than `days`, and the log before those left; return how many."""
        every = self.list()
        verified = [backup for backup in every if backup.verified_at]
        since = datetime.now(UTC) - timedelta(days=days)
        stay = [*every[-1:], *verified[-1:], *(each for each in every if each.started_at >= since)]
        old = [backup for backup in every if backup not in stay]
        for backup in old:
            for path in (backup.facts, backup.passwords, backup.path):
                path.unlink(missing_ok=True)
        if stay:
            first = (min(backup.started_at for backup in stay) - MARGIN).timestamp()
            for path in self.wal.glob(f"*{SEALED}"):
                # A segment that the oldest backup needs was finished after that began.
                if path.stat().st_mtime < first and ".history" not in path.name:
                    path.unlink()
        return len(old)

    def store_wal(self, spool: Path) -> int:
        """Encrypt what was received; return the number of files. Whole segments leave the spool."""
        self.wal.mkdir(parents=True, exist_ok=True, mode=0o700)
        count = 0
        for path in sorted(spool.iterdir()):
            target = self.wal / (path.name + SEALED)
            with suppress(FileNotFoundError):  # a partial one that has just become whole
                written = path.stat().st_mtime_ns
                if target.exists() and target.stat().st_mtime_ns >= written:
                    continue
                # What may be written to while it is read is stored again the next time.
                written = min(written, time.time_ns() - 1_000_000_000)
                with _fresh(target) as fresh:
                    packed = gzip.compress(path.read_bytes(), 1)
                    fresh.write_bytes(pyrage.encrypt(packed, [self.key.recipient]))
                os.utime(target, ns=(written, written))
                count += 1
                if path.suffix != PARTIAL:
                    path.unlink()
                    (self.wal / (path.name + PARTIAL + SEALED)).unlink(missing_ok=True)
        return count

    def follow(
        self, url: str, spool: Path, stop: threading.Event, every: float, then: Callable[[], object]
    ) -> None:
        """Receive the log of writes until `stop` is set; store it every so many seconds."""
        spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        dsn, environment = _connection(url)
        receiver = [str(programs.find_programs() / "pg_receivewal"), "-d", dsn, "--no-password"]
        receiver += ["--slot", SLOT, "-D", str(spool), "--synchronous"]
        while not stop.is_set():
            try:
                _ensure_slot(url)
                with subprocess.Popen(receiver, env=environment) as process:
                    try:
                        while not stop.wait(every) and process.poll() is None:
                            self.store_wal(spool)
                            then()
                    finally:
                        process.terminate()
                self.store_wal(spool)
            except (OSError, psycopg2.Error, PostgresUnavailable) as error:
                # the server restarts, the disk is full
                log.warning("Writes are not stored: %s", error)
            if not stop.wait(every):
                log.warning("The log of writes ended; it is received again.")

    def choose(self, to: datetime | None) -> Backup:
        """Return the newest base backup that ended before a time; raises NotConfigured."""
        usable = [each for each in self.list() if to is None or each.ended_at <= to]
        if not usable:
            raise NotConfigured(
                message(
                    "There is no backup in {folder} that is old enough. See salsa backup list.",
                    folder=self.folder,
                )
            )
        return usable[-1]


@contextmanager
def _fresh(path: Path) -> Iterator[Path]:
    """Give a name to write a private file under, which becomes `path` once it is whole."""
    fresh = path.with_name(path.name + ".new")
    try:
        fresh.touch(mode=0o600)
        yield fresh
        fresh.replace(path)
        sync_folder(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


def _connection(url: str) -> tuple[str, dict[str, str]]:
    """Return what names a server to PostgreSQL's programs; the password is in the environment."""
    parsed = make_url(url)
    arguments: dict[str, Any] = parsed.translate_connect_args(username="user", database="dbname")
    password = arguments.pop("password", None)
    environment = dict(os.environ) | ({"PGPASSWORD": str(password)} if password else {})
    arguments |= parsed.query
    return make_dsn(**arguments), environment


def connect(url: str) -> Any:
    """Return a connection in autocommit by a URL; raises PostgresUnavailable."""
    dsn, environment = _connection(url)
    try:
        opened = psycopg2.connect(dsn, password=environment.get("PGPASSWORD"))
    except psycopg2.OperationalError as error:
        raise PostgresUnavailable(
            message(
                "The database cannot be reached at {where}: does the server run, and are name,"
                " password and database right?",
                where=make_url(url).render_as_string(),
            )
        ) from error
    opened.autocommit = True
    return opened


def is_followed(url: str) -> bool:
    """Return whether the log of writes is being received."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT active FROM pg_replication_slots WHERE slot_name = %s", [SLOT])
        return bool(cursor.fetchone() == (True,))


def _ensure_slot(url: str) -> None:
    """Make the replication slot that makes the server retain its log, also after it was lost."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s", [SLOT])
        slot = cursor.fetchone()
        if slot and slot[0] == "lost":
            log.error("The log of writes has a gap: take a base backup now.")
            cursor.execute("SELECT pg_drop_replication_slot(%s)", [SLOT])
        if not slot or slot[0] == "lost":
            cursor.execute("SELECT pg_create_physical_replication_slot(%s, true)", [SLOT])


def count_rows(url: str) -> dict[str, int]:
    """Return the rows of the tables that only grow; the role has to read all of them."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        counts = {}
        for table in GROWING:
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - the names above
            counts[table] = cursor.fetchone()[0]
        return counts
