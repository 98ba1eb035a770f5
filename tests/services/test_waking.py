"""Shipments that are woken at the same moment are locked in one order."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from uuid import UUID

import pytest
from sqlalchemy import select, text

from salsa_ext.clock import FixedClock
from salsa_ext.db import db, transaction
from salsa_ext.models import Shipment
from salsa_ext.policy.rules import operator
from salsa_ext.services import reshipments
from tests import bodies
from tests.conftest import NOW

LATER = 4
WAITS = text("SELECT count(*) FROM pg_locks"
             " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")  # fmt: skip


@pytest.fixture
def bra():
    return operator("BRA", agency="BRA-TEST", clock=FixedClock(NOW))


@pytest.fixture
def shipped(client):
    """A shipment, and those that ship its gun again, by their ids."""
    exporter = client("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    path = f"/permits/{permit}/shipments"
    sent = [bodies.shipment(("ABC123456",), number=f"A-{number}") for number in range(LATER + 1)]
    earlier, *later = (UUID(exporter.post(path, body).json["id"]) for body in sent)
    return earlier, sorted(later)


def test_whoever_waits_for_the_first_holds_none_of_the_others(application, bra, shipped):
    earlier, (first, *others) = shipped
    with application.app_context(), transaction(bra):
        stand_last(first)
    with ThreadPoolExecutor(1) as pool:
        with application.app_context(), transaction(bra):
            lock(first)
            woken = pool.submit(wake, application, bra, earlier)
            assert comes(lambda: db.session.scalar(WAITS) == 1)
            for other in others:
                lock(other)
        woken.result()
    with application.app_context(), transaction(bra):
        again = select(Shipment.watch_at).where(Shipment.id.in_([first, *others]))
        assert set(db.session.scalars(again)) == {NOW}


def stand_last(shipment_id):
    """Let a row be read last by who reads the table as it lies."""
    db.session.execute(text("UPDATE shipment SET watch_at = NULL WHERE id = :id"),
                       {"id": shipment_id})  # fmt: skip


def lock(shipment_id):
    db.session.execute(select(Shipment.id).where(Shipment.id == shipment_id)
                       .with_for_update(nowait=True))  # fmt: skip


def wake(application, actor, earlier):
    with application.app_context(), transaction(actor):
        for way in ("indexscan", "bitmapscan"):  # as many rows would be read, and not by their ids
            db.session.execute(text(f"SET LOCAL enable_{way} = off"))
        reshipments.wake(actor, [db.session.get_one(Shipment, earlier)])


def comes(is_so):
    """Wait until something is so, ten seconds at most; tell whether it is."""
    end = monotonic() + 10
    while not is_so():
        if monotonic() > end:
            return False
        sleep(0.02)
    return True
