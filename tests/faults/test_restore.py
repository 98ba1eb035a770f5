"""The data directory is lost, and the database comes back as it was at a time."""

import json
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlalchemy import make_url

from api.server.embedded_database import DATABASE_NAME
from salsa_ext.database.postgres import folders
from salsa_ext.database.postgres.server import EmbeddedServer
from salsa_ext.sealed_log.row_comparison import read_note
from tests.conftest import FAST
from tests.faults.conftest import MARKER, Installed, copied, key_of, make_app
from tests.support import bodies
from tests.support.folders import open_folder

SHORTENED = "SELECT owner_state, data -> 'sealed' FROM audit_entry WHERE action = 'log:shortened'"
NAMED = "SELECT DISTINCT name FROM party WHERE name LIKE '%QVXMARK%' ORDER BY name"
SIZE = "SELECT max(size) FROM log_checkpoint WHERE state = 'PRY'"


def sell(home, server, word):
    """Record a sale between persons with words of their own."""
    person = {"name": f"QVXMARK {word}", "address": f"QVXMARK {word}", "kind": "individual"}
    sides = {side: person | {"country": "PRY"} for side in ("from", "to")}
    sale = bodies.transfer(number=word, **sides)
    with make_app(home, server) as app:
        sent = app.test_client().post("/api/v1/transfers", json=sale, headers=key_of(app))
    assert sent.status_code == 201


@pytest.fixture(scope="module")
def history(installed):
    """A lost database, its backups, and when the second of three acts was over."""
    with copied(installed) as home:
        installation = Installed(home)
        with EmbeddedServer(home, settings=FAST) as server:
            sell(home, server, "base")
            installation.write("ONE")
            accepted = installation.run("backup")
            assert "restored and compared" in accepted.output, accepted.output
            with installation.followed():
                sell(home, server, "log")
                installation.write("TWO")
                installation.ask("SELECT pg_switch_wal()")
                time.sleep(0.01)
                before = datetime.now(UTC)
                counts = installation.ask("SELECT count(*) FROM audit_entry")[0][0]
                size = installation.ask(SIZE)[0][0]
                installation.write("THREE")
                installation.ask("SELECT pg_switch_wal()")
                stored = installation.backups / "checkpoints.json"
                while f"PRY\n{size + 1}\n" not in json.loads(stored.read_text()).get("PRY", ""):
                    time.sleep(0.05)
        installation.lose_data()
        yield home, before, counts, size


@pytest.fixture
def lost(history):
    with copied(history[0]) as home:
        yield Installed(home)


def test_what_was_written_up_to_a_time_comes_back_and_the_log_names_what_is_missing(lost, history):
    _, before, counts, size = history
    restored = lost.run("restore", "--to", f"{before:%Y-%m-%dT%H:%M:%S.%f}")
    assert f"{counts:,} audit entries" in restored.output
    assert f"PRY: 1 acts are missing, entries {size} to {size} of its log" in restored.output
    assert lost.agencies() == {"ONE", "TWO"}
    assert lost.ask(SHORTENED) == [("PRY", size + 1)]
    assert "sealed logs, none went back" in lost.run("doctor").output  # it was recorded
    again = lost.run("restore")
    assert (again.exit_code, "is not overwritten" in again.output) == (1, True)


def test_all_comes_back_without_a_time(lost):
    listed = lost.run("backup", "list").output
    assert " MiB  verified 20" in listed and "Writes are stored up to 20" in listed
    restored = lost.run("restore")
    assert "No act is missing" in restored.output
    assert lost.agencies() == {"ONE", "TWO", "THREE"}
    assert lost.ask(SHORTENED) == []
    assert "are as they were written" in lost.run("audit", "compare").output


def test_a_time_after_the_last_write_is_refused_and_leaves_no_database(lost):
    refused = lost.run("restore", "--to", "2100-01-01T00:00")
    assert (refused.exit_code, "Nothing was written after that time" in refused.output) == (1, True)
    assert "No act is missing" in lost.run("restore").output


def test_a_lost_piece_of_the_log_is_named(lost):
    segments = sorted(lost.backups.glob("wal/*[0-9A-F].gz.age"))
    segments[1].unlink()
    refused = lost.run("restore")
    gap = f"has a gap after {segments[0].name.removesuffix('.gz.age')}"
    assert (refused.exit_code, gap in refused.output) == (1, True)
    assert "No act is missing" not in lost.run("restore", "--no-replay").output
    assert lost.agencies() == {"ONE"}


