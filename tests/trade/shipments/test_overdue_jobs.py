"""Shipments that are woken at the same moment are locked in one order."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from uuid import UUID

import pytest
from sqlalchemy import select, text

from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from salsa_ext.trade.shipments import refresh
from salsa_ext.trade.shipments.models import Shipment
from tests.conftest import NOW
from tests.support import bodies
from tests.support.waits import WAITS

LATER = 4


@pytest.fixture
def bra():
    return operator("BRA", agency="BRA-TEST", clock=FixedClock(NOW))


@pytest.fixture
def shipped(real_client):
    """A shipment, and those that ship its gun again, by their ids."""
    exporter = real_client("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    path = f"/permits/{permit}/shipments"
    sent = [bodies.shipment(("ABC123456",), number=f"A-{number}") for number in range(LATER + 1)]
    earlier, *later = (UUID(exporter.post(path, body).json["id"]) for body in sent)
    return earlier, sorted(later)


def test_whoever_waits_for_the_first_holds_none_of_the_others(real_app, bra, shipped):
    earlier, (first, *others) = shipped
    with real_app.app_context(), transaction(bra):
        stand_last(first)
    with ThreadPoolExecutor(1) as pool:
        with real_app.app_context(), transaction(bra):
            lock(first)
            woken = pool.submit(wake, real_app, bra, earlier)
            assert comes(lambda: db.session.scalar(WAITS) == 1)
            for other in others:
                lock(other)
        woken.result()
    with real_app.app_context(), transaction(bra):
        again = select(Shipment.next_check_at).where(Shipment.id.in_([first, *others]))
        assert set(db.session.scalars(again)) == {NOW}


def stand_last(shipment_id):
    """Let a row be read last by who reads the table as it lies."""
    db.session.execute(
        text("UPDATE shipment SET next_check_at = NULL WHERE id = :id"), {"id": shipment_id}
    )


def lock(shipment_id):
    db.session.execute(
        select(Shipment.id).where(Shipment.id == shipment_id).with_for_update(nowait=True)
    )


def wake(real_app, actor, earlier):
    with real_app.app_context(), transaction(actor):
        for way in ("indexscan", "bitmapscan"):  # as many rows would be read, and not by their ids
            db.session.execute(text(f"SET LOCAL enable_{way} = off"))
        refresh.schedule_reshipments(actor, [db.session.get_one(Shipment, earlier)])


def comes(is_so):
    """Wait until something is so, ten seconds at most; tell whether it is."""
    end = monotonic() + 10
    while not is_so():
        if monotonic() > end:
            return False
        sleep(0.02)
    return True
