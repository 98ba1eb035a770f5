"""A record that meets an alert is corrected while a worker compares them: the correction holds."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from salsa_ext.alerts import hits
from tests.support import bodies, jobs
from tests.support.matches import correct

WAIT = 30
OTHER = bodies.firearm(serial="QWK77120")


def work(real_app):
    """Run jobs until nothing waits, as one of several workers."""
    with real_app.app_context():
        jobs.runner(real_app).run_to_idle()


@pytest.fixture
def stopped(monkeypatch):
    """Stop the first call of a function, if it is one that `counts`, until `go` is set."""

    def stop(module, name, counts=lambda *_, **__: True):
        reached, go, standing = threading.Event(), threading.Event(), getattr(module, name)

        def wait(*content, **more):
            if counts(*content, **more) and not reached.is_set():
                reached.set()
                go.wait(WAIT)
            return standing(*content, **more)

        monkeypatch.setattr(module, name, wait)
        return reached, go

    return stop


def codes(real_client):
    return [item["code"] for item in real_client.get("/notifications").json["items"]]


MOMENTS = [("match_records", lambda actor, _: actor.state == "PRY"), ("_new_hit", lambda *_: True)]
"""When the search for a new alert is done, and when its hit is about to be written."""


@pytest.mark.parametrize("name,counts", MOMENTS)
def test_a_hit_on_what_was_seized_before_its_alert_ends_by_a_correction_made_meanwhile(
    real_app, real_client, stopped, name, counts
):
    pry, bra = (
        replace(real_client(state, "police_officer"), background=False) for state in ("PRY", "BRA")
    )
    seized = bra.post("/seizures", bodies.seizure()).json
    work(real_app)
    pry.post("/alerts", bodies.alert())
    reached, go = stopped(hits, name, counts)
    with ThreadPoolExecutor(1) as pool:
        older = pool.submit(work, real_app)
        assert reached.wait(WAIT)
        correct(bra, "seizures", seized, bodies.seizure(items=[OTHER], reason="Misread"))
        work(real_app)
        go.set()
        older.result()
    work(real_app)
    for each in (pry, bra):
        [hit] = each.get("/hits").json["items"]
        assert (hit["status"], hit["cause_changed"]["status"]) == ("ended", "corrected_away")
        assert "hit_cause_corrected_away" in codes(each)
