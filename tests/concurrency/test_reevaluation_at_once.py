"""What meets alerts is corrected while workers look at it: what was told last stands, whoever looks when."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from salsa_ext.access.rules import operator
from salsa_ext.alerts import hits, reevaluation
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import transaction
from salsa_ext.matches import jobs as match_jobs
from tests.conftest import NOW
from tests.support import bodies
from tests.support.matches import correct
from tests.support.movements import Way, act, add

WAIT = 30
SERIALS = ("TKA52380", "TKA52390")
OTHER = bodies.firearm(serial="QWK77120")


def work(real_app, *states):
    """Let a worker look until nothing waits."""
    with real_app.app_context():
        for state in states:
            actor, count = operator(state, clock=FixedClock(NOW)), 1
            while count:
                with transaction(actor):
                    count = match_jobs.match_queued(actor=actor)


@pytest.fixture
def stopped(monkeypatch):
    """Stop the first call of a function, if it is one that `counts`, until `go` is set."""

    def stop(module, name, counts=lambda *_, **__: True):
        reached, go, standing = threading.Event(), threading.Event(), getattr(module, name)

        def wait(*said, **more):
            if counts(*said, **more) and not reached.is_set():
                reached.set()
                go.wait(WAIT)
            return standing(*said, **more)

        monkeypatch.setattr(module, name, wait)
        return reached, go

    return stop


@pytest.fixture
def came(real_app, real_client):
    """Two guns that came to Bolivia, of which Paraguay seeks the second; a correction waits."""
    pry, way = real_client("PRY", "police_officer"), Way(real_client)
    pry.post("/alerts", bodies.alert(firearm=bodies.firearm(serial=SERIALS[1])))
    made = way.ship(*SERIALS)
    way.release(made)
    way.tick(made, "exit")
    add(way.bol, made, "receipt", **guns(*SERIALS), received_on="2026-03-05")
    work(real_app, "BRA", "BOL", "PRY")
    recount(way, made, *SERIALS)
    return pry, way, made


def guns(*serials):
    return {"items": [{"serial": serial} for serial in serials]}


def recount(way, made, *serials):
    said = guns(*serials) | {"received_on": "2026-03-06"}
    act(way.bol, made, "receipt/correct", reason="Miscounted", **said)


def became(real_client):
    [hit] = [one for one in real_client.get("/hits").json["items"] if one["cause"] == "receipt"]
    return hit["status"], hit["cause_changed"] and hit["cause_changed"]["status"]


def codes(real_client):
    return [one["code"] for one in real_client.get("/notifications").json["items"]]


def test_an_older_look_does_not_open_the_hit_of_a_gun_that_did_not_come(real_app, came, stopped):
    pry, way, made = came
    reached, go = stopped(
        reevaluation, "reevaluate", lambda _, views, in_background: in_background and views
    )
    with ThreadPoolExecutor(1) as pool:
        older = pool.submit(work, real_app, "BOL")
        assert reached.wait(WAIT)
        recount(way, made, SERIALS[0])
        work(real_app, "BOL")
        assert became(pry) == ("ended", "withdrawn")
        go.set()
        older.result()
    assert became(pry) == ("ended", "withdrawn") and "hit_reopened" not in codes(pry)
    recount(way, made, *SERIALS)
    work(real_app, "BOL")
    assert became(pry) == ("open", "corrected") and "hit_reopened" in codes(pry)


def test_an_older_look_does_not_end_the_hit_of_a_gun_that_came_after_all(real_app, came, stopped):
    pry, way, made = came
    work(real_app, "BOL")
    recount(way, made, SERIALS[0])
    reached, go = stopped(
        reevaluation, "end_withdrawn", lambda _, views, in_background: in_background and views
    )
    with ThreadPoolExecutor(1) as pool:
        older = pool.submit(work, real_app, "BOL")
        assert reached.wait(WAIT)
        recount(way, made, *SERIALS)
        work(real_app, "BOL")
        go.set()
        older.result()
    assert became(pry)[0] == "open" and "hit_cause_withdrawn" not in codes(pry)


MOMENTS = [("match_records", lambda actor, _: actor.state == "PRY"), ("_new_hit", lambda *_: True)]
"""When the search for a new alert is done, and when its hit is about to be written."""


@pytest.mark.parametrize("name,counts", MOMENTS)
def test_a_hit_on_what_was_seized_before_its_alert_ends_by_a_correction_made_meanwhile(
    real_app, real_client, stopped, name, counts
):
    pry, bra = real_client("PRY", "police_officer"), real_client("BRA", "police_officer")
    seized = bra.post("/seizures", bodies.seizure()).json
    work(real_app, "BRA")
    pry.post("/alerts", bodies.alert())
    reached, go = stopped(hits, name, counts)
    with ThreadPoolExecutor(1) as pool:
        older = pool.submit(work, real_app, "PRY")
        assert reached.wait(WAIT)
        correct(bra, "seizures", seized, bodies.seizure(items=[OTHER], reason="Misread"))
        work(real_app, "BRA")
        go.set()
        older.result()
    work(real_app, "BRA")
    for one in (pry, bra):
        [hit] = one.get("/hits").json["items"]
        assert (hit["status"], hit["cause_changed"]["status"]) == ("ended", "corrected_away")
        assert "hit_cause_corrected_away" in codes(one)
