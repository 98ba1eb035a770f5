"""Restore an encrypted backup into an empty folder, as the database was at a time."""

import gzip
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import pyrage
from psycopg2.extensions import encrypt_password

from salsa_ext.core.errors import Conflict, Message, PostgresUnavailable, message
from salsa_ext.database.postgres import folders, programs, provision
from salsa_ext.database.postgres.backup import (
    MARGIN,
    PARTIAL,
    SEALED,
    SEGMENT,
    Backup,
    BackupFolder,
    count_rows,
)
from salsa_ext.database.postgres.programs import OsUser
from salsa_ext.database.postgres.server import EmbeddedServer
from salsa_ext.database.private_files import sync_folder, write_private

TOO_LATE: Final = "recovery ended before configured recovery target was reached"
LIMITS: Final = {
    "max_connections": "max_connections",
    "max_worker_processes": "max_worker_processes",
    "max_wal_senders": "max_wal_senders",
    "max_prepared_xacts": "max_prepared_transactions",
    "max_locks_per_xact": "max_locks_per_transaction",
}
"""Settings of the server, by what pg_controldata calls them."""


def restore(
    backups: BackupFolder, backup: Backup, home: Path, to: datetime | None = None, *, replay: bool
) -> EmbeddedServer:
    """Restore into a home without a database; the server runs when this returns.

    With `replay`, what was written since the base backup comes back too, up to a time or to the end.
    Raises Conflict where there is a database, PostgresUnavailable where it cannot be restored.
    """
    place = home.resolve() / "postgres"
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o755)  # the server's user passes through
    if folders.is_initialised(folders.recorded_folder(place)):
        raise Conflict(
            message(
                "There is a database in {folder}, which is not overwritten. Move it away first.",
                folder=folders.recorded_folder(place),
            )
        )
    (place / folders.RECORD).unlink(missing_ok=True)
    account = programs.choose_os_user(place / "data")
    folder = folders.prepare_folder(place, account, None)
    fresh, wal = folder / f"data.new-{secrets.token_hex(4)}", folder / "wal.restored"
    shutil.rmtree(wal, ignore_errors=True)  # of an attempt that was killed
    settings = {}
    try:
        _unpack_base(backups, backup, fresh, account)
        binaries = programs.runnable_programs(programs.find_programs(), account, folder)
        _verify_files(binaries, fresh, backup, account)
        if is_adopted := not backup.passwords.exists():
            _adopt(fresh, place, account)
        else:
            _restore_passwords(backups, backup, place)
        if replay:
            fetched = {path.name: backup.ended_at for path in (fresh / "pg_wal").iterdir()}
            stored = _unpack_wal(backups, backup, wal, account)
            _require_no_gap(fetched | stored, to)
            signal = fresh / "recovery.signal"
            signal.touch()
            account.own(signal)
            settings = _limits(binaries, fresh, account)
            settings["restore_command"] = f'cp "{wal}/%f" "%p"'
            settings["recovery_target_timeline"] = followed_timeline(stored)
        if replay and to is not None:
            settings["recovery_target_time"] = to.astimezone(UTC).isoformat(" ")
            settings["recovery_target_action"] = "promote"
        fresh.rename(folder / "data")
        sync_folder(folder)
        server = _recover(EmbeddedServer(home, settings=settings), folder, place)
        if is_adopted:
            _close(server, folder / "data")
        return server
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(wal, ignore_errors=True)


def _recover(server: EmbeddedServer, folder: Path, place: Path) -> EmbeddedServer:
    """Start the server, and wait until the log is replayed; else remove what was restored."""
    log = place / "postgres.log"
    offset = log.stat().st_size if log.exists() else 0
    try:
        server.start()
        while _is_recovering(server):
            time.sleep(0.1)
    except PostgresUnavailable:
        server.stop()
        shutil.rmtree(folder / "data")
        (place / folders.RECORD).unlink(missing_ok=True)
        if TOO_LATE.encode() in log.read_bytes()[offset:]:
            raise PostgresUnavailable(
                message(
                    "Nothing was written after that time, or it is not in the backups. Leave out --to,"
                    " to restore all there is."
                )
            ) from None
        raise
    return server


def _is_recovering(server: EmbeddedServer) -> bool:
    """Return whether the log is replayed still; raises PostgresUnavailable if the server ended."""
    try:
        with closing(server.admin()) as admin, admin.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            return cursor.fetchone() == (True,)
    except PostgresUnavailable:
        if not server.is_running():
            raise
        return True


def _unpack_base(backups: BackupFolder, backup: Backup, folder: Path, account: OsUser) -> None:
    """Decrypt a base backup into a folder of the server's user; raises PostgresUnavailable."""
    folder.mkdir(mode=0o700)
    account.own(folder)
    identities = backups.key.secret()
    with (
        backup.path.open("rb") as file,
        subprocess.Popen(
            ["tar", "-xz", "-C", folder],
            stdin=subprocess.PIPE,
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
            cwd="/",
        ) as unpacking,
    ):
        assert unpacking.stdin
        try:
            pyrage.decrypt_io(file, unpacking.stdin, identities)
            unpacking.stdin.close()
        except (OSError, pyrage.DecryptError):
            unpacking.kill()
    if unpacking.returncode:
        raise PostgresUnavailable(_unreadable(backup.path))


