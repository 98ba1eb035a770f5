"""Pairs of states are locked before what they say is about, in one order: nobody waits in a circle."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from api import working
from salsa_ext.clock import FixedClock
from salsa_ext.db import as_state, db, transaction
from salsa_ext.messages import pairs
from salsa_ext.models import TraceRequest
from salsa_ext.policy.rules import operator
from salsa_ext.services import requests
from salsa_ext.values.requests import Acknowledging
from tests import bodies
from tests.conftest import NOW

WAITS = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'")
TRACE = text("SELECT id FROM trace FOR UPDATE NOWAIT")


@pytest.fixture
def pointer(client):
    """A sale in Paraguay of which others learn only that it is there."""
    client("PRY", "licensing_officer").post("/transfers", bodies.transfer(visibility="pointer"))


@contextmanager
def talking(application, one, other, *commands):
    """Keep two states from talking while commands begin, and until they wait."""
    with ThreadPoolExecutor(len(commands)) as pool, application.app_context():
        actor = operator(one, clock=FixedClock(NOW))
        with transaction(actor):
            pairs.lock(one, [other])
            begun = [pool.submit(command) for command in commands]
            while not db.session.scalar(WAITS) and not all(each.done() for each in begun):
                time.sleep(0.05)
            yield actor
        for each in begun:
            each.result()


def test_a_mark_holds_no_trace_while_it_waits_for_what_another_state_says(
    application, client, pointer
):
    police = client("BRA", "police_officer")
    made = police.post("/seizures", bodies.seizure()).json
    police.post("/traces", bodies.trace_of(made["id"]))

    def add():
        mark = {"kind": "proof", "text": "BM9", "method": "visual", "reason": "Seen"}
        police.post(f"/seizures/{made['id']}/items/1/marks", mark)

    with talking(application, "PRY", "BRA", add) as actor, as_state(actor, "BRA"):
        assert len(db.session.execute(TRACE).all()) == 1


def test_several_requests_are_acknowledged_in_one_order_of_the_asking_states(
    application, client, pointer
):
    for state in ("BRA", "ARG"):
        client(state, "trace_analyst").post("/traces", bodies.trace())

    def acknowledge():
        with application.app_context():
            actor = operator("PRY", "PRY-TEST", FixedClock(NOW))
            with transaction(actor):
                ids = db.session.scalars(db.select(TraceRequest.id)).all()
                vault = application.config["VAULT"]
                several = Acknowledging(ids)
                assert not requests.acknowledge_many(actor=actor, vault=vault, data=several).left

    with talking(application, "ARG", "PRY", acknowledge):
        assert pairs.try_lock("PRY", "BRA")


@pytest.fixture
def wants(client):
    def change(**settings):
        admin = client("BRA", "state_administrator")
        tag = admin.get("/settings").headers["ETag"]
        admin.post("/settings/change", settings, 200, If_Match=tag)

    return change


@pytest.mark.parametrize("action", ["grant", "decline"])
def test_what_a_former_partner_says_waits_for_nobody_while_it_holds_the_trace(
    application, client, wants, action
):
    former, named = client("PRY", "supervisor"), client("ARG", "supervisor")
    wants(trace_approval="partner", trace_approver="PRY")
    analyst = client("BRA", "trace_analyst")
    path = f"/traces/{analyst.post('/traces', bodies.trace()).json['id']}"
    wants(trace_approver="ARG")
    [asked] = former.get("/approvals").json["items"]

    def say():
        former.post(f"/approvals/{asked['id']}/{action}", {"text": "So"}, 200, If_Match='"1"')

    with talking(application, "ARG", "BRA", say) as actor, as_state(actor, "BRA"):
        assert len(db.session.execute(TRACE).all()) == 1
    with application.app_context():
        while working.delivered(FixedClock(NOW + timedelta(hours=1))):
            pass
    assert analyst.get(path).json["approval"]["state"] == "ARG"
    assert named.get("/approvals").json["items"][0]["status"] == "asked"


def test_a_correction_locks_who_is_told_of_it_with_who_approves(application, client, wants):
    police = client("BRA", "police_officer")
    made = police.post("/seizures", bodies.seizure()).json
    asking = client("ARG", "trace_analyst").post("/traces", bodies.trace()).json
    client("PRY", "supervisor")
    wants(trace_approval="partner", trace_approver="PRY")
    client("BRA", "trace_analyst").post("/traces", bodies.trace_of(made["id"]))

    def correct():
        body = bodies.seizure(items=[bodies.firearm(type="revolver")], reason="Read again")
        tag = police.get(f"/seizures/{made['id']}").headers["ETag"]
        police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match=tag)

    with talking(application, "ARG", "BRA", correct):
        assert pairs.try_lock("BRA", "PRY")
    result = client("ARG", "trace_analyst").get(f"/traces/{asking['id']}/result").json
    assert result["chain"][0]["corrected_at"]
