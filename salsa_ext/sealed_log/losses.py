"""Whether the database went back: its logs compared with checkpoints of before."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotConfigured, message
from salsa_ext.core.log_verifier import ORIGIN
from salsa_ext.database.postgres.backup import connect
from salsa_ext.database.private_files import write_json

_LATEST: Final = (
    "SELECT DISTINCT ON (state) state, size, note FROM log_checkpoint ORDER BY state, size DESC"
)
_SAME_SIZE: Final = "SELECT note FROM log_checkpoint WHERE state = %s AND size = %s"
_LAST_ENTRY: Final = """
SELECT max(e.at) FROM log_leaf AS l JOIN audit_entry AS e ON e.id = l.entry_id
WHERE l.state = %s AND l.position >= %s
"""
_RECENT: Final = 100
"""Leaves among which the last entry is looked for: concurrent ones are not in order of time."""


@dataclass(frozen=True)
class Loss:
    """What the log of a state lost: the entries from `size` to before `sealed`, `since` a time.

    If `size` is no less, the log was continued after it went back, and how many are lost is unknown.
    """

    state: str
    size: int
    sealed: int
    since: datetime | None

    def __str__(self) -> str:
        """Return it in words."""
        time = f" {self.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if self.since else " ever"
        if self.size < self.sealed:
            missing = f"{self.sealed - self.size} acts are missing, entries {self.size} to"
            return f"{self.state}: {missing} {self.sealed - 1} of its log, written since{time}"
        return (
            f"{self.state}: its log is another than that of its checkpoint of {self.sealed} entries"
        )


def read_note(note: str) -> tuple[str, int, str]:
    """Return state, size and root of a checkpoint; raises NotConfigured for another text."""
    try:
        origin, size, root, *_ = note.split("\n")
        return origin.removeprefix(ORIGIN), int(size), root
    except ValueError:
        raise NotConfigured(
            message("This is no checkpoint of a log. Give a file that was handed out.")
        ) from None


def find_losses(url: str, notes: Iterable[str]) -> list[Loss]:
    """Return what the logs lost of those checkpoints; the role has to read all states'."""
    losses = []
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(_LATEST)
        sizes = {state: size for state, size, _ in cursor.fetchall()}
        for state, sealed, root in map(read_note, notes):
            cursor.execute(_SAME_SIZE, (state, sealed))
            same = cursor.fetchone()
            if same is None or read_note(same[0])[2] != root:
                size = sizes.get(state, 0)
                cursor.execute(_LAST_ENTRY, (state, size - _RECENT))
                losses.append(Loss(state, size, sealed, cursor.fetchone()[0]))
    return losses


class CheckpointFile:
    """The latest checkpoint of each state, beside the backups."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "checkpoints.json"

    def losses(self, url: str) -> list[Loss]:
        """Return what the database lost of what the file knows."""
        return find_losses(url, self._read().values())

    def update(self, url: str) -> list[Loss]:
        """Store the checkpoints of now, but of states that lost some; return what they lost."""
        before, losses = self._read(), self.losses(url)
        behind = {loss.state for loss in losses}
        with closing(connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(_LATEST)
            now = {state: note for state, _, note in cursor.fetchall() if state not in behind}
        if before != before | now:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_json(self.path, before | now)
        return losses

    def begin_anew(self, url: str) -> None:
        """Put the file away under another name, and store the checkpoints of now."""
        if self.path.exists():
            self.path.rename(self.path.with_suffix(f".{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"))
        self.update(url)

    def _read(self) -> dict[str, Any]:
        return json.loads(self.path.read_text()) if self.path.exists() else {}


def record_loss(actor: Actor, loss: Loss) -> None:
    """Append to the state's audit which entries of its log are missing."""
    require(actor, Permission.ACCOUNT_MANAGE)
    since = loss.since and loss.since.isoformat()
    data = {"size": loss.size, "sealed": loss.sealed, "since": since}
    append(
        actor,
        AuditEvent(Action.LOG_SHORTENED, "log", loss.state, loss.state, data=data, of_state=True),
    )
