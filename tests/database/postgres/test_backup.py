"""What is stored of backups, and for how long."""

import json
import os
import threading
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from pyrage.x25519 import Identity

from salsa_ext.core.errors import NotConfigured
from salsa_ext.database.postgres import backup as backup_module
from salsa_ext.database.postgres.backup import NAMED, Backup, BackupFolder, BackupKey

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def backups(tmp_path):
    return BackupFolder(tmp_path, tmp_path / "backup.key")


@pytest.fixture
def add(backups):
    """Add a base backup and a piece of the log, both of so many days ago."""

    def write(days, *, verified):
        at = NOW - timedelta(days=days)
        backups.wal.mkdir(exist_ok=True)
        segment = backups.wal / f"{1000 - days:024}.gz.age"
        path = backups.folder / f"{at.strftime(NAMED)}.tar.gz.age"
        facts = {"ended_at": at.isoformat()} | ({"verified_at": at.isoformat()} if verified else {})
        for each, text in ((path, ""), (segment, ""), (facts_of(path), json.dumps(facts))):
            each.write_text(text)
            os.utime(each, (at.timestamp() + 60, at.timestamp() + 60))
        return path.name

    return write


def facts_of(path):
    return Backup(path, NOW, NOW, 0).facts


def left(backups):
    return [each.path.name for each in backups.list()], len(list(backups.wal.iterdir()))


def test_backups_older_than_the_setting_go_with_the_log_before_those_left(backups, add):
    add(50, verified=True)
    names = [add(20, verified=True), add(1, verified=True)]
    assert backups.prune(30) == 1
    assert left(backups) == (names, 2)


def test_the_newest_verified_backup_stays_however_old(backups, add):
    add(60, verified=True)
    names = [add(50, verified=True), add(40, verified=False)]
    assert backups.prune(30) == 1
    assert left(backups) == (names, 2)


def test_a_backup_before_a_time_is_chosen(backups, add):
    name = add(20, verified=True)
    add(1, verified=True)
    assert backups.choose(NOW - timedelta(days=5)).path.name == name
    with pytest.raises(NotConfigured):
        backups.choose(NOW - timedelta(days=30))


def test_a_piece_of_the_log_is_stored_again_once_more_is_written_to_it(backups, tmp_path):
    spool = tmp_path / "spool"
    spool.mkdir()
    piece = spool / f"{1:024}.partial"
    piece.write_bytes(b"first")
    old = NOW.timestamp() - 60
    os.utime(piece, (old, old))
    assert [backups.store_wal(spool), backups.store_wal(spool)] == [1, 0]
    piece.write_bytes(b"more")
    assert backups.store_wal(spool) == 1
    piece.rename(spool / f"{1:024}")
    assert backups.store_wal(spool) == 1
    assert [path.name for path in backups.wal.iterdir()] == [f"{1:024}.gz.age"]
    assert list(spool.iterdir()) == []


def test_a_text_that_is_no_key_is_refused(tmp_path):
    path = tmp_path / "backup.key"
    path.write_text("secret")
    with pytest.raises(NotConfigured):
        BackupKey.load(path)
    path.unlink()
    made = BackupKey.load(path)
    assert path.stat().st_mode & 0o077 == 0
    assert str(BackupKey.load(path).recipient) == str(made.recipient)


def test_a_new_first_key_encrypts_and_those_before_decrypt_still(tmp_path):
    path = tmp_path / "backup.key"
    old, new = Identity.generate(), Identity.generate()
    path.write_text(f"# created today\n{new}\n{old}\n")
    key = BackupKey.load(path)
    assert str(key.recipient) == str(new.to_public())
    assert [str(each) for each in key.secret()] == [str(new), str(old)]


def test_following_goes_on_when_the_server_ends_a_connection(backups, tmp_path, monkeypatch):
    stop, tries = threading.Event(), []

    def end(url):
        tries.append(url)
        if len(tries) == 2:
            stop.set()
        raise psycopg2.OperationalError("terminating connection")

    monkeypatch.setattr(backup_module, "_ensure_slot", end)
    backups.follow("postgresql://a@localhost/b", tmp_path / "spool", stop, 0.01, list)
    assert len(tries) == 2
