"""An alert that is cancelled during a hit ends with it, and the finder is notified."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from salsa_ext.alerts import hits
from salsa_ext.alerts.hits import _new_hit
from salsa_ext.database.session import db
from tests.support import bodies
from tests.support.jobs import jobs_to_idle
from tests.support.waits import WAITS


@pytest.fixture
def paused(monkeypatch):
    """Stop the job that follows a check before it writes the hit, until `go` is set."""
    reached, go, standing = threading.Event(), threading.Event(), _new_hit

    def row(*content):
        reached.set()
        go.wait(30)
        return standing(*content)

    monkeypatch.setattr(hits, "_new_hit", row)
    return reached, go


def test_the_holder_of_a_gun_is_notified_of_a_cancellation_during_the_hit(
    real_app, real_client, paused
):
    owner, asker = (
        replace(real_client(state, "police_officer"), background=False) for state in ("PRY", "BRA")
    )
    alert = f"/alerts/{owner.post('/alerts', bodies.alert()).json['id']}"
    assert asker.post("/checks", bodies.check()).json["hits"]
    reached, go = paused
    with ThreadPoolExecutor(2) as pool, real_app.app_context():
        worker = pool.submit(jobs_to_idle, real_app)
        assert reached.wait(30)
        cancel = pool.submit(owner.change, alert, "cancel", {"reason": "found"})
        while not (db.session.scalar(WAITS) or cancel.done()):
            time.sleep(0.02)
        go.set()
        worker.result()
        assert cancel.result().json["status"] == "cancelled"
    jobs_to_idle(real_app)
    [hit] = asker.get("/hits").json["items"]
    assert (hit["status"], hit["alert_ended"]["status"]) == ("ended", "cancelled")
    notices = [item["code"] for item in asker.get("/notifications").json["items"]]
    assert notices == ["hit_alert_cancelled"]