def _limits(binaries: Path, data: Path, account: OsUser) -> dict[str, str]:
    """Return the limits that the server had: with lower ones it does not replay its log."""
    control = account.run(binaries / "pg_controldata", data).stdout
    return {
        name: limit[1]
        for label, name in LIMITS.items()
        if (limit := re.search(rf"^{label} setting: +(\d+)", control, re.MULTILINE))
    }


def _verify_files(binaries: Path, data: Path, backup: Backup, account: OsUser) -> None:
    """Compare each file with the backup's manifest; raises PostgresUnavailable."""
    verified = account.run(binaries / "pg_verifybackup", data)
    if verified.returncode:
        raise PostgresUnavailable(
            message(
                "The backup {name} is damaged. Try an older one: {cause}",
                name=backup.path.name,
                cause=verified.stdout.strip(),
            )
        )


def _restore_passwords(backups: BackupFolder, backup: Backup, place: Path) -> None:
    """Bring back the passwords of the roles, which belong to the database."""
    text = _decrypt(backups, backup.passwords).decode()
    (place / "secrets.json").unlink(missing_ok=True)
    write_private(place / "secrets.json", text)


def _adopt(data: Path, place: Path, account: OsUser) -> None:
    """Let the copy of another server start here, whose settings and passwords are elsewhere."""
    provision.create_passwords(place / "secrets.json")
    (data / "standby.signal").unlink(missing_ok=True)
    for name in ("postgresql.conf", "postgresql.auto.conf", "pg_ident.conf", "pg_hba.conf"):
        (data / name).write_text("local all all trust\n" if name == "pg_hba.conf" else "")
        account.own(data / name)


def _close(server: EmbeddedServer, data: Path) -> None:
    """Let roles connect by passwords alone, as to a server that was made here."""
    name, password = provision.ROLE_NAMES["superuser"], server.password("superuser")
    with closing(server.admin()) as admin, admin.cursor() as cursor:
        verifier = encrypt_password(password, name, admin, "scram-sha-256")
        cursor.execute(f"ALTER ROLE {name} PASSWORD %s", [verifier])
        rules = ("local all all scram-sha-256", "local replication all scram-sha-256")
        (data / "pg_hba.conf").write_text("\n".join([*rules, ""]))
        cursor.execute("SELECT pg_reload_conf()")


def _unpack_wal(
    backups: BackupFolder, backup: Backup, folder: Path, account: OsUser
) -> dict[str, datetime]:
    """Decrypt the log since a backup; return its segments, with the times of their last writes."""
    folder.mkdir(mode=0o700)
    account.own(folder)
    times: dict[str, datetime] = {}
    for path in sorted(backups.wal.glob(f"*{SEALED}")):
        name = path.name.removesuffix(SEALED).removesuffix(PARTIAL)
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        is_needed = written >= backup.started_at - MARGIN or name.endswith(".history")
        if is_needed and name not in times:  # a whole segment comes before a partial one
            (folder / name).write_bytes(gzip.decompress(_decrypt(backups, path)))
            account.own(folder / name)
            times[name] = written
    return times


def followed_timeline(times: Mapping[str, datetime]) -> str:
    """Return the timeline of the segment that was written last."""
    newest = max(filter(SEGMENT.fullmatch, times), key=lambda name: (times[name], name), default="")
    return str(int(newest[:8], 16)) if newest else "latest"


def _decrypt(backups: BackupFolder, path: Path) -> bytes:
    try:
        return bytes(pyrage.decrypt(path.read_bytes(), backups.key.secret()))
    except pyrage.DecryptError as error:
        raise PostgresUnavailable(_unreadable(path)) from error


def _unreadable(path: Path) -> Message:
    return message(
        "{name} cannot be read: it is damaged, of another key, or the disk is full. Try an older one.",
        name=path.name,
    )


def _require_no_gap(times: Mapping[str, datetime], to: datetime | None) -> None:
    """Raise PostgresUnavailable for a missing segment, which PostgreSQL takes for the end."""
    for before, after in pairwise(sorted(filter(SEGMENT.fullmatch, times), key=_place_in_log)):
        if to is not None and times[before] > to + MARGIN:
            return
        if _place_in_log(after) > _place_in_log(before) + 1:
            raise PostgresUnavailable(
                message(
                    "The log of writes has a gap after {name}. Choose a time before it, a newer backup,"
                    " or --no-replay.",
                    name=before,
                )
            )


def _place_in_log(segment: str) -> int:
    """Return the place of a segment of 16 MB in its timeline."""
    return int(segment[8:16], 16) * 256 + int(segment[16:], 16)


def verify(
    backups: BackupFolder, backup: Backup, home: Path, database: str, expected: dict[str, range]
) -> dict[str, int]:
    """Restore a backup, count its rows; raises PostgresUnavailable if not between `expected`."""
    with tempfile.TemporaryDirectory(prefix="verify-", dir=home) as name:
        copy = Path(name)
        copy.chmod(0o755)
        server = restore(backups, backup, copy, replay=False)
        try:
            counts = count_rows(server.url("superuser", database))
        finally:
            server.stop()
            shutil.rmtree(folders.recorded_folder(copy.resolve() / "postgres"))
    if not all(count in expected[table] for table, count in counts.items()):
        raise PostgresUnavailable(
            message(
                "The restored backup {name} has not the rows of the database. Do not rely on it.",
                name=backup.path.name,
            )
        )
    backups.mark_verified(backup)
    return counts
