"""Operators see the depth and age of each job, and what it set aside."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from api.http import monitoring
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.ids import new_id
from salsa_ext.database.postgres.backup import BackupFolder
from salsa_ext.jobs.runner import ChangeJob
from salsa_ext.jobs.status import JobStatus, read_status
from tests.support import bodies, jobs


def fail(actor, changes):
    raise ValueError


IDLE = ChangeJob("idle", ("consent",), fail)
BROKEN = ChangeJob("broken", ("report",), fail)


@pytest.fixture
def report(as_actor):
    as_actor("PRY", "police_officer").post("/reports", bodies.report())


def test_what_waits_has_a_depth_and_an_age(app, report):
    broken, envelopes, idle, numbering, _ = read_status([BROKEN, IDLE])
    assert (broken, envelopes, idle) == tuple(
        JobStatus(code, 0, None) for code in ("broken", "envelopes", "idle")
    )
    written = datetime.fromtimestamp((new_id().int >> 80) / 1000, UTC)
    assert numbering.depth == 1 and numbering.oldest <= written
    jobs.runner(app, []).run_to_idle()
    broken, _, idle, numbering, _ = read_status([BROKEN, IDLE])
    assert (broken.depth, idle.depth, numbering.depth) == (1, 0, 0)
    assert broken.age(broken.oldest + timedelta(seconds=9)) == 9


def test_what_is_set_aside_is_counted_and_waits_no_more(app, report):
    jobs.runner(app, [BROKEN]).run_to_idle()
    assert read_status([BROKEN])[0] == JobStatus("broken", 0, None, set_aside=1)


def test_metrics_tell_how_old_the_newest_backup_is(app, tmp_path, monkeypatch):
    at = (SYSTEM_CLOCK.now() - timedelta(hours=1)).isoformat()
    (tmp_path / "base-20260309T150000Z.tar.gz.age").touch()
    facts = {"ended_at": at, "verified_at": at}
    (tmp_path / "base-20260309T150000Z.json").write_text(json.dumps(facts))
    monkeypatch.setitem(app.config, "BACKUPS", BackupFolder(tmp_path, tmp_path / "key"))
    metrics = app.test_client().get("/metrics").get_data(as_text=True)
    [age] = re.findall(r'salsa_backup_age_seconds\{of="base"\} (\S+)', metrics)
    assert float(age) > 3600


def test_a_service_that_is_ready_tells_whether_its_jobs_are_late(app, report, monkeypatch):
    monkeypatch.setattr(monitoring, "JOBS", (BROKEN,))
    monkeypatch.setattr("salsa_ext.jobs.status.LATE_SECONDS", 0)
    client = app.test_client()
    client.background = False
    assert client.get("/readyz").json["jobs"] == "late"
    jobs.runner(app, [BROKEN]).run_to_idle()
    jobs.run_due(app, "sealing")
    assert client.get("/readyz").json["jobs"] == "on_time"


def test_metrics_tell_what_waits(app, report, monkeypatch):
    monkeypatch.setattr(monitoring, "JOBS", (BROKEN,))
    jobs.runner(app, [BROKEN]).run_to_idle()
    metrics = app.test_client().get("/metrics").get_data(as_text=True)
    assert 'salsa_job_set_aside{job="broken"} 1.0' in metrics
    assert 'salsa_job_depth{job="numbering"} 0.0' in metrics