def test_a_log_that_began_after_the_backup_is_a_gap(lost):
    for segment in sorted(lost.backups.glob("wal/*[0-9A-F].gz.age"))[:2]:
        segment.unlink()
    refused = lost.run("restore")
    assert (refused.exit_code, "has a gap after" in refused.output) == (1, True)


def test_a_damaged_backup_is_refused(lost):
    [base] = lost.backups.glob("base-*.tar.gz.age")
    content = bytearray(base.read_bytes())
    content[len(content) // 2] ^= 1
    base.write_bytes(content)
    refused = lost.run("restore")
    assert (refused.exit_code, "cannot be read" in refused.output) == (1, True)


def test_another_key_reads_nothing(lost, tmp_path):
    refused = lost.run("restore", SALSA_BACKUP_KEY_FILE=str(tmp_path / "other.key"))
    assert (refused.exit_code, "of another key" in refused.output) == (1, True)


def test_nothing_of_the_records_is_in_the_backups_in_clear(history, lost):
    written = [path.read_bytes() for path in history[0].glob("backups/**/*") if path.is_file()]
    assert len(written) > 5
    words = (MARKER.encode(), b"QVXMARK", b"salsa_owner")
    assert not any(word in content for word in words for content in written)
    lost.run("restore")
    assert lost.ask(NAMED) == [(f"QVXMARK {word}",) for word in ("base", "log")]


def test_the_public_key_alone_takes_backups_and_restores_none(installed, tmp_path):
    public = tmp_path / "public.key"
    public.write_text("age1c7adnmn05ajd998tjky70d5jrm0ls884dyvgtu795eky86p2pg2sum9rm7\n")
    with copied(installed) as home:
        installation = Installed(home)
        accepted = installation.run("backup", SALSA_BACKUP_KEY_FILE=str(public))
        assert "not verified" in accepted.output
        installation.lose_data()
        refused = installation.run(
            "restore", "--without-master-key", SALSA_BACKUP_KEY_FILE=str(public)
        )
        assert (refused.exit_code, "Only the public key" in refused.output) == (1, True)


def test_a_database_that_was_brought_back_by_other_means_is_found_and_recorded(installed):
    with copied(installed) as home, EmbeddedServer(home, settings=FAST):
        installation = Installed(home)
        installation.write("ONE")
        note = installation.ask("SELECT note FROM log_checkpoint WHERE state = 'PRY'")[0][0]
        _, size, _ = read_note(note)
        later = note.replace(f"\n{size}\n", f"\n{size + 4}\n", 1)
        installation.backups.mkdir()
        (installation.backups / "checkpoints.json").write_text(json.dumps({"PRY": later}))
        found = installation.run("doctor")
        assert f"PRY: 4 acts are missing, entries {size} to {size + 3} of its log" in found.output
        assert "PRY: 4 acts are missing" in installation.run("audit", "record-loss").output
        assert "none went back" in installation.run("doctor").output
        assert installation.ask(SHORTENED) == [("PRY", size + 4)]


def test_a_server_of_yours_is_copied_by_a_role_of_its_own_and_restored_here(installed):
    with copied(installed) as home, open_folder() as other, EmbeddedServer(home) as server:
        theirs, ours = Installed(home), Installed(other)
        theirs.write("ONE")
        with closing(server.admin()) as admin, admin.cursor() as cursor:
            cursor.execute("CREATE ROLE copier LOGIN REPLICATION PASSWORD 'x'")
        copier = make_url(server.url("superuser", "postgres")).set(username="copier", password="x")
        urls = {
            "SALSA_DATABASE_URL": server.url("service", DATABASE_NAME),
            "SALSA_WORKER_URL": server.url("worker", DATABASE_NAME),
            "SALSA_MIGRATION_URL": server.url("owner", DATABASE_NAME),
            "SALSA_BACKUP_URL": copier.render_as_string(hide_password=False),
        }
        backed_up = ours.run("backup", **urls)
        assert "restored and compared" in backed_up.output
        restored = ours.run("restore", "--without-master-key", "--no-replay")
        assert "No act is missing" in restored.output
        assert ours.agencies() == {"ONE"}
        rules = (folders.recorded_folder(other / "postgres") / "data" / "pg_hba.conf").read_text()
        assert "trust" not in rules
