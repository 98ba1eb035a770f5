"""Folders of the server's data and socket.

Inside the project if the server's OS user can work there, else in a private folder recorded in
`location.json`.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from salsa_ext.core.errors import PostgresUnavailable, message
from salsa_ext.database.postgres.cluster import OsUser
from salsa_ext.database.postgres.files import read_json, write_json

RECORD = "location.json"
PORT = 5432
# The system allows 107 bytes for a socket's path, macOS 103.
SOCKET_LIMIT = 100
SHORT_FOLDERS = (Path("/tmp"), Path("/var/tmp"))


@dataclass(frozen=True)
class Location:
    """Folder of data and copied programs, and folder of the socket."""

    folder: Path
    sockets: Path

    @property
    def data(self) -> Path:
        """Return PostgreSQL's data folder."""
        return self.folder / "data"


def read_location(place: Path) -> Location:
    """Return the recorded location; by default inside `place`."""
    record = read_json(place / RECORD) or {}
    folder = Path(record.get("folder", place))
    return Location(folder, Path(record.get("sockets", folder / "run")))


def prepare_location(place: Path, account: OsUser, private_root: Path | None) -> Location:
    """Choose and create the folders; record those outside `place`.

    Raises PostgresUnavailable if recorded data are missing or no folder suits the account.
    """
    record = read_json(place / RECORD) or {}
    folder = _choose_folder(place, record, account, private_root)
    location = Location(folder, _choose_sockets(folder, record, account))
    _write_record(place, location, is_initialised(location.data))
    return location


def is_initialised(data: Path) -> bool:
    """True if the data folder holds a complete cluster."""
    return (data / "PG_VERSION").exists()


def record_initialised(place: Path, location: Location) -> None:
    """Record that data exist, to detect their loss; raises OSError."""
    _write_record(place, location, True)


def _choose_folder(
    place: Path, record: dict[str, Any], account: OsUser, private_root: Path | None
) -> Path:
    if "folder" in record:
        return _recorded_folder(place, record, account)
    if is_initialised(place / "data"):
        require_access(place, account)
        return place
    if is_usable_by(place, account):
        return place
    return _new_folder(place, account, private_root or _persistent_root(account))


def _recorded_folder(place: Path, record: dict[str, Any], account: OsUser) -> Path:
    folder = Path(record["folder"])
    if record.get("initialised") and not is_initialised(folder / "data"):
        raise PostgresUnavailable(
            message(
                "The database that {record} names is gone from {folder}. Bring the folder back, or "
                "delete {record} to begin with an empty database.",
                folder=folder,
                record=place / RECORD,
            )
        )
    make_private(folder, account)
    return folder


def _new_folder(place: Path, account: OsUser, root: Path) -> Path:
    folder = root / f"salsa-postgres-{secrets.token_hex(6)}"
    # Written down before it is made, so that a kill in between leaves nothing forgotten.
    write_json(place / RECORD, {"folder": str(folder), "initialised": False})
    make_private(folder, account)
    require_access(folder, account)
    return folder


def _persistent_root(account: OsUser) -> Path:
    # Many systems empty /var/tmp of old files, which would eat a database: the last resort.
    home = Path(os.environ.get("HOME", "/nonexistent"))
    if account.uid is None and os.access(home, os.W_OK):
        return home / ".local" / "share"
    return next(path for path in (Path("/var/lib"), Path("/var/tmp")) if os.access(path, os.W_OK))


def _choose_sockets(folder: Path, record: dict[str, Any], account: OsUser) -> Path:
    inside = folder / "run"
    if _suits_socket(inside):
        make_private(inside, account)
        return inside
    if "sockets" in record:
        try:
            make_private(Path(record["sockets"]), account)
            return Path(record["sockets"])
        except PostgresUnavailable:
            pass  # another user took the name after a clean-up of /tmp
    return _new_sockets(account)


def _new_sockets(account: OsUser) -> Path:
    root = next(path for path in SHORT_FOLDERS if os.access(path, os.W_OK))
    sockets = Path(tempfile.mkdtemp(prefix="salsa-postgres-", dir=root))
    account.own(sockets)
    return sockets


def _suits_socket(sockets: Path) -> bool:
    # libpq takes a comma for a list of hosts, and the server a quote for the end of a name.
    size = len(os.fsencode(sockets / f".s.PGSQL.{PORT}"))
    return size <= SOCKET_LIMIT and str(sockets).isprintable() and not set(',"') & set(str(sockets))


def _write_record(place: Path, location: Location, initialised: bool) -> None:
    record: dict[str, Any] = {}
    if location.folder != place:
        record = {"folder": str(location.folder), "initialised": initialised}
    if location.sockets != location.folder / "run":
        record["sockets"] = str(location.sockets)
    if record != (read_json(place / RECORD) or {}):
        write_json(place / RECORD, record)


PATH_LIMIT = 700  # PostgreSQL allows 1023 bytes for the path of any of its files


def is_usable_by(place: Path, account: OsUser) -> bool:
    """True if the account can have private folders here, by trying it."""
    if len(os.fsencode(place)) > PATH_LIMIT or not str(place).isprintable():
        return False
    probe = Path(tempfile.mkdtemp(dir=place))
    try:
        account.own(probe)
        is_kept_private = stat.S_IMODE(probe.stat().st_mode) == 0o700
        return is_kept_private and account.run("test", "-w", probe).returncode == 0
    except OSError:
        return False
    finally:
        probe.rmdir()


def make_private(folder: Path, account: OsUser) -> None:
    """Create a folder only the account can enter; raises PostgresUnavailable."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    is_ours = found.st_uid in (account.owner, os.geteuid()) and stat.S_ISDIR(found.st_mode)
    if not is_ours or found.st_mode & 0o077:
        raise PostgresUnavailable(
            message(
                "{folder} is not a folder that only user {user} can enter.",
                folder=folder,
                user=account.name,
            )
        )
    if found.st_uid != account.owner:
        account.own(folder)


def require_access(folder: Path, account: OsUser) -> None:
    """Raise PostgresUnavailable if a parent folder is closed to the account."""
    if account.run("test", "-x", folder).returncode != 0:
        raise PostgresUnavailable(
            message(
                "User {user}, who runs the database server, cannot enter {folder}. Open the folders "
                "above it (chmod o+x) or move the project.",
                user=account.name,
                folder=folder,
            )
        )
