"""Whoever holds goods, or lets them go, finds it so: by a fast clock, and at one moment typed twice."""

import itertools
from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.errors import Conflict
from salsa_ext.database.session import transaction
from salsa_ext.trade.permits.values import StatusDecision
from salsa_ext.trade.shipments import checkpoints, holds
from salsa_ext.trade.shipments.values import CheckpointData
from tests.conftest import NOW
from tests.support import bodies
from tests.support.movements import Way
from tests.support.sizes import drawn

RUNS = itertools.count()
FEW = drawn(6, 40)
PACE = timedelta(seconds=20)
ORDERS = {"hold": holds.hold_shipment, "resume": holds.resume_shipment}
TICKS = st.tuples(st.sampled_from(["passed", "held", "refused"]), st.sampled_from([-1, 0, 0, 4]))
"""What became of the goods, and by how many minutes the clock of the device is fast."""
STEPS = st.lists(TICKS | st.sampled_from([*ORDERS]), min_size=2, max_size=6)


def do(step, shipment, now):
    """Tick the entry, to the minute, or give an order; returns the moment that counts, or None if refused."""
    actor = operator("BOL", "BOL-TEST", FixedClock(now))
    at = now
    try:
        with transaction(actor):
            if step in ORDERS:
                ORDERS[step](
                    actor=actor,
                    shipment_id=shipment,
                    expected_version=None,
                    data=StatusDecision("Scan"),
                )
            else:
                outcome, fast = step
                typed = (now + timedelta(minutes=fast)).replace(second=0)
                at = min(now, typed)
                data = CheckpointData("entry", typed, outcome, reason="Scan")
                checkpoints.record(actor=actor, shipment_id=shipment, data=data)
    except Conflict:
        return None
    return at


def hold_kinds(way, shipment):
    return {each["kind"] for each in way.read(shipment)["holds"]}


def agrees(step, found):
    """Tell whether a shipment is as the one left it who told the last of it."""
    if step == "resume":
        return not found & {"hold", "held"}
    if step == "hold":
        return "hold" in found
    return not found if step[0] == "passed" else step[0] in found


def test_the_last_report_counts(as_actor):
    way = Way(as_actor, lines=[bodies.permit()["lines"][0] | {"quantity": 10_000}])

    @FEW
    @given(STEPS)
    def counts(steps):
        made = way.ship(f"S{next(RUNS)}", number=f"A-{next(RUNS)}")
        way.release(made)
        last = NOW - timedelta(days=1)
        for turn, step in enumerate([("passed", 0), *steps]):
            at = do(step, UUID(made["id"]), NOW + turn * PACE)
            if at and at >= last:
                last = at
                assert agrees(step, hold_kinds(way, made)), (step, way.read(made)["holds"])

    counts()
