"""However often a receipt is corrected, all is as if the last version had been the first."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import bodies
from tests.support.movements import Way, act, add
from tests.support.sizes import drawn

FEW = drawn(3, 8)
GUNS = ("KLMN10", "PQRT22", "VWXY35", "ABDE47")
"""Endings of serials so unlike that none is mis-keyed for another."""
READ = st.sampled_from([*GUNS, "KLMN1O", "PQRT23", "STRANGE"])
LISTS = st.lists(st.lists(READ, unique=True, max_size=5), min_size=2, max_size=4)
RUNS = itertools.count(100)


@pytest.fixture
def way(as_actor):
    return Way(as_actor, lines=[bodies.permit()["lines"][0] | {"quantity": 10_000}])


@FEW
@given(lists=LISTS)
def test_the_last_receipt_counts_alone(way, lists):
    corrected, fresh = sent(way), sent(way)
    receive(way, corrected, lists[0])
    for number, read in enumerate(lists[1:]):
        receive(way, corrected, read, "receipt/correct", reason=f"Counted again ({number})")
    receive(way, fresh, lists[-1])
    assert outcome_of(way, corrected) == outcome_of(way, fresh)


def sent(way):
    """Ship four guns of a run of its own, and let them leave; returns the prefix too."""
    run = f"R{next(RUNS)}X"
    made = way.ship(*(run + gun for gun in GUNS), number=run)
    way.release(made)
    way.tick(made, "exit")
    return run, made


def receive(way, shipment, read, name="receipt", **more):
    run, made = shipment
    body = {"received_on": "2026-03-05", "confirm_nothing_matches": True, **more}
    body |= {"items": [{"serial": run + each} for each in read]} if read else {"all": True}
    (act if "correct" in name else add)(way.bol, made, name, **body)


def outcome_of(way, shipment):
    """Return what follows from a receipt, without what tells one run from another."""
    run, made = shipment
    view, doubts = way.read(made), way.bol.get(f"/discrepancies?number={run}").json["items"]
    receipt = {
        name: view["receipt"][name]
        for name in ("item_count", "missing", "unexpected", "misread", "received_on")
    }
    open_ones = sorted((row["kind"], row["key"]) for row in doubts if row["status"] != "resolved")
    hold = [ending for ending in (*GUNS, "KLMN1O", "PQRT23") if is_held(way, run + ending)]
    return str((view["status"], receipt, open_ones, hold)).replace(run, "")


def is_held(way, serial):
    """Return whether a record of import has a serial; an old mark leads to another one."""
    police = way.client("BOL", "police_officer")
    found = police.post("/checks", bodies.check(serial=serial, make="Taurus")).json["candidates"]
    own = [each["record"] for each in found if (each["state"], each["event"]) == ("BOL", "import")]
    return serial in [police.get(f"/records/{record}").json["serial"] for record in own]
