"""The OS user that runs the server: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from salsa_ext.errors import say
from salsa_ext.postgres.errors import PostgresUnavailable

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """Whom the server runs as; `uid` and `gid` are None where that is the calling user."""

    name: str
    uid: int | None = None
    gid: int | None = None

    @property
    def groups(self) -> list[int] | None:
        """The supplementary groups: none, or those of the calling user."""
        return None if self.uid is None else []

    @property
    def owner(self) -> int:
        """The user id that the server's folders belong to."""
        return os.geteuid() if self.uid is None else self.uid

    def own(self, path: Path) -> None:
        """Give a file or folder that this package has just made to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command as the account, its errors among its output; raises OSError."""
        return subprocess.run(
            [str(word) for word in command],
            user=self.uid,
            group=self.gid,
            extra_groups=self.groups,
            cwd="/",
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )


def environment() -> dict[str, str]:
    """What the server may see of our environment: no PGDATA, no secrets of the service."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C"}


def server_account(data: Path) -> Account:
    """Choose the account: the caller unless that is root; raises PostgresUnavailable.

    A data folder that an ordinary user made stays with that user when root starts the server.
    """
    if os.geteuid() != 0:
        return Account(str(os.geteuid()))
    if data.is_dir() and (found := data.stat()).st_uid != 0:
        return Account(str(found.st_uid), found.st_uid, found.st_gid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise PostgresUnavailable(
        say(
            "PostgreSQL does not run as root, and there is neither a user postgres nor nobody. "
            "Make one (useradd --system postgres), or start the service as an ordinary user."
        )
    )
