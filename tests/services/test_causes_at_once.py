"""What meets alerts is corrected while workers look at it: what was told last stands, whoever looks when."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from salsa_ext.clock import FixedClock
from salsa_ext.db import transaction
from salsa_ext.policy.rules import operator
from salsa_ext.services import hit_causes, hits, rematching
from tests import bodies
from tests.conftest import NOW
from tests.matches import correct
from tests.movements import Way, act, add

WAIT = 30
SERIALS = ("TKA52380", "TKA52390")
OTHER = bodies.firearm(serial="QWK77120")


def work(application, *states):
    """Let a worker look until nothing waits."""
    with application.app_context():
        for state in states:
            actor, count = operator(state, clock=FixedClock(NOW)), 1
            while count:
                with transaction(actor):
                    count = rematching.run(actor=actor)


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
def came(application, client):
    """Two guns that came to Bolivia, of which Paraguay seeks the second; a correction waits."""
    pry, way = client("PRY", "police_officer"), Way(client)
    pry.post("/alerts", bodies.alert(firearm=bodies.firearm(serial=SERIALS[1])))
    made = way.ship(*SERIALS)
    way.release(made)
    way.tick(made, "exit")
    add(way.bol, made, "receipt", **guns(*SERIALS), received_on="2026-03-05")
    work(application, "BRA", "BOL", "PRY")
    recount(way, made, *SERIALS)
    return pry, way, made


def guns(*serials):
    return {"items": [{"serial": serial} for serial in serials]}


def recount(way, made, *serials):
    said = guns(*serials) | {"received_on": "2026-03-06"}
    act(way.bol, made, "receipt/correct", reason="Miscounted", **said)


def became(client):
    [hit] = [one for one in client.get("/hits").json["items"] if one["cause"] == "receipt"]
    return hit["status"], hit["cause_changed"] and hit["cause_changed"]["status"]


def codes(client):
    return [one["code"] for one in client.get("/notifications").json["items"]]


def test_an_older_look_does_not_open_the_hit_of_a_gun_that_did_not_come(application, came, stopped):
    pry, way, made = came
    reached, go = stopped(hit_causes, "compare", lambda _, views, is_late: is_late and views)
    with ThreadPoolExecutor(1) as pool:
        older = pool.submit(work, application, "BOL")
        assert reached.wait(WAIT)
        recount(way, made, SERIALS[0])
        work(application, "BOL")
        assert became(pry) == ("ended", "withdrawn")
        go.set()
        older.result()
    assert became(pry) == ("ended", "withdrawn") and "hit_reopened" not in codes(pry)
    recount(way, made, *SERIALS)
    work(application, "BOL")
    assert became(pry) == ("open", "corrected") and "hit_reopened" in codes(pry)


def test_an_older_look_does_not_end_the_hit_of_a_gun_that_came_after_all(
    application, came, stopped
):
    pry, way, made = came
    work(application, "BOL")
    recount(way, made, SERIALS[0])
    reached, go = stopped(hit_causes, "withdrawn", lambda _, views, is_late: is_late and views)
    with ThreadPoolExecutor(1) as pool:
        older = pool.submit(work, application, "BOL")
        assert reached.wait(WAIT)
        recount(way, made, *SERIALS)
        work(application, "BOL")
        go.set()
        older.result()
    assert became(pry)[0] == "open" and "hit_cause_withdrawn" not in codes(pry)


MOMENTS = [("of_records", lambda actor, _: actor.state == "PRY"), ("_row", lambda *_: True)]
"""When the search for a new alert is done, and when its hit is about to be written."""


@pytest.mark.parametrize("name,counts", MOMENTS)
def test_a_hit_on_what_was_seized_before_its_alert_ends_by_a_correction_made_meanwhile(
    application, client, stopped, name, counts
):
    pry, bra = client("PRY", "police_officer"), client("BRA", "police_officer")
    seized = bra.post("/seizures", bodies.seizure()).json
    work(application, "BRA")
    pry.post("/alerts", bodies.alert())
    reached, go = stopped(hits, name, counts)
    with ThreadPoolExecutor(1) as pool:
        older = pool.submit(work, application, "PRY")
        assert reached.wait(WAIT)
        correct(bra, "seizures", seized, bodies.seizure(items=[OTHER], reason="Misread"))
        work(application, "BRA")
        go.set()
        older.result()
    work(application, "BRA")
    for one in (pry, bra):
        [hit] = one.get("/hits").json["items"]
        assert (hit["status"], hit["cause_changed"]["status"]) == ("ended", "corrected_away")
        assert "hit_cause_corrected_away" in codes(one)
