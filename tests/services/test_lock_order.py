"""Pairs of states are locked before what they say is about, in one order: nobody waits in a circle."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import text

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
