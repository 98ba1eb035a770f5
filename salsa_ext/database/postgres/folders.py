"""Folder of data, socket and programs: in the project, or private as `location.json` says."""

import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final

from salsa_ext.core.errors import PostgresUnavailable, message
from salsa_ext.database.postgres.programs import OsUser
from salsa_ext.database.private_files import read_json, write_json

RECORD: Final = "location.json"
PORT: Final = 5432
SOCKET_LIMIT: Final = 100
"""The system allows 107 bytes for a socket's path, macOS 103."""
UNSAFE: Final = frozenset(",\"'`$\\")
"""pg_ctl hands paths to a shell, and libpq takes a comma for a list of hosts."""


def recorded_folder(place: Path) -> Path:
    """Return the recorded folder; by default `place` itself."""
    return Path(read_json(place / RECORD).get("folder", place))


def prepare_folder(place: Path, account: OsUser, private_root: Path | None) -> Path:
    """Choose and create the folder, under `private_root` if outside; raises PostgresUnavailable."""
    record, folder = read_json(place / RECORD), recorded_folder(place)
    if record.get("initialised") and not is_initialised(folder):
        raise PostgresUnavailable(
            message(
                "The database that {record} names is gone from {folder}. Bring the folder back, or "
                "delete {record} to begin with an empty database.",
                folder=folder,
                record=place / RECORD,
            )
        )
    if not record and not is_initialised(place) and not _is_usable_by(place, account):
        folder = _private_folder(account, private_root)
        # Written down before it is made, so that a kill in between leaves nothing forgotten.
        write_json(place / RECORD, {"folder": str(folder), "initialised": False})
    if folder != place:
        make_private(folder, account)
    if account.run("test", "-x", folder).returncode != 0:
        raise PostgresUnavailable(
            message(
                "User {user}, who runs the database server, cannot enter {folder}. Open the folders "
                "above it (chmod o+x) or move the project.",
                user=account.name,
                folder=folder,
            )
        )
    make_private(folder / "run", account)
    return folder


def is_initialised(folder: Path) -> bool:
    """True if the folder holds a complete cluster."""
    return (folder / "data" / "PG_VERSION").exists()


def record_initialised(place: Path, folder: Path) -> None:
    """Record that data exist outside `place`, to detect their loss; raises OSError."""
    if folder != place:
        write_json(place / RECORD, {"folder": str(folder), "initialised": True})


def socket_path(folder: Path) -> Path:
    """Return the server's socket in its folder."""
    return folder / "run" / f".s.PGSQL.{PORT}"


def make_private(folder: Path, account: OsUser) -> None:
    """Create a folder only the account can enter; raises PostgresUnavailable."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    is_ours = status.st_uid in (account.owner, os.geteuid()) and stat.S_ISDIR(status.st_mode)
    if not is_ours or status.st_mode & 0o077:
        raise PostgresUnavailable(
            message(
                "{folder} is not a folder that only user {user} can enter.",
                folder=folder,
                user=account.name,
            )
        )
    if status.st_uid != account.owner:
        account.own(folder)


def _private_folder(account: OsUser, root: Path | None) -> Path:
    """Choose a new folder; many systems empty /var/tmp of old files, so it is the last resort."""
    home = Path(os.environ.get("HOME", "/nonexistent"))
    homes = [home / ".local" / "share"] if account.uid is None and os.access(home, os.W_OK) else []
    system = [path for path in (Path("/var/lib"), Path("/var/tmp")) if os.access(path, os.W_OK)]
    name = f"salsa-postgres-{secrets.token_hex(6)}"
    folders = [path / name for path in ([root] if root else [*homes, *system])]
    return next((folder for folder in folders if _is_short(folder)), folders[-1])


def _is_short(folder: Path) -> bool:
    return len(os.fsencode(socket_path(folder))) <= SOCKET_LIMIT


def _is_usable_by(place: Path, account: OsUser) -> bool:
    """True if the account can have private folders here, by trying it."""
    if not _is_short(place) or not str(place).isprintable() or UNSAFE & set(str(place)):
        return False
    probe = Path(tempfile.mkdtemp(dir=place))
    try:
        account.own(probe)
        is_private = stat.S_IMODE(probe.stat().st_mode) == 0o700
        return is_private and account.run("test", "-w", probe).returncode == 0
    except OSError:
        return False
    finally:
        probe.rmdir()
