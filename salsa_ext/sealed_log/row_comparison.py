"""Whether the database still holds what acts wrote, and whether it went back."""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Connection, Table, create_engine, func, pool, select, text

from salsa_ext.access.audit import WRITTEN_KEY, AuditEvent, append, stored_text
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import AuditEntry
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotConfigured, message
from salsa_ext.core.log_verifier import ORIGIN, hash_leaf, hash_rows
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.encrypted_columns import TextVault, set_vault
from salsa_ext.database.postgres.backup import connect
from salsa_ext.database.private_files import write_json
from salsa_ext.database.written_rows import WrittenText, sealed_models, texts_of

BATCH: Final = 2_000
PERSONAL: Final = "party/"
"""Rows that no file gets, since files are not erased."""
_STATES: Final = text("SELECT state FROM log_leaf UNION SELECT state FROM log_new ORDER BY 1")
_LEAVES: Final = text(
    "SELECT entry_id, leaf, position FROM ("
    " SELECT state, position, entry_id, leaf FROM log_leaf"
    " UNION ALL SELECT state, NULL, entry_id, leaf FROM log_new"
    ") AS leaves WHERE state = :state ORDER BY position"
)
_AMENDMENTS: Final = text(
    "SELECT jsonb_object_keys(data -> 'written'), id FROM audit_entry"
    " WHERE action IN ('permit:amended', 'permit:approved', 'shipment:amended') ORDER BY at, id"
)
_ERASURES: Final = text("SELECT owner_state, at FROM audit_entry WHERE action = 'person:erased'")
ERASED_WITHIN: Final = timedelta(minutes=5)
"""Between the time of an erased row and that of its audit entry."""
Line = list[str | bool | None] | None


class Comparison:
    """Counts of entries and rows compared, and sentences on what is not as it was written."""

    def __init__(self, connection: Connection) -> None:
        self.entries = self.rows = self.erased = 0
        self.problems: list[str] = []
        self._connection = connection
        self._rows_of_table: Counter[str] = Counter()
        self._erased: set[str] = set()
        self._newest: dict[str, UUID] = dict(map(tuple, connection.execute(_AMENDMENTS)))
        self._erasures = connection.execute(_ERASURES).all()

    def compare_state(self, state: str) -> Iterator[Line]:
        """Yield for each sealed entry the texts of its rows, in the order of their keys.

        None for rows that are gone or personal, False for one that a later act changed.
        """
        leaves = self._connection.execute(_LEAVES, {"state": state})
        for some in leaves.partitions(BATCH):
            ids = [leaf.entry_id for leaf in some]
            query = select(AuditEntry.__table__).where(is_any_of(AuditEntry.id, ids))
            entries = {row.id: row for row in self._connection.execute(query)}
            hashes = {key: _hashes(entry) for key, entry in entries.items()}
            texts = self._read_texts({key for each in hashes.values() for key in each})
            for entry_id, leaf, position in some:
                self.entries += 1
                line: Line = None
                if (entry := entries.get(entry_id)) and _is_as_sealed(entry, bytes(leaf)):
                    pairs = sorted(hashes[entry_id].items())
                    line = [self._compare(entry, key, its, texts.get(key)) for key, its in pairs]
                else:
                    self.problems.append(
                        f"{state}: audit entry {entry_id} is not as it was sealed."
                    )
                if position is not None:
                    yield line

    def _compare(
        self, entry: Any, key: str, its_hash: str, written: WrittenText | None
    ) -> str | bool | None:
        if self._newest.get(key, entry.id) != entry.id:
            return False
        is_personal = key.startswith(PERSONAL)
        if written is None:
            self._add_problem(entry, f"{key} is gone")
            return None
        self.rows += 1
        self._rows_of_table.update(line.partition(" ")[0] for line in written.text.split("\n"))
        salt = written.salt if is_personal else entry.salt
        if salt is None and key in self._erased:
            self.erased += 1
        elif salt is None or hash_rows(salt, written.text) != its_hash:
            self._add_problem(entry, f"{key} is not as it was written")
        return None if is_personal else written.text

    def _add_problem(self, entry: Any, what: str) -> None:
        act = f"{entry.action} of {entry.subject_id}, {entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        self.problems.append(f"{entry.owner_state}: {what} ({act} UTC).")

    def _read_texts(self, keys: Iterable[str]) -> dict[str, WrittenText]:
        """Return what the database holds under the keys, asking once for each table."""
        ids: dict[str, set[UUID]] = defaultdict(set)
        for key in keys:
            word, first, *_ = key.split("/")
            ids[word].add(UUID(first))
        parts: list[tuple[Any, Sequence[Mapping[str, Any]]]] = []
        for model in sealed_models():
            word, first, *_ = model.seal_key
            if word in ids:
                table = cast(Table, model.__table__)
                query = select(table).where(is_any_of(table.columns[first], ids[word]))
                rows = [dict(row._mapping) for row in self._connection.execute(query)]
                parts += [(model, rows)] if rows else []
        self._erased = {
            f"party/{row['id']}"
            for model, rows in parts
            for row in rows
            if row.get("erased_at") and self._is_erased(model.__table__, row)
        }
        return texts_of(parts)

    def _is_erased(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Return whether a row without a salt has no personal value, and its erasure an entry."""
        direct = [each.name for each in table.columns if each.info.get("pii") == "direct"]
        return all(row[name] is None for name in direct) and any(
            state == row["owner_state"] and abs(at - row["erased_at"]) < ERASED_WITHIN
            for state, at in self._erasures
        )

    def count_others(self) -> None:
        """Name rows that no act of the logs wrote, and entries that are in no log."""
        entries = select(func.count()).select_from(AuditEntry)
        if others := max((self._connection.scalar(entries) or 0) - self.entries, 0):
            self.problems.append(f"{others} audit entries are in no log.")
        for model in sealed_models():
            table = cast(Table, model.__table__)
            count = self._connection.scalar(select(func.count()).select_from(table)) or 0
            if others := max(count - self._rows_of_table[table.name], 0):
                self.problems.append(f"{others} rows of {table.name} were written by no act.")


def compare_rows(url: str, vault: TextVault, export: Path | None = None) -> Comparison:
    """Compare the rows of all states with what their logs hold; the role has to read all.

    `vault` opens encrypted columns. `export` is a folder that gets a file for each state, for the
    offline verifier.
    """
    engine = create_engine(url, poolclass=pool.NullPool)
    set_vault(engine, vault)
    with engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", yield_per=BATCH)
        result = Comparison(connection)
        for state in connection.scalars(_STATES).all():
            lines = result.compare_state(state)
            if export is None:
                sum(1 for _ in lines)
                continue
            with gzip.open(export / f"{state}-rows.jsonl.gz", "wt", compresslevel=1) as file:
                file.writelines(f"{json.dumps(line)}\n" for line in lines)
        result.count_others()
    return result


def _hashes(entry: Any) -> Mapping[str, str]:
    """Return the hashes of the rows that an act wrote, by key."""
    hashes: Mapping[str, str] = entry.data.get(WRITTEN_KEY, {})
    return hashes


def _is_as_sealed(entry: Any, leaf: bytes) -> bool:
    return entry.salt is not None and hash_leaf(entry.salt, stored_text(entry)) == leaf


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
    """The latest checkpoint of each state, stored with the backups."""

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
